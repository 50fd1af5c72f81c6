// Cross-origin resource sharing as compiled values: whom a rule lets read its answers, and under which words
// (HTTPCORSFilter; Fetch standard, "CORS protocol"). Pure; the proxy writes the fields, explain asks the same
// questions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/http/headers.hpp>

namespace pintle::route {

/// One entry of allowOrigins other than "*": "https://www.example.com", "https://*.example.com:8443", "http://*".
struct OriginPattern {
  std::string text;        ///< as the user wrote it
  std::string scheme;      ///< "http" or "https"
  std::string host;        ///< of a wildcard what follows the star: ".example.com", or nothing for every host
  std::uint16_t port = 0;  ///< the scheme's own where none is written
  bool wildcard = false;   ///< any number of labels stand before `host`
};
/// nullopt if it is none.
[[nodiscard]] std::optional<OriginPattern> parse_origin_pattern(std::string_view text);

/// Lists are joined as they are sent, "*" alone stands for everything.
struct Cors {
  std::vector<OriginPattern> origins;
  bool any_origin = false;
  bool credentials = false;
  std::string methods;
  std::string headers;
  std::string exposed;
  std::string max_age = "5";  ///< seconds
};

/// `origin`: the field's value. "null" is covered by "*" alone.
[[nodiscard]] bool allows_origin(const Cors& cors, std::string_view origin) noexcept;

/// What a browser asks before a request that is not simple: OPTIONS with Origin and Access-Control-Request-Method.
[[nodiscard]] bool is_preflight(std::string_view method, const http::HeaderView& headers) noexcept;

}  // namespace pintle::route
