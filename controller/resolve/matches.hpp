// Matches of HTTPRoutes and GRPCRoutes to conditions with their rank.
#pragma once
#include <cstdint>
#include <vector>

#include <pintle/route/match.hpp>

#include "controller/api/grpc_route.hpp"
#include "controller/api/http_route.hpp"
#include "controller/resolve/status_report.hpp"

namespace pintle::resolve {

struct RuleMatches {
  std::vector<route::Match> matches;  ///< those that are sound
  Problems problems;                  ///< one or more for each that is not
  bool only_one = true;               ///< the rule has no other match
};
/// `name`: "namespace/name" of the route. No match at all is the default one: every request.
[[nodiscard]] RuleMatches resolve_matches(const api::HTTPRoute& route, const std::string& name, std::uint32_t rule);
/// The same: every gRPC request. A call is a POST of /service/method, so it becomes a match of a path.
[[nodiscard]] RuleMatches resolve_matches(const api::GRPCRoute& route, const std::string& name, std::uint32_t rule);

}  // namespace pintle::resolve
