#include <charconv>

#include <pintle/route/cors.hpp>

namespace pintle::route {
namespace {

/// scheme://host[:port], as both patterns and origins are written (RFC 6454 section 6.2).
struct Parts {
  std::string_view scheme;
  std::string_view host;
  std::uint16_t port = 0;
};

std::optional<Parts> split_origin(std::string_view text) noexcept {
  Parts parts;
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  parts.scheme = text.substr(0, scheme_end);
  const bool secure = http::name_equals(parts.scheme, "https");
  if (!secure && !http::name_equals(parts.scheme, "http")) return std::nullopt;
  parts.host = text.substr(scheme_end + 3);
  parts.port = secure ? 443 : 80;
  // The colons of an IPv6 address stand in brackets.
  const std::size_t after_address = parts.host.starts_with('[') ? parts.host.find(']') : 0;
  if (after_address == std::string_view::npos) return std::nullopt;
  if (const std::size_t colon = parts.host.find(':', after_address); colon != std::string_view::npos) {
    const std::string_view digits = parts.host.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parts.port);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    parts.host = parts.host.substr(0, colon);
  }
  if (parts.host.empty() || parts.host.find('/') != std::string_view::npos) return std::nullopt;
  return parts;
}

bool covers(const OriginPattern& pattern, const Parts& origin) noexcept {
  if (pattern.port != origin.port || !http::name_equals(pattern.scheme, origin.scheme)) return false;
  if (!pattern.wildcard) return http::name_equals(pattern.host, origin.host);
  // At least one label stands for the star.
  if (origin.host.size() <= pattern.host.size()) return false;
  return http::name_equals(origin.host.substr(origin.host.size() - pattern.host.size()), pattern.host);
}

}  // namespace

std::optional<OriginPattern> parse_origin_pattern(std::string_view text) {
  const std::optional<Parts> parts = split_origin(text);
  if (!parts) return std::nullopt;
  OriginPattern made{.text = std::string(text), .scheme = std::string(parts->scheme), .host = {}, .port = parts->port};
  made.wildcard = parts->host == "*" || parts->host.starts_with("*.");
  made.host = parts->host.substr(made.wildcard ? 1 : 0);
  if (made.host.find('*') != std::string::npos) return std::nullopt;
  return made;
}

bool allows_origin(const Cors& cors, std::string_view origin) noexcept {
  if (cors.any_origin) return true;
  const std::optional<Parts> parts = split_origin(origin);
  if (!parts) return false;
  for (const OriginPattern& pattern : cors.origins)
    if (covers(pattern, *parts)) return true;
  return false;
}

bool is_preflight(std::string_view method, const http::HeaderView& headers) noexcept {
  return method == "OPTIONS" && headers.find(http::HeaderId::Origin) != nullptr &&
         headers.find("access-control-request-method") != nullptr;
}

}  // namespace pintle::route
