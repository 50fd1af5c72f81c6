#include "dataplane/http2/field_block.hpp"

#include <array>

#include <fmt/format.h>

#include <pintle/http/headers.hpp>
#include <pintle/http/status.hpp>

namespace pintle::http2 {
namespace {

constexpr http::Refusal too_large{431, Reason::HeaderTooLarge, 24, "the header block is too large"};
constexpr std::size_t longest_target = 8 * 1024;  // req 23

/// What a byte may be part of. A table: each byte of each field is looked at.
enum : std::uint8_t { token_byte = 1, name_byte = 2, value_byte = 4, visible_byte = 8 };
constexpr std::array<std::uint8_t, 256> byte_kinds = [] {
  std::array<std::uint8_t, 256> kinds{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"))
    kinds[static_cast<unsigned char>(c)] = token_byte | name_byte;
  for (char c = 'A'; c <= 'Z'; ++c) kinds[static_cast<unsigned char>(c)] = token_byte;
  for (unsigned c = 0x20; c <= 0xFF; ++c)
    if (c != 0x7F) kinds[c] |= value_byte | (c > 0x20 && c < 0x7F ? visible_byte : 0);
  kinds['\t'] |= value_byte;
  return kinds;
}();

bool is_all(std::uint8_t kind, std::string_view text) noexcept {
  std::uint8_t common = kind;
  for (const char c : text) common &= byte_kinds[static_cast<unsigned char>(c)];
  return common != 0;
}

bool is_token(std::string_view text) noexcept { return !text.empty() && is_all(token_byte, text); }
/// RFC 9113 section 8.2.1.
bool is_name(std::string_view name) noexcept { return !name.empty() && is_all(name_byte, name); }
bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
/// No byte that ends a line, none around it that HTTP/1 would trim.
bool is_value(std::string_view value) noexcept {
  return value.empty() || (!is_blank(value.front()) && !is_blank(value.back()) && is_all(value_byte, value));
}
bool is_visible(std::string_view text) noexcept { return !text.empty() && is_all(visible_byte, text); }

/// RFC 9113 section 8.2.2.
bool is_connection_specific(std::string_view name) noexcept {
  return name == "connection" || name == "keep-alive" || name == "proxy-connection" || name == "transfer-encoding" ||
         name == "upgrade";
}

}  // namespace

void FieldBlock::begin(Kind kind) noexcept {
  kind_ = kind;
  limits_ = kind == Kind::Request ? request_limits : kind == Kind::Response ? response_limits : trailer_limits;
  size_ = fields_ = 0;
  has_length_ = has_key_ = false;
  payload_text_ = PayloadText::Raw;
  status_ = 0;
  malformed_ = {};
  refusal_ = {};
  for (std::string* text : {&method_, &path_, &authority_, &scheme_, &protocol_, &host_, &cookie_, &lines_, &text_})
    text->clear();
}

bool FieldBlock::count(std::string_view name, std::string_view value) noexcept {
  const std::size_t size = name.size() + value.size() + 32;
  size_ += size;
  ++fields_;
  if (size <= limits_.field && size_ <= limits_.size && fields_ <= limits_.fields) return true;
  refuse(too_large);
  return false;
}

void FieldBlock::add(std::string_view name, std::string_view value) {
  if (refusal_ || !malformed_.empty()) return;  // read on only for the sake of HPACK
  if (name.starts_with(':')) return add_pseudo(name, value);
  if (!count(name, value)) return;
  if (!is_name(name) || !is_value(value)) return malform("a field that HTTP does not have");
  if (is_connection_specific(name)) return malform("a field of the connection");
  if (kind_ == Kind::Request) return add_request_field(name, value);
  if (name == "content-length") has_length_ = true;
  add_line(name, value);
}

void FieldBlock::add_pseudo(std::string_view name, std::string_view value) {
  if (kind_ == Kind::Trailers) return malform("a pseudo-field in trailers");
  if (kind_ == Kind::Response) {
    const bool digits = value.size() == 3 && value[0] >= '1' && value[0] <= '9' && value[1] >= '0' && value[1] <= '9' &&
                        value[2] >= '0' && value[2] <= '9';
    if (name != ":status" || !digits || status_ != 0) return malform("not a :status");
    status_ = static_cast<std::uint16_t>((value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0'));
    return;
  }
  std::string* const slot = name == ":method"      ? &method_
                            : name == ":path"      ? &path_
                            : name == ":authority" ? &authority_
                            : name == ":scheme"    ? &scheme_
                            : name == ":protocol"  ? &protocol_
                                                   : nullptr;
  if (slot == nullptr || !slot->empty()) return malform("a pseudo-field that is unknown or there twice");
  if (!is_visible(value)) return malform("a pseudo-field with a byte that is not visible, or none");
  if (slot == &path_ && value.size() > longest_target)
    return refuse({414, Reason::HeaderTooLarge, 23, "request target too long"});
  size_ += name.size() + value.size() + 32;
  if (size_ > limits_.size) return refuse(too_large);
  *slot = value;
}

void FieldBlock::add_request_field(std::string_view name, std::string_view value) {
  if (name == "host") {
    if (!host_.empty()) return refuse(http::bad_request(28, "host twice"));
    host_ = value;
  } else if (name == "cookie") {  // RFC 9113 section 8.2.3
    if (!cookie_.empty()) cookie_ += "; ";
    cookie_ += value;
  } else if (name == "te" && value != "trailers") {
    malform("a te other than trailers");
  } else {
    if (name == "content-length") has_length_ = true;
    if (name == "sec-websocket-key") has_key_ = true;
    add_line(name, value);
  }
}

void FieldBlock::add_line(std::string_view name, std::string_view value) {
  lines_ += name;
  lines_ += ": ";
  lines_ += value;
  lines_ += "\r\n";
}

/// RFC 9113 sections 8.3.1 and 8.5, RFC 8441 section 4.
void FieldBlock::check_request() {
  if (!is_token(method_)) return malform("not a method");
  const bool plain_connect = method_ == "CONNECT" && protocol_.empty();
  if (plain_connect ? !scheme_.empty() || !path_.empty() : scheme_.empty() || path_.empty())
    return malform("pseudo-fields that do not belong together");
  if (!protocol_.empty() && method_ != "CONNECT") return malform(":protocol without CONNECT");
  if (!plain_connect && scheme_ != "http" && scheme_ != "https") return malform("a :scheme other than http and https");
  // Anything else would be read as another form of target.
  if (!plain_connect && path_[0] != '/' && !(path_ == "*" && method_ == "OPTIONS"))
    return malform("a :path that is none");
  if (!protocol_.empty() && protocol_ != "websocket")
    return refuse({405, Reason::BadRequest, 36, "CONNECT is offered for WebSocket alone"});
  if (authority_.empty())
    authority_ = host_;
  else if (!host_.empty() && !http::name_equals(host_, authority_))
    return refuse(http::bad_request(29, "host differs from :authority"));
}

void FieldBlock::write(std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) text_ += part;
}

std::string_view FieldBlock::write_request(StreamEnd end, std::string_view websocket_key) {
  if (!refusal_) check_request();
  if (refusal_ || !malformed_.empty()) return {};
  const bool websocket = is_websocket();
  const bool connect = method_ == "CONNECT" && !websocket;
  write({websocket ? std::string_view("GET") : method_, " ", connect ? authority_ : path_, " HTTP/1.1\r\n"});
  if (!authority_.empty()) write({"Host: ", authority_, "\r\n"});
  text_ += lines_;
  if (!cookie_.empty()) write({"cookie: ", cookie_, "\r\n"});
  if (websocket) {
    text_ += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    if (!has_key_) write({"Sec-WebSocket-Key: ", websocket_key, "\r\n"});
  } else if (end == StreamEnd::Open && !has_length_ && !connect) {
    text_ += "Transfer-Encoding: chunked\r\n";
    payload_text_ = PayloadText::Chunked;
  }
  text_ += "\r\n";
  return text_;
}

std::string_view FieldBlock::write_upgrade(std::string_view accept) {
  if (refusal_ || !malformed_.empty()) return {};
  write({"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ",
         accept, "\r\n"});
  text_ += lines_;
  text_ += "\r\n";
  return text_;
}

std::string_view FieldBlock::write_response(Body body) {
  if (status_ == 0 || status_ == 101) malform("no :status, or one that HTTP/2 does not have");
  if (refusal_ || !malformed_.empty()) return {};
  write({"HTTP/1.1 ", fmt::format_int(status_).str(), " ", http::reason_phrase(status_), "\r\n"});
  text_ += lines_;
  if (!has_length_ && body == Body::Allowed && !http::never_has_body(status_)) {
    text_ += "Transfer-Encoding: chunked\r\n";
    payload_text_ = PayloadText::Chunked;
  }
  text_ += "\r\n";
  return text_;
}

}  // namespace pintle::http2
