#include "controller/resolve/listener_sets.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "controller/resolve/age.hpp"
#include "controller/resolve/classes.hpp"
#include "controller/resolve/namespaces.hpp"
#include "controller/resolve/protocols.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

void add_ports(const std::vector<api::Listener>& listeners, WantedPorts& ports) {
  for (const api::Listener& listener : listeners) {
    const ServedProtocol* protocol = find_protocol(listener.protocol);
    if (protocol == nullptr) continue;
    const ListenerPort port{listener.port, protocol->transport};
    if (ports.size() < most_ports || ports.contains(port)) ports.try_emplace(port, listener.protocol);
  }
}

}  // namespace

ListenerSets::ListenerSets(const store::ClusterSnapshot& snapshot) : snapshot_(snapshot) {
  for (const api::ListenerSet& set : snapshot.all<api::ListenerSet>()) {
    const api::ParentReference& ref = set.spec.parent_ref;
    if (ref.group != api::gateway_group || ref.kind != to_string(api::Kind::Gateway)) continue;
    by_gateway_[{ref.ns ? *ref.ns : set.metadata.ns, ref.name}].push_back(&set);
  }
  for (auto& [gateway, sets] : by_gateway_)
    std::ranges::sort(sets, {}, [](const api::ListenerSet* set) {
      return std::tuple(birth_of(set->metadata), name_of(set->metadata));
    });
}

SetClaims ListenerSets::find(const api::Gateway& gateway, RefSet& refs) const {
  SetClaims claims;
  const auto found = by_gateway_.find({gateway.metadata.ns, gateway.metadata.name});
  if (found == by_gateway_.end()) return claims;
  const auto labels_of = [&](const std::string& ns) {
    refs.insert(ref_to(api::Kind::Namespace, {}, ns));
    return snapshot_.find_namespace_labels(ns);
  };
  claims.reserve(found->second.size());
  for (const api::ListenerSet* set : found->second)
    claims.push_back({set, admits(gateway.spec.allowed_listeners, gateway.metadata.ns, set->metadata.ns, labels_of)});
  return claims;
}

std::vector<ListenerSetReport> ListenerSets::find_orphans(const std::optional<std::string>& implied_class) const {
  std::vector<ListenerSetReport> orphans;
  for (const auto& [name, sets] : by_gateway_) {
    const auto* gateway = snapshot_.find<api::Gateway>(std::string(name.first), std::string(name.second));
    std::string why;
    if (gateway == nullptr)
      why = fmt::format("Gateway {}/{} does not exist", name.first, name.second);
    else if (implied_class != gateway->spec.gateway_class_name &&
             snapshot_.find<api::GatewayClass>({}, gateway->spec.gateway_class_name) == nullptr)
      why = fmt::format("Gateway {}/{} is of GatewayClass {}, which does not exist", name.first, name.second,
                        gateway->spec.gateway_class_name);
    else
      continue;
    for (const api::ListenerSet* set : sets)
      orphans.push_back({.object = identify(*set),
                         .accepted = {{"spec.parentRef", std::string(reason::parent_not_accepted), why}},
                         .listeners = {}});
  }
  return orphans;
}

WantedPorts wanted_ports(const api::Gateway& gateway, std::span<const SetClaim> sets) {
  WantedPorts ports;
  add_ports(gateway.spec.listeners, ports);
  for (const SetClaim& claim : sets)
    if (claim.allowed) add_ports(claim.set->spec.listeners, ports);
  return ports;
}

}  // namespace pintle::resolve
