// Session persistence as compiled values (GEP-1619): by what a client shows its session, and how long one lasts. Plain
// immutable data: the proxy reads and writes tokens by it, explain prints it.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <pintle/base/rare.hpp>
#include <pintle/route/match.hpp>

namespace pintle::route {

/// What a client holds its token in.
enum class SessionCarrier : std::uint8_t { Cookie, Header };
enum class CookieLifetime : std::uint8_t {
  Session,   ///< until the browser ends its own session; no Max-Age
  Permanent  ///< Max-Age is the absolute timeout
};
enum class CookiePath : std::uint8_t {
  OfMatch,  ///< the path that the request's match names, see cookie_path()
  Unset     ///< of a policy, which may be in force under many paths
};

struct Session {
  SessionCarrier carrier = SessionCarrier::Cookie;
  std::string name;                                      ///< of the cookie or the field: a token of RFC 9110
  std::optional<std::chrono::seconds> absolute_timeout;  ///< > 0; from when it began
  CookieLifetime lifetime = CookieLifetime::Session;
  CookiePath path = CookiePath::OfMatch;
  friend bool operator==(const Session&, const Session&) = default;
};

/// Of one rule. Sessions of a rule are none to another, whatever their names.
struct Sessions {
  std::string scope;                      ///< of which rule: a token holds for this one alone
  std::vector<Rare<Session>> by_backend;  ///< in the order of Forward::backends; none: it has no sessions
  friend bool operator==(const Sessions&, const Sessions&) = default;
};

/// The Path of a cookie for requests that this match takes: its path, or as much of an expression as is no expression,
/// whole segments (GEP-1619, "Path"). Always begins with '/', and holds nothing that would end an attribute.
[[nodiscard]] std::string cookie_path(const PathMatch& match);

}  // namespace pintle::route
