// A URL as a person gives it to `explain`. Only split, never repaired: what the gateway would refuse must reach its
// parser.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <pintle/base/error.hpp>

namespace pintle::app {

struct Url {
  std::string scheme;      ///< "http", "https"; "tcp", "tls" and "udp" for connections that are passed on
  std::string authority;   ///< as written: what a client sends as Host
  std::string host;        ///< lower case, without port; an IPv6 literal keeps its brackets
  std::uint16_t port = 0;  ///< the scheme's own if none is written
  std::string target;      ///< path and query, "/" if there is no path; without fragment
};

[[nodiscard]] inline bool is_http(const Url& url) noexcept { return url.scheme.starts_with("http"); }

/// A missing scheme is http.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// "a%20b+c" of a query component to bytes; a broken escape stays as it is.
[[nodiscard]] std::string decode_query_component(std::string_view text);
[[nodiscard]] std::string encode_query_component(std::string_view text);

}  // namespace pintle::app
