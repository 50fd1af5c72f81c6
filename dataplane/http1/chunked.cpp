#include "dataplane/http1/chunked.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include <pintle/http/connection_field.hpp>

#include "dataplane/http1/field_values.hpp"
#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {
namespace {

constexpr std::uint64_t max_chunk = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
constexpr std::uint8_t max_digits = 16;  // req 8

std::uint8_t hex_digit(unsigned char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  const unsigned folded = c | 0x20U;
  if (folded >= 'a' && folded <= 'f') return static_cast<std::uint8_t>(folded - 'a' + 10);
  return 0xFF;
}
bool is_blank(unsigned char c) noexcept { return c == ' ' || c == '\t'; }

/// RFC 9110 section 5.6.4, inside the quotes and not '"' or '\'.
bool is_quoted_text(unsigned char c) noexcept { return c == '\t' || (c >= 0x20 && c != 0x7F); }

http::Refusal bad_chunk(std::string_view detail) noexcept { return http::bad_request(8, detail); }
http::Refusal bad_extension() noexcept { return http::bad_request(9, "malformed chunk extension"); }

/// req 10: what a trailer may never say.
bool is_dropped_trailer(http::HeaderId id, std::string_view name) noexcept {
  if (is_protected_field(id) || http::is_connection_field(id)) return true;
  switch (id) {
    case http::HeaderId::ProxyAuthenticate:
    case http::HeaderId::ProxyAuthorization:
    case http::HeaderId::Expect:
    case http::HeaderId::ContentType:
    case http::HeaderId::ContentEncoding:
    case http::HeaderId::Location:
      return true;
    default:
      break;
  }
  if (name.find('_') != std::string_view::npos) return true;
  const auto starts_with = [name](std::string_view prefix) {
    return name.size() >= prefix.size() && http::name_equals(name.substr(0, prefix.size()), prefix);
  };
  const auto is = [name](std::string_view other) { return http::name_equals(name, other); };
  return starts_with("content-") || starts_with("x-forwarded-") || is("www-authenticate") || is("cache-control") ||
         is("max-forwards") || is("range") || is("proxy") || is("age") || is("vary") || is("expires") || is("pragma");
}

}  // namespace

struct ChunkedDecoder::Trailers {
  std::vector<char> bytes;
  std::vector<http::Field> fields;  // those that are kept
  std::size_t line = 0;             // start of the line being read
  std::uint32_t count = 0;          // dropped ones included
};

ChunkedDecoder::ChunkedDecoder(const ChunkLimits& limits) noexcept : limits_(limits) {}
ChunkedDecoder::~ChunkedDecoder() = default;
ChunkedDecoder::ChunkedDecoder(ChunkedDecoder&&) noexcept = default;
ChunkedDecoder& ChunkedDecoder::operator=(ChunkedDecoder&&) noexcept = default;

void ChunkedDecoder::reset() noexcept {
  state_ = State::SizeFirst;
  digits_ = 0;
  line_ = 0;
  remaining_ = data_ = framing_ = 0;
  trailers_.reset();
}

http::HeaderView ChunkedDecoder::trailers() const noexcept {
  if (trailers_ == nullptr) return {};
  return {.base = trailers_->bytes.data(), .fields = trailers_->fields};
}

ChunkStep ChunkedDecoder::step(std::span<const char> input) noexcept {
  if (state_ == State::Refused) return {.progress = ChunkProgress::Refused, .refusal = bad_chunk("refused before")};
  std::size_t used = 0;
  while (used < input.size() && state_ != State::Done) {
    if (state_ == State::Payload) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size() - used));
      remaining_ -= length;
      data_ += length;
      if (remaining_ == 0) state_ = State::PayloadCr;
      return {.progress = ChunkProgress::Data, .consumed = used + length, .data = input.subspan(used, length)};
    }
    const auto byte = static_cast<unsigned char>(input[used++]);
    ++framing_;
    if (const http::Refusal refusal = on_framing_byte(byte)) {
      state_ = State::Refused;
      return {.progress = ChunkProgress::Refused, .consumed = used, .refusal = refusal};
    }
  }
  return {.progress = state_ == State::Done ? ChunkProgress::Done : ChunkProgress::NeedMore, .consumed = used};
}

http::Refusal ChunkedDecoder::on_framing_byte(unsigned char c) noexcept {
  switch (state_) {
    case State::SizeFirst:
    case State::Size:
      return on_size_byte(c);
    case State::ExtStart:
    case State::ExtName:
    case State::ExtNameEnd:
    case State::ExtValue:
    case State::ExtToken:
    case State::ExtQuoted:
    case State::ExtQuotedPair:
    case State::ExtValueEnd:
    case State::ExtValueBlank:
      return on_extension_byte(c);
    case State::SizeLf:
      return c == '\n' ? on_size_line_end() : bad_chunk("bare CR after a chunk size");
    case State::PayloadCr:
      state_ = State::PayloadLf;
      return c == '\r' ? http::Refusal{} : bad_chunk("no CRLF after a chunk");
    case State::PayloadLf:
      state_ = State::SizeFirst;
      return c == '\n' ? http::Refusal{} : bad_chunk("no CRLF after a chunk");
    case State::EndLf:
      state_ = State::Done;
      return c == '\n' ? http::Refusal{} : http::bad_request(7, "bare CR at the end of the trailers");
    case State::TrailerStart:
    case State::Trailer:
    case State::TrailerLf:
      return on_trailer_byte(c);
    case State::Payload:
    case State::Done:
    case State::Refused:
      break;
  }
  return bad_chunk("no framing byte is due");
}

