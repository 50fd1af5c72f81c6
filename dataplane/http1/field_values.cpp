#include "dataplane/http1/field_values.hpp"

#include <limits>

#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {

std::optional<std::uint64_t> parse_content_length(std::string_view value) noexcept {
  constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  constexpr std::size_t safe_digits = std::numeric_limits<std::int64_t>::digits10;
  if (value.empty()) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : value.substr(0, safe_digits)) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9) return std::nullopt;
    length = length * 10 + digit;
  }
  if (value.size() <= safe_digits) [[likely]]
    return length;
  for (const char c : value.substr(safe_digits)) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9 || length > (max - digit) / 10) return std::nullopt;
    length = length * 10 + digit;
  }
  return length;
}

bool ListReader::next(std::string_view& element) noexcept {
  constexpr std::string_view blanks = " \t";
  while (!rest_.empty()) {
    const std::size_t comma = rest_.find(',');
    std::string_view found = rest_.substr(0, comma);
    rest_ = comma == std::string_view::npos ? std::string_view{} : rest_.substr(comma + 1);
    const std::size_t first = found.find_first_not_of(blanks);
    if (first == std::string_view::npos) continue;
    element = found.substr(first, found.find_last_not_of(blanks) - first + 1);
    return true;
  }
  return false;
}

bool is_protected_field(http::HeaderId id) noexcept {
  switch (id) {
    case http::HeaderId::Host:
    case http::HeaderId::ContentLength:
    case http::HeaderId::TransferEncoding:
    case http::HeaderId::Authorization:
    case http::HeaderId::Cookie:
    case http::HeaderId::SetCookie:
    case http::HeaderId::Forwarded:
    case http::HeaderId::XForwardedFor:
    case http::HeaderId::XForwardedProto:
    case http::HeaderId::XForwardedHost:
    case http::HeaderId::XForwardedPort:
    case http::HeaderId::XRealIp:
      return true;
    default:
      return false;
  }
}

bool ConnectionReader::read(std::string_view value) noexcept {
  if (value == "keep-alive") {  // what browsers send
    tokens_.keep_alive = true;
    return true;
  }
  ListReader list(value);
  std::string_view token;
  while (list.next(token)) {
    if (++count_ > max_tokens) return false;
    if (Scan::token(token.data(), token.data() + token.size()) != token.data() + token.size()) return false;
    if (http::name_equals(token, "keep-alive")) {
      tokens_.keep_alive = true;
    } else if (http::name_equals(token, "close")) {
      tokens_.close = true;
    } else if (http::name_equals(token, "upgrade")) {
      tokens_.upgrade = true;
    } else if (http::name_equals(token, "te")) {
      tokens_.te = true;
    } else {
      nominate(token);
    }
  }
  return true;
}

void ConnectionReader::nominate(std::string_view name) noexcept {
  const http::HeaderId id = http::find_header_id(name);
  if (is_protected_field(id) || (name.size() > 12 && http::name_equals(name.substr(0, 12), "x-forwarded-"))) {
    nominates_protected_ = true;
    return;
  }
  for (std::size_t i = 0; i < headers_.fields.size(); ++i) {
    const http::Field& field = headers_.fields[i];
    if (field.id == id && field.name_length == name.size() && http::name_equals(headers_.name(field), name)) {
      nominated_.insert(i);
    }
  }
}

}  // namespace pintle::http1
