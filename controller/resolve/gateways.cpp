#include "controller/resolve/gateways.hpp"

#include <fmt/format.h>

#include "controller/api/document.hpp"
#include "controller/resolve/addresses.hpp"
#include "controller/resolve/classes.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

void judge_infrastructure(JudgedGateway& gateway) {
  const auto& infrastructure = gateway.object->spec.infrastructure;
  if (!infrastructure || !infrastructure->parameters_ref) return;
  const api::LocalObjectReference& ref = *infrastructure->parameters_ref;
  gateway.report.accepted.push_back({"spec.infrastructure.parametersRef", std::string(reason::invalid_parameters),
                                     fmt::format("parametersRef names {} {}, but this controller takes no parameters; "
                                                 "remove parametersRef",
                                                 ref.kind, ref.name)});
}

void note_what_has_no_effect(JudgedGateway& gateway) {
  const api::GatewaySpec& spec = gateway.object->spec;
  const api::AllowedNamespaces& sets = spec.allowed_listeners;
  if (sets.from.is_unknown())
    gateway.report.notes.push_back(
        fmt::format("allowedListeners admits nobody: {} is not known; use None, Same, All or "
                    "Selector",
                    api::quote(sets.from.text())));
  else if (sets.from == api::FromNamespaces::Selector && !sets.selector)
    gateway.report.notes.emplace_back("allowedListeners admits nobody: from is Selector, but there is no selector");
  else if (sets.from == api::FromNamespaces::Selector)
    if (const auto fault = api::find_fault(*sets.selector))
      gateway.report.notes.push_back(fmt::format("allowedListeners admits nobody: {}", *fault));
  if (spec.default_scope && spec.default_scope->is_unknown())
    gateway.report.notes.push_back(fmt::format("defaultScope {} is not known and has no effect; use All or None",
                                               api::quote(spec.default_scope->text())));
}

void assign_own_addresses(const Settings& settings, JudgedGateway& gateway) {
  AddressAssignment assignment = assign_addresses(*gateway.object, settings);
  std::ranges::move(assignment.accepted, std::back_inserter(gateway.report.accepted));
  gateway.report.programmed = std::move(assignment.programmed);
  gateway.report.addresses = std::move(assignment.addresses);
  gateway.report.port_offset = settings.port_offset;
}

void assign_service(Exposure exposure, JudgedGateway& gateway) {
  std::ranges::move(exposure.accepted, std::back_inserter(gateway.report.accepted));
  gateway.report.programmed = std::move(exposure.unusable);
  std::ranges::move(exposure.pending, std::back_inserter(gateway.report.programmed));
  gateway.report.published = std::move(exposure.addresses);
  gateway.target_ports = std::move(exposure.target_ports);
  for (const runtime::SocketAddress& address : any_addresses())
    gateway.report.addresses.push_back({address, AddressOrigin::Default});
}

JudgedGateway judge_gateway(const Inputs& inputs, const api::Gateway& object, const SetClaims& claims) {
  JudgedGateway gateway;
  gateway.object = &object;
  gateway.report.object = identify(object);
  judge_infrastructure(gateway);
  note_what_has_no_effect(gateway);
  if (inputs.settings.gateway_mode == GatewayMode::Direct) assign_own_addresses(inputs.settings, gateway);

  add_listeners(inputs, object, nullptr, gateway.listeners);
  gateway.own = static_cast<std::uint32_t>(gateway.listeners.size());
  add_sets(inputs, claims, gateway);
  judge_gateway_tls(inputs, gateway);
  judge_conflicts(gateway);
  judge_overlaps(gateway);
  return gateway;
}

/// Nothing of it is judged, nor of its sets.
/// Nothing can be said of them but that they wait.
std::vector<ListenerReport> make_pending(const std::vector<api::Listener>& listeners) {
  std::vector<ListenerReport> reports(listeners.size());
  for (std::size_t at = 0; at < listeners.size(); ++at) {
    reports[at].name = listeners[at].name;
    reports[at].port = listeners[at].port;
  }
  return reports;
}

JudgedGateway make_pending(const api::Gateway& object, const SetClaims& claims) {
  JudgedGateway pending;
  pending.object = &object;
  pending.report.object = identify(object);
  pending.report.standing = Standing::ClassPending;
  pending.report.listeners = make_pending(object.spec.listeners);
  for (const SetClaim& claim : claims) {
    JudgedSet& set = pending.sets.emplace_back();
    set.object = claim.set;
    set.report.object = identify(*claim.set);
    set.report.listeners = make_pending(claim.set->spec.listeners);
  }
  return pending;
}

/// What the Services of all our Gateways say: a number written into two of them belongs to one.
void assign_services(const Inputs& inputs, std::vector<JudgedGateway>& gateways) {
  std::vector<const api::Gateway*> ours;
  std::vector<JudgedGateway*> judged;
  for (JudgedGateway& gateway : gateways) {
    if (gateway.report.standing != Standing::Judged) continue;
    ours.push_back(gateway.object);
    judged.push_back(&gateway);
  }
  std::vector<Exposure> exposures = expose_gateways({.snapshot = inputs.snapshot,
                                                     .gateways = ours,
                                                     .controller_name = inputs.settings.controller_name,
                                                     .settings = inputs.settings.service},
                                                    inputs.refs);
  for (std::size_t at = 0; at < judged.size(); ++at) assign_service(std::move(exposures[at]), *judged[at]);
}

}  // namespace

std::vector<JudgedGateway> judge_gateways(const Inputs& inputs, const ListenerSets& sets,
                                          const std::vector<ClassReport>& classes) {
  std::vector<JudgedGateway> gateways;
  for (const api::Gateway& object : inputs.snapshot.all<api::Gateway>()) {
    const Membership membership = find_membership(inputs.snapshot, inputs.settings, classes, object);
    if (membership == Membership::Foreign) continue;
    const SetClaims claims = sets.find(object, inputs.refs);
    gateways.push_back(membership == Membership::Ours ? judge_gateway(inputs, object, claims)
                                                      : make_pending(object, claims));
  }
  if (inputs.settings.gateway_mode == GatewayMode::Service) assign_services(inputs, gateways);
  assign_sockets(gateways, inputs.settings);
  for (JudgedGateway& gateway : gateways) judge_sets(gateway);
  return gateways;
}

}  // namespace pintle::resolve
