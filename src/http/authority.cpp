#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <netinet/in.h>

#include <pintle/http/authority.hpp>

#include "src/http/bytes.hpp"

namespace pintle::http {
namespace {

constexpr std::uint8_t requirement = 28;

/// Lower-cased host byte, or one of the marks below. No sub-delims and no escapes: a list ("a, b"), userinfo and any of
/// '/', '@', '#', '?', space are bad. '_' is no byte of a DNS host but names of services have it.
enum Mark : std::uint8_t { Bad, Colon, Dot, Plain };
consteval ByteTable make_host_table() {
  ByteTable table{};
  for (unsigned c = 0; c < 256; ++c) {
    if (is_unreserved(static_cast<unsigned char>(c))) table[c] = lower_table[c];
  }
  table[':'] = Colon;
  table['.'] = Dot;
  return table;
}
constexpr ByteTable host_table = make_host_table();

/// Copies the host up to a colon or the end. `read` is how far it went.
Refusal copy_host(std::string_view text, Authority& out, std::size_t& read) noexcept {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* label = begin;
  char* write = out.bytes.data();
  const char* p = begin;
  for (; p != end; ++p) {
    const std::uint8_t byte = host_table[static_cast<unsigned char>(*p)];
    if (p - begin == Authority::max_host) break;
    if (byte < Plain) [[unlikely]] {
      if (byte == Colon) break;
      if (byte == Bad) return bad_request(requirement, "byte not allowed in a host");
      if (p == label) return bad_request(requirement, "empty label in the host");
      label = p + 1;
      *write++ = '.';
      continue;
    }
    *write++ = static_cast<char>(byte);
  }
  if (p != end && *p != ':') return bad_request(requirement, "host too long");
  read = static_cast<std::size_t>(p - begin);
  return {};
}

Refusal parse_port(std::string_view text, Authority& out) noexcept {
  if (text.empty() || text.size() > 5) return bad_request(requirement, "port is not 1 to 5 digits");
  unsigned port = 0;
  for (const char c : text) {
    if (!is_digit(static_cast<unsigned char>(c))) return bad_request(requirement, "port is not a number");
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port == 0 || port > 65535) return bad_request(requirement, "port is not in 1 to 65535");
  out.port = static_cast<std::uint16_t>(port);
  return {};
}

/// "[...]" with or without ":port". Zone ids are local to a machine: refused.
Refusal parse_literal(std::string_view text, Authority& out) noexcept {
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) return bad_request(requirement, "address without closing bracket");
  const std::string_view address = text.substr(1, close - 1);
  std::array<char, INET6_ADDRSTRLEN + 1> copy{};
  in6_addr parsed{};
  if (address.size() >= copy.size() || address.find('\0') != std::string_view::npos) {
    return bad_request(requirement, "not an IPv6 address");
  }
  std::memcpy(copy.data(), address.data(), address.size());
  if (inet_pton(AF_INET6, copy.data(), &parsed) != 1) return bad_request(requirement, "not an IPv6 address");
  for (std::size_t i = 0; i <= close; ++i) out.bytes[i] = to_lower(text[i]);
  const std::string_view rest = text.substr(close + 1);
  if (!rest.empty()) {
    if (rest.front() != ':') return bad_request(requirement, "bytes after the address");
    if (Refusal refusal = parse_port(rest.substr(1), out)) return refusal;
  }
  out.length = static_cast<std::uint16_t>(close + 1);
  return {};
}

/// One request is mostly like the one before: `text` begins with the host that `out` holds, which was checked then.
bool is_host_again(std::string_view text, const Authority& out) noexcept {
  const std::size_t length = out.length;
  return length != 0 && text.size() >= length && std::memcmp(text.data(), out.bytes.data(), length) == 0 &&
         (text.size() == length || text[length] == ':');
}

}  // namespace

Refusal parse_authority(std::string_view text, Authority& out) noexcept {
  if (is_host_again(text, out)) {
    out.port = 0;
    if (text.size() == out.length) return {};
    Refusal refusal = parse_port(text.substr(std::size_t{out.length} + 1), out);
    if (refusal) out.length = 0;
    return refusal;
  }
  out.length = 0;
  out.port = 0;
  if (text.empty()) return bad_request(requirement, "empty host");
  if (text.front() == '[') return parse_literal(text, out);
  std::size_t length = 0;
  if (Refusal refusal = copy_host(text, out, length)) return refusal;
  if (length == 0) return bad_request(requirement, "empty host");
  const std::size_t kept = text[length - 1] == '.' ? length - 1 : length;  // req 30: one trailing dot means nothing
  if (length < text.size()) {
    if (Refusal refusal = parse_port(text.substr(length + 1), out)) return refusal;
  }
  out.length = static_cast<std::uint16_t>(kept);
  return {};
}

}  // namespace pintle::http
