#include "controller/infra/plan.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controller/infra/metadata.hpp"
#include "controller/infra/service.hpp"
#include "controller/infra/slices.hpp"
#include "controller/infra/target_ports.hpp"
#include "controller/resolve/age.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"
#include "controller/resolve/service_names.hpp"

namespace pintle::infra {
namespace {

using nlohmann::json;

/// A Gateway of ours with what was found out about it.
struct Ours {
  const resolve::GatewayReport* report = nullptr;
  resolve::Exposure exposure;
};

class Planning {
 public:
  Planning(const PlanInput& input, Plan& plan)
      : input_(input), plan_(plan), replicas_(find_replicas(input.snapshot, input.settings)) {}

  void run() {
    collect();
    const std::vector<Ours*> order = order_by_age();
    give_target_ports(order);
    for (Ours* one : order) plan_gateway(*one);
    remove_leftovers();
    plan_.refs.insert(resolve::ref_to(api::Kind::EndpointSlice, input_.settings.replicas_namespace, "*"));
    for (const auto& [gateway, names] : names_)
      plan_.refs.insert(resolve::ref_to(api::Kind::EndpointSlice, gateway.ns, "*"));
    std::ranges::sort(plan_.actions, {}, &Action::object);
  }

 private:
  void collect() {
    std::vector<const api::Gateway*> gateways;
    for (const resolve::GatewayReport& report : input_.report.gateways) {
      const api::ObjectKey& key = report.object.key;
      if (const auto* gateway = input_.snapshot.find<api::Gateway>(key.ns, key.name)) {
        gateways.push_back(gateway);
        ours_.push_back({.report = &report, .exposure = {}});
      }
    }
    std::vector<resolve::Exposure> exposures =
        resolve::expose_gateways({.snapshot = input_.snapshot,
                                  .gateways = gateways,
                                  .controller_name = input_.settings.controller_name,
                                  .settings = input_.settings.service},
                                 plan_.refs);
    for (std::size_t at = 0; at < ours_.size(); ++at) ours_[at].exposure = std::move(exposures[at]);
  }

  std::vector<Ours*> order_by_age() {
    std::vector<Ours*> order;
    order.reserve(ours_.size());
    for (Ours& one : ours_) order.push_back(&one);
    std::ranges::sort(order, {}, [](const Ours* one) {
      const api::ObjectMeta& metadata = one->exposure.gateway->metadata;
      return std::tuple(resolve::birth_of(metadata), std::string_view(metadata.ns), std::string_view(metadata.name));
    });
    return order;
  }

  /// Refused, or asking for what it cannot have: its Service stays as it is, but its pods are followed.
  static bool is_held(const Ours& one) {
    return one.report->standing != resolve::Standing::Judged || !one.report->accepted.empty() ||
           !one.exposure.accepted.empty() || !one.exposure.unusable.empty() ||
           one.exposure.gateway->metadata.deletion_timestamp.has_value();
  }

  /// The oldest Gateway chooses first; what ListenerSets add comes after the own listeners of every Gateway, and is no
  /// fault of theirs.
  void give_target_ports(const std::vector<Ours*>& order) {
    std::vector<resolve::Exposure> exposures;
    exposures.reserve(order.size());
    for (const Ours* one : order) exposures.push_back(one->exposure);
    TargetPortRange numbers(exposures, input_.settings.service);
    for (Ours* one : order) {
      if (is_held(*one)) continue;
      for (const resolve::ListenerPort port :
           numbers.complete(one->exposure, resolve::wanted_ports(*one->exposure.gateway, {})))
        plan_.problems[api::key_of(*one->exposure.gateway)].push_back(
            {"spec.listeners", std::string(no_resources), describe_exhausted(port)});
    }
    for (Ours* one : order) {
      if (is_held(*one)) continue;
      for (const resolve::ListenerPort port : numbers.complete(one->exposure, one->exposure.wanted))
        plan_.unplaced[api::key_of(*one->exposure.gateway)].emplace(port, describe_exhausted(port));
    }
  }

  std::string describe_exhausted(resolve::ListenerPort port) const {
    const resolve::PortRange range = input_.settings.service.target_ports;
    return fmt::format("port {} has no port on the replicas: all of {}-{} are taken; start with a larger --port-range",
                       port.port, range.first, range.last);
  }

  void plan_gateway(const Ours& one) {
    const resolve::Exposure& exposure = one.exposure;
    const bool held = is_held(one);
    const std::string name = exposure.service != nullptr ? exposure.service->metadata.name : free_name(exposure);
    names_.emplace(api::key_of(*exposure.gateway), name);
    if (held && exposure.service == nullptr) return;
    const std::vector<api::ServicePort> ports = held ? exposure.service->ports : make_ports(exposure, input_.settings);
    // A Service must have a port: without one there is nothing to make, and what is there stays.
    if (!held && !ports.empty())
      if (auto action = plan_service({exposure, name, ports, input_.settings})) plan_.actions.push_back(*action);
    if (ports.empty() && exposure.service == nullptr) return;
    plan_slices({.snapshot = input_.snapshot,
                 .gateway = *exposure.gateway,
                 .service = name,
                 .ports = ports,
                 .replicas = replicas_,
                 .settings = input_.settings},
                plan_.actions);
  }

