#include "dataplane/http2/frames.hpp"

#include "dataplane/http2/stream.hpp"

namespace pintle::http2 {
namespace {

using http::HeaderId;

/// RFC 9113 section 8.2.2, and what stands in a pseudo-field.
bool is_of_connection(HeaderId id) noexcept {
  switch (id) {
    case HeaderId::Host:
    case HeaderId::Connection:
    case HeaderId::KeepAlive:
    case HeaderId::ProxyConnection:
    case HeaderId::TransferEncoding:
    case HeaderId::Upgrade:
    case HeaderId::SecWebSocketAccept:
      return true;
    default:
      return false;
  }
}

ssize_t on_read(nghttp2_session* /*session*/, std::int32_t /*id*/, std::uint8_t* buffer, std::size_t length,
                std::uint32_t* flags, nghttp2_data_source* source, void* /*user*/);

nghttp2_data_provider provider_of(Stream* stream) noexcept {
  nghttp2_data_provider provider;
  provider.source.ptr = stream;
  provider.read_callback = on_read;
  return provider;
}

}  // namespace

struct FrameSource {
  static ssize_t fill(Stream& stream, std::span<char> frame, std::uint32_t& flags) {
    const std::optional<std::size_t> count = stream.fill(frame, flags);
    return count ? static_cast<ssize_t>(*count) : NGHTTP2_ERR_DEFERRED;
  }
};

namespace {

ssize_t on_read(nghttp2_session* /*session*/, std::int32_t /*id*/, std::uint8_t* buffer, std::size_t length,
                std::uint32_t* flags, nghttp2_data_source* source, void* /*user*/) {
  return FrameSource::fill(*static_cast<Stream*>(source->ptr), {reinterpret_cast<char*>(buffer), length}, *flags);
}

}  // namespace

void Frames::add(std::string_view name, std::string_view value) noexcept {
  if (count_ == fields_.size()) return;
  auto* const name_bytes = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
  auto* const value_bytes = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
  fields_[count_++] = {name_bytes, value_bytes, name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

void Frames::add_status(std::uint16_t status) noexcept {
  if (status == 101) status = 200;
  digits_ = {static_cast<char>('0' + status / 100), static_cast<char>('0' + status / 10 % 10),
             static_cast<char>('0' + status % 10)};
  add(":status", {digits_.data(), digits_.size()});
}

void Frames::add_request(const http::RequestHead& head, std::string_view scheme) noexcept {
  add(":method", head.method_text);
  add_place(head, scheme);
}

void Frames::add_websocket(const http::RequestHead& head, std::string_view scheme) noexcept {
  add(":method", "CONNECT");
  add(":protocol", "websocket");
  add_place(head, scheme);
  for (const http::Field& field : head.headers.fields)
    if (!is_of_connection(field.id) && field.id != http::HeaderId::SecWebSocketKey)
      add(head.headers.name(field), head.headers.value(field));
}

void Frames::add_place(const http::RequestHead& head, std::string_view scheme) noexcept {
  add(":scheme", scheme);
  add(":authority", head.authority_text);
  add(":path", head.target);
}

void Frames::add_fields(const http::HeaderView& fields) noexcept {
  for (const http::Field& field : fields.fields) {
    if (is_of_connection(field.id)) continue;
    add(fields.name(field), fields.value(field));
  }
}

bool Frames::submit_headers(std::int32_t id) noexcept {
  return nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, id, nullptr, fields_.data(), count_, nullptr) == 0;
}

bool Frames::submit_trailers(std::int32_t id) noexcept {
  return nghttp2_submit_trailer(session_, id, fields_.data(), count_) == 0;
}

bool Frames::submit_response(std::int32_t id, Stream* body) noexcept {
  const nghttp2_data_provider provider = provider_of(body);
  return nghttp2_submit_response(session_, id, fields_.data(), count_, body == nullptr ? nullptr : &provider) == 0;
}

std::int32_t Frames::submit_request(Stream* body, Stream* stream) noexcept {
  const nghttp2_data_provider provider = provider_of(body);
  return nghttp2_submit_request(session_, nullptr, fields_.data(), count_, body == nullptr ? nullptr : &provider,
                                stream);
}

}  // namespace pintle::http2