http::Refusal ChunkedDecoder::on_size_byte(unsigned char c) noexcept {
  if (state_ == State::SizeFirst) {
    line_ = 0;
    digits_ = 0;
    remaining_ = 0;
    state_ = State::Size;
  }
  ++line_;
  if (const std::uint8_t digit = hex_digit(c); digit != 0xFF) {
    if (++digits_ > max_digits || remaining_ > (max_chunk - digit) / 16) return bad_chunk("chunk size too large");
    remaining_ = remaining_ * 16 + digit;
    return {};
  }
  if (digits_ == 0) return bad_chunk("no chunk size");
  if (c == '\r') {
    state_ = State::SizeLf;
    return {};
  }
  if (c == ';') {
    state_ = State::ExtStart;
    return {};
  }
  return bad_chunk("malformed chunk size");
}

/// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), RFC 9112 section 7.1.1: after a blank the line may
/// go on, but not end. A blank between size and the first ';' is refused with the size (req 8).
http::Refusal ChunkedDecoder::on_extension_byte(unsigned char c) noexcept {
  if (c != '\r' && ++line_ > limits_.line) return http::bad_request(9, "chunk line too long");
  const auto go = [this](State next) {
    state_ = next;
    return http::Refusal{};
  };
  const bool token = is_token_byte(static_cast<char>(c));
  switch (state_) {
    case State::ExtStart:
      if (is_blank(c)) return {};
      return token ? go(State::ExtName) : bad_extension();
    case State::ExtName:
      if (token) return {};
      if (c == '=') return go(State::ExtValue);
      if (is_blank(c)) return go(State::ExtNameEnd);
      break;
    case State::ExtNameEnd:
      if (is_blank(c)) return {};
      if (c == '=') return go(State::ExtValue);
      return c == ';' ? go(State::ExtStart) : bad_extension();
    case State::ExtValue:
      if (is_blank(c)) return {};
      if (c == '"') return go(State::ExtQuoted);
      return token ? go(State::ExtToken) : bad_extension();
    case State::ExtToken:
      if (token) return {};
      if (is_blank(c)) return go(State::ExtValueBlank);
      break;
    case State::ExtQuoted:
      if (c == '"') return go(State::ExtValueEnd);
      if (c == '\\') return go(State::ExtQuotedPair);
      return is_quoted_text(c) ? http::Refusal{} : bad_extension();
    case State::ExtQuotedPair:
      return is_quoted_text(c) ? go(State::ExtQuoted) : bad_extension();
    case State::ExtValueEnd:
      if (is_blank(c)) return go(State::ExtValueBlank);
      break;
    case State::ExtValueBlank:
      if (is_blank(c)) return {};
      return c == ';' ? go(State::ExtStart) : bad_extension();
    default:
      return bad_extension();
  }
  if (c == ';') return go(State::ExtStart);
  return c == '\r' ? go(State::SizeLf) : bad_extension();
}

http::Refusal ChunkedDecoder::on_size_line_end() noexcept {
  if (framing_ > limits_.free_framing && framing_ > data_ + remaining_) {
    return http::bad_request(9, "more framing than data");
  }
  state_ = remaining_ == 0 ? State::TrailerStart : State::Payload;
  return {};
}

http::Refusal ChunkedDecoder::on_trailer_byte(unsigned char c) noexcept {
  if (state_ == State::TrailerStart && c == '\r') {
    state_ = State::EndLf;
    return {};
  }
  if (trailers_ == nullptr) trailers_ = std::make_unique<Trailers>();
  if (trailers_->bytes.size() == limits_.trailers) return {431, Reason::HeaderTooLarge, 10, "trailers too large"};
  trailers_->bytes.push_back(static_cast<char>(c));
  if (state_ == State::TrailerLf) {
    state_ = State::TrailerStart;
    return c == '\n' ? on_trailer_line() : http::bad_request(7, "bare CR in a trailer");
  }
  if (c == '\n') return http::bad_request(7, "bare LF in a trailer");
  state_ = c == '\r' ? State::TrailerLf : State::Trailer;
  return {};
}

http::Refusal ChunkedDecoder::on_trailer_line() noexcept {
  Trailers& trailers = *trailers_;
  const char* const base = trailers.bytes.data();
  const char* const line = base + trailers.line;
  const char* end = base + trailers.bytes.size() - 2;
  trailers.line = trailers.bytes.size();
  if (++trailers.count > limits_.trailer_fields) return {431, Reason::HeaderTooLarge, 10, "too many trailers"};

  const char* const colon = Scan::token(line, end);
  if (colon == line || colon == end || *colon != ':') return http::bad_request(5, "malformed trailer");
  const char* value = colon + 1;
  if (Scan::value(value, end) != end) return http::bad_request(7, "control byte in a trailer");
  while (value != end && is_blank(static_cast<unsigned char>(*value))) ++value;
  while (end != value && is_blank(static_cast<unsigned char>(end[-1]))) --end;

  const std::string_view name(line, static_cast<std::size_t>(colon - line));
  const http::HeaderId id = http::find_header_id(name);
  if (is_dropped_trailer(id, name)) return {};
  trailers.fields.push_back({.name_offset = static_cast<std::uint32_t>(line - base),
                             .value_offset = static_cast<std::uint32_t>(value - base),
                             .value_length = static_cast<std::uint32_t>(end - value),
                             .name_length = static_cast<std::uint16_t>(name.size()),
                             .id = id});
  return {};
}

ChunkHeader::ChunkHeader(std::uint64_t size) noexcept : begin_(bytes_.size() - 2) {
  bytes_[begin_] = '\r';
  bytes_[begin_ + 1] = '\n';
  do {
    bytes_[--begin_] = "0123456789abcdef"[size & 15U];
    size >>= 4U;
  } while (size != 0);
}

}  // namespace pintle::http1