  /// The first name under which nothing stands and which no other Gateway of this plan has taken.
  std::string free_name(const resolve::Exposure& exposure) {
    const std::string& ns = exposure.gateway->metadata.ns;
    std::string last;
    for (std::string& name : resolve::service_names(*exposure.gateway)) {
      last = std::move(name);
      if (input_.snapshot.find<api::Service>(ns, last) == nullptr && taken_names_.emplace(ns, last).second) break;
    }
    return last;
  }

  /// Services and slices of ours whose Gateway has another class now, or has its Service under another name.
  void remove_leftovers() {
    for (const api::Service& service : input_.snapshot.all<api::Service>())
      if (const api::Gateway* gateway = find_left(service.metadata, service.metadata.name)) remove(service, *gateway);
    for (const api::EndpointSlice& slice : input_.snapshot.all<api::EndpointSlice>())
      if (const api::Gateway* gateway = find_left(slice.metadata, slice.service_name())) remove(slice, *gateway);
  }

  /// The Gateway that owns the object and has no use for it; nullptr if there is none: garbage collection takes what a
  /// deleted Gateway owned.
  const api::Gateway* find_left(const api::ObjectMeta& object, std::string_view service) const {
    if (object.deletion_timestamp || !resolve::is_made_by(object, input_.settings.controller_name)) return nullptr;
    const api::OwnerReference* owner = resolve::find_gateway_owner(object);
    const auto* gateway = owner == nullptr ? nullptr : input_.snapshot.find<api::Gateway>(object.ns, owner->name);
    if (gateway == nullptr || gateway->metadata.uid != owner->uid) return nullptr;
    const auto used = names_.find(api::key_of(*gateway));
    return used == names_.end() || used->second != service ? gateway : nullptr;
  }

  template <class T>
  void remove(const T& object, const api::Gateway& gateway) {
    plan_.actions.push_back({.verb = Verb::Delete,
                             .object = api::key_of(object),
                             .cause = api::key_of(gateway),
                             .body = json{{"preconditions", precondition(object.metadata)}}.dump()});
  }

  static constexpr std::string_view no_resources = "NoResources";

  const PlanInput& input_;
  Plan& plan_;
  Replicas replicas_;
  std::vector<Ours> ours_;
  std::map<api::ObjectKey, std::string> names_;  ///< of the Service of each Gateway of ours
  std::set<std::pair<std::string, std::string>> taken_names_;
};

}  // namespace

Plan plan_infra(const PlanInput& input) {
  Plan plan;
  Planning(input, plan).run();
  return plan;
}

std::vector<Action> plan_finalizers(const store::ClusterSnapshot& snapshot, const resolve::StatusReport& report) {
  std::set<std::string_view> used;
  for (const api::Gateway& gateway : snapshot.all<api::Gateway>()) used.insert(gateway.spec.gateway_class_name);
  std::vector<Action> actions;
  for (const resolve::ClassReport& one : report.classes) {
    const auto* object = snapshot.find<api::GatewayClass>({}, one.object.key.name);
    if (object == nullptr) continue;
    const api::ObjectMeta& metadata = object->metadata;
    std::vector<std::string> finalizers = metadata.finalizers.copy();
    const auto ours = std::ranges::find(finalizers, class_finalizer);
    const bool wanted = used.contains(metadata.name);
    const bool present = ours != finalizers.end();
    // The API lets nobody add a finalizer to what is being deleted.
    if (wanted == present || (wanted && metadata.deletion_timestamp)) continue;
    if (wanted)
      finalizers.emplace_back(class_finalizer);
    else
      finalizers.erase(ours);
    json patch = precondition(metadata);
    patch["finalizers"] = finalizers;
    actions.push_back({.verb = Verb::Patch,
                       .object = one.object.key,
                       .cause = one.object.key,
                       .body = json{{"metadata", patch}}.dump()});
  }
  return actions;
}

void tell_problems(const std::map<api::ObjectKey, resolve::Problems>& problems, resolve::StatusReport& report) {
  for (resolve::GatewayReport& gateway : report.gateways)
    if (const auto found = problems.find(gateway.object.key); found != problems.end())
      gateway.programmed.insert(gateway.programmed.end(), found->second.begin(), found->second.end());
}

void tell_unplaced(const Unplaced& unplaced, resolve::StatusReport& report) {
  for (resolve::GatewayReport& gateway : report.gateways) {
    const auto ports = unplaced.find(gateway.object.key);
    if (ports == unplaced.end()) continue;
    const auto tell = [&](std::vector<resolve::ListenerReport>& listeners) {
      for (resolve::ListenerReport& listener : listeners)
        if (const auto found = ports->second.find({listener.port, listener.transport});
            found != ports->second.end() && listener.valid && !listener.served)
          listener.unplaced = found->second;
    };
    tell(gateway.listeners);
    for (resolve::ListenerSetReport& set : gateway.sets) tell(set.listeners);
  }
}

}  // namespace pintle::infra
