#include "dataplane/proxy/framing.hpp"

namespace pintle::proxy {
namespace {

iovec piece_of(std::string_view text) noexcept { return {const_cast<char*>(text.data()), text.size()}; }

/// "0\r\n", trailer lines, empty line; without trailers the constant is used and nothing is allocated.
std::string with_trailers(const http::HeaderView& trailers) {
  std::string out(http1::last_chunk_open);
  for (const http::Field& field : trailers.fields) {
    out += trailers.name(field);
    out += ": ";
    out += trailers.value(field);
    out += "\r\n";
  }
  out += "\r\n";
  return out;
}

}  // namespace

std::size_t Framing::frame(http::BodyKind kind, std::span<const char> payload, Position position,
                           const http::HeaderView& trailers, std::span<iovec, max_pieces> pieces, std::size_t at) {
  const std::string_view bytes(payload.data(), payload.size());
  if (kind != http::BodyKind::Chunked) {
    if (bytes.empty()) return at;
    // A small body came with its head, in one read: they leave as one piece.
    if (at > 0 && static_cast<const char*>(pieces[at - 1].iov_base) + pieces[at - 1].iov_len == bytes.data())
      pieces[at - 1].iov_len += bytes.size();
    else
      pieces[at++] = piece_of(bytes);
    return at;
  }
  if (!bytes.empty()) {
    header_ = http1::ChunkHeader(bytes.size());
    pieces[at++] = piece_of(header_.view());
    pieces[at++] = piece_of(bytes);
    pieces[at++] = piece_of(http1::chunk_end);
  }
  if (position == Position::Middle) return at;
  if (trailers.fields.empty()) {
    pieces[at++] = piece_of(http1::last_chunk);
  } else {
    end_ = with_trailers(trailers);
    pieces[at++] = piece_of(end_);
  }
  return at;
}

}  // namespace pintle::proxy
