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

enum class Counted : std::uint8_t { No, Yes };

/// A route over generations.
struct RouteSlot {
  api::Ptr<api::HTTPRoute> object;
  RefSet lookups;
  BackendVerdicts backends;
  RouteVerdict verdict;
  std::vector<BackendShelf::Slot*> endpoints;  ///< of the backends that rules forward to
  Counted counted = Counted::No;               ///< its lookups are among RouteShelf::lookups()
};

/// The HTTPRoutes of the last snapshot, in its order.
class RouteShelf {
 public:
  /// One slot per HTTPRoute of the snapshot. A slot whose route and lookups did not change is kept as it is; one that
  /// comes to the same answer keeps its ResolvedRoute.
  [[nodiscard]] std::vector<RouteSlot>& refresh(const BackendContext& context, const Changes& changes,
                                                BackendShelf& backends);

  /// Whether what the route looked up concerns us: it does if one of its parents is ours.
  void count(RouteSlot& slot, Counted counted);
  /// What the counted routes looked up. Kept up to date route by route, since making it anew costs more than all else.
  [[nodiscard]] RefSet lookups() const;

 private:
  void update(const BackendContext& context, const Changes& changes, BackendShelf& backends);

  std::vector<RouteSlot> slots_;
  std::map<Ref, std::uint32_t> counts_;  ///< by how many routes
};

}  // namespace pintle::resolve
