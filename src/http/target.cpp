#include <cstring>

#include <pintle/http/headers.hpp>
#include <pintle/http/target.hpp>

#include "src/http/bytes.hpp"

namespace pintle::http {
namespace {

enum TargetByte : std::uint8_t { Plain, Bad, Percent };

consteval ByteTable make_target_table() {
  ByteTable table{};
  for (unsigned c = 0; c < 256; ++c) table[c] = c <= 0x20 || c >= 0x7F ? Bad : Plain;
  table['#'] = Bad;
  table['\\'] = Bad;
  table['%'] = Percent;
  return table;
}
constexpr ByteTable target_table = make_target_table();

Refusal check_bytes(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p != end; ++p) {
    const std::uint8_t kind = target_table[static_cast<unsigned char>(*p)];
    if (kind == Plain) [[likely]]
      continue;
    if (kind == Bad) return bad_request(31, "byte not allowed in a request target");
    if (end - p < 3 || hex_value(p[1]) > 15 || hex_value(p[2]) > 15) {
      return bad_request(31, "broken % escape in the request target");
    }
    p += 2;
  }
  return {};
}

void split_query(std::string_view text, Target& out) noexcept {
  const void* mark = text.empty() ? nullptr : std::memchr(text.data(), '?', text.size());
  out.has_query = mark != nullptr;
  if (mark == nullptr) {
    out.path = text;
    return;
  }
  const auto at = static_cast<std::size_t>(static_cast<const char*>(mark) - text.data());
  out.path = text.substr(0, at);
  out.query = text.substr(at + 1);
}

Refusal split_absolute(std::string_view text, Method method, Target& out) noexcept {
  const std::size_t colon = text.find("://");
  out.scheme = colon == std::string_view::npos ? std::string_view{} : text.substr(0, colon);
  if (!name_equals(out.scheme, "http") && !name_equals(out.scheme, "https")) {
    return bad_request(31, "request target is neither a path nor an http URL");
  }
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  out.form = TargetForm::Absolute;
  out.authority = rest.substr(0, authority_end);
  split_query(rest.substr(authority_end), out);
  // RFC 9112 section 3.2.4: OPTIONS on a URL without path and query is OPTIONS *.
  if (out.path.empty()) out.path = method == Method::Options && !out.has_query ? "*" : "/";
  return {};
}

}  // namespace

Refusal parse_target(std::string_view text, Method method, Target& out) noexcept {
  out = Target{};
  if (text.empty()) return bad_request(31, "no request target");
  if (Refusal refusal = check_bytes(text)) return refusal;
  if (method == Method::Connect) {
    out.form = TargetForm::Authority;
    out.authority = text;
    return {};
  }
  if (text.front() == '/') [[likely]] {
    split_query(text, out);
    return {};
  }
  if (text == "*") {
    if (method != Method::Options) return bad_request(31, "* asked with another method than OPTIONS");
    out.form = TargetForm::Asterisk;
    out.path = text;
    return {};
  }
  return split_absolute(text, method, out);
}

}  // namespace pintle::http
