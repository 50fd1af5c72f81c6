#include "controller/resolve/attachment.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/resolve/classes.hpp"
#include "controller/resolve/hostnames.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

bool selects(const api::ParentReference& ref, const api::Listener& listener) noexcept {
  return (!ref.section_name || ref.section_name->empty() || *ref.section_name == listener.name) &&
         (!ref.port || *ref.port == listener.port);
}

std::string describe_selection(const api::ParentReference& ref) {
  std::string text = "no listener";
  if (ref.section_name) text += fmt::format(" called {}", *ref.section_name);
  if (ref.port) text += fmt::format(" with port {}", *ref.port);
  return text;
}

/// Partly invalid is only what is accepted otherwise.
void refuse(ParentReport& report, std::string field, std::string_view reason, std::string message) {
  report.dropped.clear();
  report.accepted.insert(report.accepted.begin(), {std::move(field), std::string(reason), std::move(message)});
}

}  // namespace

/// The problems of the rules count as the route's alone when no rule is left; else the route serves the others
/// (RouteConditionPartiallyInvalid).
void Attachment::add_verdict(const RouteSlot& slot, ParentReport& report) const {
  const RouteVerdict& verdict = slot.verdict;
  Problems& broken = verdict.has_sound_rule ? report.dropped : report.accepted;
  broken.insert(broken.end(), verdict.broken_rules.begin(), verdict.broken_rules.end());
  report.resolved_refs = verdict.resolved_refs;
  report.notes = verdict.notes;
  if (!backends_.has_notes()) return;
  for (const BackendShelf::Slot* backend : slot.endpoints)
    report.notes.insert(report.notes.end(), backend->endpoints.notes.begin(), backend->endpoints.notes.end());
}

JudgedGateway* Attachment::find_gateway(std::string_view ns, std::string_view name) {
  const auto key_of = [](const JudgedGateway& one) {
    return std::pair<std::string_view, std::string_view>(one.object->metadata.ns, one.object->metadata.name);
  };
  const auto found = std::ranges::lower_bound(gateways_, std::pair(ns, name), {}, key_of);
  return found != gateways_.end() && key_of(*found) == std::pair(ns, name) ? &*found : nullptr;
}

const api::StringMap& Attachment::labels_of(const std::string& ns) {
  const auto known = labels_.find(ns);
  if (known != labels_.end()) return known->second;
  inputs_.refs.insert(ref_to(api::Kind::Namespace, {}, ns));
  return labels_.emplace(ns, inputs_.snapshot.find_namespace_labels(ns)).first->second;
}

bool Attachment::allows_namespace(const JudgedGateway& gateway, const api::Listener& listener, const std::string& ns) {
  const api::AllowedNamespaces& allowed = listener.allowed_routes.namespaces;
  switch (allowed.from.value) {
    case api::FromNamespaces::All:
      return true;
    case api::FromNamespaces::Same:
      return ns == gateway.object->metadata.ns;
    case api::FromNamespaces::Selector:
      return allowed.selector && !api::find_fault(*allowed.selector) && api::matches(*allowed.selector, labels_of(ns));
    case api::FromNamespaces::None:
    case api::FromNamespaces::Unknown:
      return false;
  }
  return false;
}

void Attachment::attach_to(JudgedGateway& gateway, const RouteSlot& slot, ParentReport& report,
                           std::vector<JudgedListener*>& attached) {
  const api::HTTPRoute& route = *slot.object;
  bool selected = false;
  bool allowed = false;
  bool met = false;
  for (JudgedListener& listener : gateway.listeners) {
    if (!selects(report.ref, *listener.spec)) continue;
    selected = true;
    if (listener.report.supported_kinds.empty() || !allows_namespace(gateway, *listener.spec, route.metadata.ns))
      continue;
    allowed = true;
    std::vector<std::string> hosts = hosts_in_common(listener.hostname, route.spec.hostnames);
    if (hosts.empty()) continue;
    met = true;
    // Two parentRefs may select one listener; the route stands there once.
    if (std::ranges::find(attached, &listener) != attached.end()) continue;
    attached.push_back(&listener);
    if (!slot.verdict.route->rules.empty()) listener.routes.push_back({slot.verdict.route, std::move(hosts)});
    if (slot.verdict.has_sound_rule) ++listener.report.attached_routes;
  }
  const std::string name = name_of(gateway.object->metadata);
  if (!selected)
    refuse(report, "spec.parentRefs", reason::no_matching_parent,
           fmt::format("Gateway {} has {}", name, describe_selection(report.ref)));
  else if (!allowed)
    refuse(report, "spec.parentRefs", reason::not_allowed_by_listeners,
           fmt::format("no listener of Gateway {} that the parentRef selects allows HTTPRoutes from namespace {}", name,
                       route.metadata.ns));
  else if (!met)
    refuse(report, "spec.hostnames", reason::no_matching_listener_hostname,
           fmt::format("no listener of Gateway {} that the parentRef selects has a hostname in common with {}", name,
                       fmt::join(route.spec.hostnames, ", ")));
}

Attachment::Result Attachment::attach_route(const RouteSlot& slot) {
  const api::HTTPRoute& route = *slot.object;
  Result result;
  RouteReport& report = result.report;
  report.object = identify(route);
  std::vector<JudgedListener*> attached;
  const auto& refs = route.spec.parent_refs;
  report.parents.reserve(refs.size());
  for (auto ref = refs.begin(); ref != refs.end(); ++ref) {
    if (ref->group != api::gateway_group || ref->kind != "Gateway") continue;
    if (std::find(refs.begin(), ref, *ref) != ref) continue;  // the same parent twice has one status
    JudgedGateway* gateway = find_gateway(ref->ns ? *ref->ns : route.metadata.ns, ref->name);
    if (gateway == nullptr) continue;
    ParentReport& parent = report.parents.emplace_back();
    parent.ref = *ref;
    if (gateway->report.standing == Standing::ClassPending) {
      parent.pending = true;
      continue;
    }
    add_verdict(slot, parent);
    attach_to(*gateway, slot, parent, attached);
  }
  const bool served =
      std::ranges::any_of(attached, [](const JudgedListener* listener) { return listener->report.served; });
  if (served)
    result.standing = RouteStanding::Served;
  else if (!report.parents.empty())
    result.standing = RouteStanding::Attached;
  return result;
}

}  // namespace pintle::resolve
