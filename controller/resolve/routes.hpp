// Routes of every kind to rules: what depends on the route and what it refers to, not on its parents. Done once per
// route, and again only when the route or a verdict on one of its backendRefs is another one.
// What a kind needs here: resolve_route() and for_each_backend_ref() for it, and a place in RouteShelf.
#pragma once
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <pintle/base/rare.hpp>

#include "controller/api/grpc_route.hpp"
#include "controller/api/l4_route.hpp"
#include "controller/resolve/backend_shelf.hpp"
#include "controller/resolve/changes.hpp"
#include "controller/resolve/model.hpp"
#include "controller/resolve/status_report.hpp"

namespace pintle::resolve {

/// What is to be told about a route.
struct RouteRemarks {
  Problems broken_rules;  ///< each rule that is not served has one or more
  Problems resolved_refs;
  std::vector<std::string> notes;
};
struct RouteVerdict {
  std::shared_ptr<const ResolvedRoute> route;
  Rare<RouteRemarks> remarks;   ///< of most routes there is nothing to tell
  bool has_sound_rule = true;   ///< false: every rule is broken, and the route is not accepted
  bool keeps_sessions = false;  ///< some rule does

  [[nodiscard]] RouteRemarks& remark() {
    if (!remarks) remarks = RouteRemarks{};
    return *remarks;
  }
};

/// What a route is to us, as far as its parents decide.
enum class RouteStanding : std::uint8_t {
  Foreign,   ///< no parent of it is ours: what it looked up is none of our concern
  Attached,  ///< one is
  Served     ///< and a listener that is served sends traffic to its backends
};

/// A backendRef of a route.
struct BackendUse {
  Referral* referral = nullptr;
  VerdictPtr verdict;        ///< the one the route was resolved with
  Target* target = nullptr;  ///< nullptr: its rule forwards nothing to it
};

/// A route at one listener, by number in the judged Gateways.
struct Place {
  std::uint32_t gateway = 0;
  std::uint32_t listener = 0;
  AttachedRoutePtr route;  ///< nullptr: attached without a rule that can be reached
  friend bool operator==(const Place&, const Place&) = default;
};

/// What became of a route at its parents.
struct RouteAttachment {
  RouteReportPtr report;
  std::vector<Place> places;
  RouteStanding standing = RouteStanding::Foreign;
  bool asked_labels = false;  ///< the labels of its namespace had a say
};

/// What attaching looks at of a route, whatever its kind. Points into the object.
struct RouteView {
  api::Kind kind = api::Kind::HTTPRoute;
  const api::ObjectMeta* metadata = nullptr;
  const SharedList<api::ParentReference>* parent_refs = nullptr;
  const SharedList<std::string>* hostnames = nullptr;  ///< empty for kinds that have none
  api::DefaultScope use_default_gateways = api::DefaultScope::None;
};

/// A route over generations.
struct RouteSlot {
  std::shared_ptr<const void> object;
  RouteView view;
  std::vector<BackendUse> uses;  ///< rule by rule
  RouteVerdict verdict;
  RouteAttachment attachment;
  bool attached = false;                           ///< `attachment` is of this object, verdict and these Gateways
  RouteStanding counted = RouteStanding::Foreign;  ///< what the shelf of backends knows of it
};
using RouteSlots = std::vector<std::unique_ptr<RouteSlot>>;

/// HTTPRoutes and GRPCRoutes to rules, and TLSRoutes, TCPRoutes and UDPRoutes. `uses`: of the backendRefs, rule by
/// rule.
[[nodiscard]] RouteVerdict resolve_route(const BackendContext& context, const api::HTTPRoute& route,
                                         std::span<BackendUse> uses, BackendShelf& shelf);
[[nodiscard]] RouteVerdict resolve_route(const BackendContext& context, const api::GRPCRoute& route,
                                         std::span<BackendUse> uses, BackendShelf& shelf);
/// `kind`: whose spec it is.
[[nodiscard]] RouteVerdict resolve_l4_route(const BackendContext& context, api::Kind kind,
                                            const api::ObjectMeta& metadata, const api::L4RouteSpec& spec,
                                            std::span<BackendUse> uses, BackendShelf& shelf);

/// The routes of the last snapshot, kind by kind in its order. What follows from their standing is counted route by
/// route, since making it anew for all of them would cost more than all else.
class RouteShelf {
 public:
  explicit RouteShelf(BackendShelf& backends) : backends_(backends) {}

  /// One slot per route of the snapshot. A slot whose route and verdicts did not change is kept as it is; one that
  /// comes to the same answer keeps its ResolvedRoute.
  void refresh(const BackendContext& context, const Changes& changes);
  /// In the order of their keys.
  template <class Visit>
  void for_each(Visit visit) {
    for (RouteSlots& kind : kinds_)
      for (const auto& slot : kind) visit(*slot);
  }
  void set_standing(RouteSlot& slot, RouteStanding standing);
  /// The shelf of backends forgets too.
  void forget_all() {
    for (RouteSlots& kind : kinds_) kind.clear();
  }

 private:
  template <class Route>
  void update(const BackendContext& context, RouteSlots& slots);
  template <class Route>
  void renew(const BackendContext& context, const api::Ptr<Route>& object, RouteSlot& slot);
  void forget(RouteSlot& slot);

  BackendShelf& backends_;
  std::array<RouteSlots, 5> kinds_;  ///< in the order of api::Kind
};

}  // namespace pintle::resolve
