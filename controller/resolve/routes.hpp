// HTTPRoutes to rules: what depends on the route and what it refers to, not on its parents. Done once per route, and
// again only when the route or an object it looked up is another one.
#pragma once
#include <map>
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

/// What a route is to us, as far as its parents decide.
enum class RouteStanding : std::uint8_t {
  Foreign,   ///< no parent of it is ours: what it looked up is none of our concern
  Attached,  ///< one is
  Served     ///< and a listener that is served sends traffic to its backends
};

/// A route over generations.
struct RouteSlot {
  api::Ptr<api::HTTPRoute> object;
  RefSet lookups;
  BackendVerdicts backends;
  RouteVerdict verdict;
  std::vector<BackendShelf::Slot*> endpoints;  ///< of the backends that rules forward to
  RouteStanding standing = RouteStanding::Foreign;
};

/// The HTTPRoutes of the last snapshot, in its order. What follows from their standing is counted route by route, since
/// making it anew for all of them would cost more than all else.
class RouteShelf {
 public:
  /// One slot per HTTPRoute of the snapshot. A slot whose route and lookups did not change is kept as it is; one that
  /// comes to the same answer keeps its ResolvedRoute.
  [[nodiscard]] std::vector<RouteSlot>& refresh(const BackendContext& context, const Changes& changes,
                                                BackendShelf& backends);

  void set_standing(RouteSlot& slot, RouteStanding standing);
  /// What the routes that are not foreign looked up.
  [[nodiscard]] RefSet lookups() const;

 private:
  void update(const BackendContext& context, const Changes& changes, BackendShelf& backends);
  void forget(RouteSlot& slot);

  std::vector<RouteSlot> slots_;
  std::map<Ref, std::uint32_t> counts_;  ///< by how many routes
};

}  // namespace pintle::resolve
