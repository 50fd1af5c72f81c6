#include "src/app/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace pintle::app {
namespace {

[[nodiscard]] char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

[[nodiscard]] int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return make_error(ErrorCode::InvalidArgument, fmt::format("'{}': {}; write http://HOST[:PORT]/PATH", text, why));
  };
  Url url;
  std::string_view rest = text;
  const std::size_t mark = rest.find("://");
  url.scheme = "http";
  if (mark != std::string_view::npos && mark < rest.find_first_of("/?#") + 1) {
    url.scheme = std::string(rest.substr(0, mark));
    std::ranges::transform(url.scheme, url.scheme.begin(), lower);
    rest.remove_prefix(mark + 3);
  }
  constexpr std::array<std::string_view, 5> schemes{"http", "https", "tcp", "tls", "udp"};
  if (std::ranges::find(schemes, url.scheme) == schemes.end())
    return wrong("the scheme is none of http, https, tcp, tls and udp");
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  url.authority = std::string(rest.substr(0, end));
  url.target = std::string(rest.substr(end));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (const std::size_t at = url.authority.rfind('@'); at != std::string::npos)
    return wrong("user and password in a URL are not sent to the server");

  std::string_view host = url.authority;
  const std::size_t colon = host.rfind(':');
  if (is_http(url) || url.scheme == "tls") url.port = url.scheme == "http" ? 80 : 443;
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    const std::string_view digits = host.substr(colon + 1);
    const auto [last, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (fault != std::errc{} || last != digits.data() + digits.size() || url.port == 0)
      return wrong("the port is wrong");
    host = host.substr(0, colon);
  }
  if (host.empty()) return wrong("there is no host");
  if (url.port == 0) return wrong("tcp and udp have no port of their own: name one");
  url.host = std::string(host);
  std::ranges::transform(url.host, url.host.begin(), lower);
  return url;
}

std::string decode_query_component(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string encode_query_component(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace pintle::app
