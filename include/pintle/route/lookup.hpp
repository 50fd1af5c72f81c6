// The decision for one request, in one place: the proxy, `explain` and the tests all call find_route.
// Isolation first (port, then the listener whose hostname is most specific), then the route host, then the rank.
// Over TLS the listener was chosen by SNI before any request: a Host that belongs to another listener of the port
// is misdirected (421), RFC 9110 section 15.5.20; a Host that no listener has is 404.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/route/table.hpp>

namespace pintle::route {

struct RouteRequest {
  RequestView view;
  /// TLS: the listener that the handshake's SNI selected; nullptr on plain HTTP.
  const Listener* tls_listener = nullptr;
};

struct Decision {
  const Listener* listener = nullptr;
  const Entry* entry = nullptr;  ///< nullptr: not routed, see reason
  std::string_view host_pattern;
  Reason reason = Reason::Upstream;  ///< NoListener, NoHost, NoRoute (404), Misdirected (421) when entry is nullptr
  std::uint16_t status = 0;          ///< status to answer when entry is nullptr
};

/// No heap use; views point into the table.
[[nodiscard]] Decision find_route(const PortTable& port, const RouteRequest& request) noexcept;

/// One losing or winning candidate of the walk, in precedence order.
struct Candidate {
  const Entry* entry = nullptr;
  std::string_view host_pattern;
  MatchResult result;
  bool winner = false;
};
struct Walk {
  Decision decision;                         ///< exactly what find_route answers
  std::vector<Candidate> candidates;         ///< every entry of the hosts that cover the request, winner included
  std::vector<std::string> uncovered_hosts;  ///< host patterns of the listener that do not cover the request's host
};
/// The same decision with all losers. Allocates; for `explain` and the admin API.
[[nodiscard]] Walk explain_route(const PortTable& port, const RouteRequest& request);

}  // namespace pintle::route
