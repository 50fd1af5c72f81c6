// How Gateways become reachable in a cluster, decided from a snapshot: a selector-less Service and its EndpointSlices
// for each, in its namespace, pointing at our own ready pods.
//  - guarantees: pure; the same snapshot gives the same plan, in the order of its objects; nothing to do, no action;
//  what
//    others wrote into our objects stays, and no object that is not marked as ours is touched; a port keeps its number
//    on our pods for as long as its Service lives; a mistake in a spec costs no Gateway its address: while it is
//    refused, or asks for an address it cannot have, its Service stays as it is.
//  - leaves to others: writing (InfraWriter); deleting what a deleted Gateway owned (the cluster's garbage collection).
//  - threads: any.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "controller/infra/action.hpp"
#include "controller/infra/settings.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::infra {

/// By Gateway: its ports, those of its ListenerSets too, for which the replicas have no number left; and what to say.
using Unplaced = std::map<api::ObjectKey, std::map<resolve::ListenerPort, std::string>>;

struct Plan {
  std::vector<Action> actions;
  std::map<api::ObjectKey, resolve::Problems> problems;  ///< by Gateway, for its Programmed condition
  Unplaced unplaced;
  resolve::RefSet refs;  ///< what was looked up: a change of it, or of a Gateway or class, asks for another plan
};

struct PlanInput {
  const store::ClusterSnapshot& snapshot;
  const resolve::StatusReport& report;  ///< of that snapshot: which Gateways are ours, and sound
  const Settings& settings;
};
[[nodiscard]] Plan plan_infra(const PlanInput& input);

/// The finalizer a GatewayClass of ours carries while a Gateway names it, so that it does not go from under one.
[[nodiscard]] std::vector<Action> plan_finalizers(const store::ClusterSnapshot& snapshot,
                                                  const resolve::StatusReport& report);
inline constexpr std::string_view class_finalizer = "gateway-exists-finalizer.gateway.networking.k8s.io";

/// Problems of Services into the report, where finish_status finds them: of the plan, or of the writes of it.
void tell_problems(const std::map<api::ObjectKey, resolve::Problems>& problems, resolve::StatusReport& report);

/// The same for listeners that could serve if their port had a number.
void tell_unplaced(const Unplaced& unplaced, resolve::StatusReport& report);

}  // namespace pintle::infra
