// HTTPRoutes to rules: what depends on the route and what it refers to, not on its parents. Done once per route, and
// again only when the route or an object it looked up is another one.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "controller/resolve/backends.hpp"
#include "controller/resolve/changes.hpp"
#include "controller/resolve/model.hpp"
#include "controller/resolve/status_report.hpp"

namespace pintle::resolve {

struct RouteVerdict {
  std::shared_ptr<const ResolvedRoute> route;
  Problems broken_rules;       ///< each rule that is not served has one or more
  bool has_sound_rule = true;  ///< false: every rule is broken, and the route is not accepted
  Problems resolved_refs;
  std::vector<std::string> notes;
};

/// All backendRefs of a route, rule by rule.
using BackendVerdicts = std::vector<std::vector<BackendVerdict>>;
[[nodiscard]] RouteVerdict resolve_route(const api::HTTPRoute& route, const BackendVerdicts& backends);

/// A route over generations.
struct RouteSlot {
  api::Ptr<api::HTTPRoute> object;
  RefSet lookups;
  BackendVerdicts backends;
  RouteVerdict verdict;
  std::vector<BackendShelf::Slot*> endpoints;  ///< of the backends that rules forward to
};

/// The HTTPRoutes of the last snapshot, in its order.
class RouteShelf {
 public:
  /// One slot per HTTPRoute of the snapshot. A slot whose route and lookups did not change is kept as it is; one that
  /// comes to the same answer keeps its ResolvedRoute.
  [[nodiscard]] const std::vector<RouteSlot>& refresh(const BackendContext& context, const Changes& changes,
                                                      BackendShelf& backends);

 private:
  std::vector<RouteSlot> slots_;
};

}  // namespace pintle::resolve
