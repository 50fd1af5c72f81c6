// Which ListenerSets add listeners to a Gateway, in which order, and which ports that makes (GEP-1713). Used where
// Gateways are judged and where their Services are read and planned, so that all of them mean the same.
//  - guarantees: pure; a set is one of a Gateway only if its parentRef names it and the Gateway's allowedListeners
//  admit
//    its namespace; a Gateway's own ports are never given up for those of a set.
//  - leaves to others: whether the listeners are sound (gateways.hpp).
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/api/gateway.hpp"
#include "controller/api/listener_set.hpp"
#include "controller/resolve/model.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

/// A ListenerSet that names a Gateway.
struct SetClaim {
  const api::ListenerSet* set = nullptr;
  bool allowed = false;
};
/// Oldest first, then by "namespace/name" (ListenerSetSpec.listeners).
using SetClaims = std::vector<SetClaim>;

/// All ListenerSets of a snapshot, by the Gateway they name. Views into the snapshot.
class ListenerSets {
 public:
  explicit ListenerSets(const store::ClusterSnapshot& snapshot);
  /// The namespaces whose labels were looked up are added to `refs`.
  [[nodiscard]] SetClaims find(const api::Gateway& gateway, RefSet& refs) const;
  /// Those that name a Gateway that is not there, or is of a class that is not nor is implied (Settings): nobody else
  /// will say so of them.
  [[nodiscard]] std::vector<ListenerSetReport> find_orphans(const std::optional<std::string>& implied_class) const;

 private:
  const store::ClusterSnapshot& snapshot_;
  std::map<std::pair<std::string_view, std::string_view>, std::vector<const api::ListenerSet*>> by_gateway_;
};

/// An EndpointSlice holds no more; a set that asks for one more must not take the others' away.
inline constexpr std::size_t most_ports = 100;

/// The distinct ports of listeners whose protocol is served, however they are judged otherwise: a certificate that
/// comes late must not find its port gone. With each the protocol of its first listener. Listeners of allowed sets
/// count as long as there are fewer than `most_ports`.
using WantedPorts = std::map<ListenerPort, std::string_view>;
[[nodiscard]] WantedPorts wanted_ports(const api::Gateway& gateway, std::span<const SetClaim> sets);

}  // namespace pintle::resolve
