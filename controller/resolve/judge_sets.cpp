// ListenerSets of a Gateway: what they add to it, and whether they are accepted.
#include <algorithm>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/resolve/classes.hpp"
#include "controller/resolve/gateways.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

std::string describe_allowed(const api::AllowedNamespaces& allowed) {
  switch (allowed.from.value) {
    case api::FromNamespaces::Same:
      return "only those of its own namespace";
    case api::FromNamespaces::Selector:
      return "only those of namespaces that its selector selects";
    default:
      return "none";
  }
}

Problem make_not_allowed(const api::Gateway& gateway) {
  return {"spec.parentRef", std::string(reason::not_allowed),
          fmt::format("Gateway {} allows {} (spec.allowedListeners)", name_of(gateway.metadata),
                      describe_allowed(gateway.spec.allowed_listeners))};
}

/// Of the listeners of sets those for whose ports the Gateway has no room (wanted_ports).
void refuse_what_is_too_many(const WantedPorts& wanted, std::span<JudgedListener> listeners) {
  for (JudgedListener& listener : listeners)
    if (listener.protocol != nullptr && !wanted.contains(port_of(listener)))
      listener.report.accepted.push_back(
          {field_of(listener) + ".port", std::string(reason::too_many_listeners),
           fmt::format("the Gateway has {} ports already, and no more are served; use one of them, or another Gateway",
                       most_ports)});
}

}  // namespace

void add_sets(const Inputs& inputs, const SetClaims& claims, JudgedGateway& gateway) {
  gateway.sets.reserve(claims.size());
  for (const SetClaim& claim : claims) {
    JudgedSet& set = gateway.sets.emplace_back();
    set.object = claim.set;
    set.report.object = identify(*claim.set);
    set.first = static_cast<std::uint32_t>(gateway.listeners.size());
    if (claim.allowed)
      add_listeners(inputs, *claim.set, claim.set, gateway.listeners);
    else
      set.report.accepted.push_back(make_not_allowed(*gateway.object));
    set.last = static_cast<std::uint32_t>(gateway.listeners.size());
  }
  if (gateway.listeners.size() == gateway.own) return;
  refuse_what_is_too_many(wanted_ports(*gateway.object, claims), std::span(gateway.listeners).subspan(gateway.own));
}

bool is_accepted(const JudgedGateway& gateway) noexcept {
  const auto own = std::span(gateway.listeners).first(gateway.own);
  return gateway.report.accepted.empty() &&
         std::ranges::any_of(own, [](const JudgedListener& one) { return one.report.accepted.empty(); });
}

void judge_sets(JudgedGateway& gateway) {
  if (gateway.report.standing != Standing::Judged) return;
  const bool allows = gateway.object->spec.allowed_listeners.from != api::FromNamespaces::None;
  if (allows || !gateway.sets.empty()) gateway.report.attached_sets = 0;
  const bool parent = is_accepted(gateway);
  for (JudgedSet& set : gateway.sets) {
    Problems& accepted = set.report.accepted;
    const auto listeners = std::span(gateway.listeners).subspan(set.first, set.last - set.first);
    const auto is_valid = [](const JudgedListener& one) { return one.report.valid; };
    if (accepted.empty() && !parent)
      accepted.push_back({"spec.parentRef", std::string(reason::parent_not_accepted),
                          fmt::format("Gateway {} is not accepted", name_of(gateway.object->metadata))});
    else if (accepted.empty() && std::ranges::none_of(listeners, is_valid))
      accepted.push_back({"spec.listeners", std::string(reason::listeners_not_valid), "not one listener can serve"});
    if (accepted.empty()) ++*gateway.report.attached_sets;
  }
}

}  // namespace pintle::resolve
