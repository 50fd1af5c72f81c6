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

bool serves_kind(const JudgedListener& listener, api::Kind kind) {
  return std::ranges::any_of(listener.report.supported_kinds, [kind](const api::RouteGroupKind& one) {
    return one.kind == to_string(kind) && one.group == api::group_of(kind);
  });
}

/// A listener that serves nothing is no reason to send traffic to a backend.
bool is_served(const std::vector<JudgedGateway>& gateways, const Place& place) {
  return gateways[place.gateway].listeners[place.listener].report.served;
}

/// Equal parts keep the pointers they had.
void keep_pointers(const RouteAttachment& before, RouteAttachment& made) {
  if (before.report && *before.report == *made.report) made.report = before.report;
  for (Place& place : made.places)
    for (const Place& old : before.places)
      if (place.route && old.route && *old.route == *place.route) place.route = old.route;
}

/// Partly invalid is only what is accepted otherwise.
void refuse(ParentReport& report, std::string field, std::string_view reason, std::string message) {
  report.dropped.clear();
  report.accepted.insert(report.accepted.begin(), {std::move(field), std::string(reason), std::move(message)});
}

}  // namespace

GatewayFaces faces_of(const std::vector<JudgedGateway>& gateways) {
  GatewayFaces faces;
  faces.reserve(gateways.size());
  for (const JudgedGateway& gateway : gateways) {
    GatewayFace& face = faces.emplace_back(GatewayFace{gateway.object, gateway.report.standing, {}, {}});
    for (const JudgedListener& listener : gateway.listeners) {
      face.served.push_back(listener.report.served);
      face.kinds.push_back(listener.report.supported_kinds);
    }
  }
  return faces;
}

/// The problems of the rules count as the route's alone when no rule is left; else the route serves the others
/// (RouteConditionPartiallyInvalid).
void Attachment::add_verdict(const RouteSlot& slot, ParentReport& report) const {
  const RouteVerdict& verdict = slot.verdict;
  Problems& broken = verdict.has_sound_rule ? report.dropped : report.accepted;
  broken.insert(broken.end(), verdict.broken_rules.begin(), verdict.broken_rules.end());
  report.resolved_refs = verdict.resolved_refs;
  report.notes = verdict.notes;
  if (!backends_.has_notes()) return;
  for (auto use = slot.uses.begin(); use != slot.uses.end(); ++use) {
    if (use->target == nullptr) continue;
    const auto named_before =
        std::find_if(slot.uses.begin(), use, [&](const BackendUse& other) { return other.target == use->target; });
    if (named_before != use) continue;
    const std::vector<std::string>& notes = use->target->endpoints.notes;
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  }
}

std::optional<std::uint32_t> Attachment::find_gateway(std::string_view ns, std::string_view name) const {
  const auto key_of = [](const JudgedGateway& one) {
    return std::pair<std::string_view, std::string_view>(one.object->metadata.ns, one.object->metadata.name);
  };
  const auto found = std::ranges::lower_bound(gateways_, std::pair(ns, name), {}, key_of);
  if (found == gateways_.end() || key_of(*found) != std::pair(ns, name)) return std::nullopt;
  return static_cast<std::uint32_t>(found - gateways_.begin());
}

const api::StringMap& Attachment::labels_of(const std::string& ns) {
  const auto known = labels_.find(ns);
  if (known != labels_.end()) return known->second;
  return labels_.emplace(ns, snapshot_.find_namespace_labels(ns)).first->second;
}

bool Attachment::allows_namespace(const Visit& visit, const api::Listener& listener) {
  const std::string& ns = visit.slot.view.metadata->ns;
  const api::AllowedNamespaces& allowed = listener.allowed_routes.namespaces;
  switch (allowed.from.value) {
    case api::FromNamespaces::All:
      return true;
    case api::FromNamespaces::Same:
      return ns == gateways_[visit.gateway].object->metadata.ns;
    case api::FromNamespaces::Selector:
      if (!allowed.selector || api::find_fault(*allowed.selector)) return false;
      visit.made.asked_labels = true;
      return api::matches(*allowed.selector, labels_of(ns));
    case api::FromNamespaces::None:
    case api::FromNamespaces::Unknown:
      return false;
  }
  return false;
}

void Attachment::attach_to(const Visit& visit) {
  const JudgedGateway& gateway = gateways_[visit.gateway];
  const RouteView& route = visit.slot.view;
  ParentReport& report = visit.report;
  bool selected = false;
  bool allowed = false;
  bool met = false;
  for (std::uint32_t at = 0; at < gateway.listeners.size(); ++at) {
    const JudgedListener& listener = gateway.listeners[at];
    if (!selects(report.ref, *listener.spec)) continue;
    selected = true;
    if (!serves_kind(listener, route.kind) || !allows_namespace(visit, *listener.spec)) continue;
    allowed = true;
    std::vector<std::string> hosts = hosts_in_common(listener.hostname, *route.hostnames);
    if (hosts.empty()) continue;
    met = true;
    stand_at(visit, at, std::move(hosts));
  }
  const auto name = [&] { return name_of(gateway.object->metadata); };
  if (!selected)
    refuse(report, "spec.parentRefs", reason::no_matching_parent,
           fmt::format("Gateway {} has {}", name(), describe_selection(report.ref)));
  else if (!allowed)
    refuse(report, "spec.parentRefs", reason::not_allowed_by_listeners,
           fmt::format("no listener of Gateway {} that the parentRef selects allows {}s from namespace {}", name(),
                       to_string(route.kind), route.metadata->ns));
  else if (!met)
    refuse(report, "spec.hostnames", reason::no_matching_listener_hostname,
           fmt::format("no listener of Gateway {} that the parentRef selects has a hostname in common with {}", name(),
                       fmt::join(*route.hostnames, ", ")));
}

/// Two parentRefs may select one listener; the route stands there once. Listeners with the same hosts share what
/// stands at them.
void Attachment::stand_at(const Visit& visit, std::uint32_t listener, std::vector<std::string> hosts) {
  std::vector<Place>& places = visit.made.places;
  Place place{visit.gateway, listener, nullptr};
  for (const Place& other : places) {
    if (other.gateway == visit.gateway && other.listener == listener) return;
    if (other.route && other.route->hostnames == hosts) place.route = other.route;
  }
  const auto& resolved = visit.slot.verdict.route;
  if (!place.route && !resolved->rules.empty())
    place.route = std::make_shared<const AttachedRoute>(AttachedRoute{resolved, std::move(hosts)});
  places.push_back(std::move(place));
}

void Attachment::attach_by(const RouteSlot& slot, const api::ParentReference& ref, std::uint32_t gateway,
                           RouteReport& report, RouteAttachment& made) {
  ParentReport& parent = report.parents.emplace_back();
  parent.ref = ref;
  if (gateways_[gateway].report.standing == Standing::ClassPending) {
    parent.pending = true;
    return;
  }
  add_verdict(slot, parent);
  attach_to({slot, gateway, parent, made});
}

/// To every Gateway that offers itself (spec.useDefaultGateways, GEP-3793), as if a parentRef named it. One that a
/// parentRef names already is judged by that.
void Attachment::attach_to_defaults(const RouteSlot& slot, RouteReport& report, RouteAttachment& made) {
  for (std::uint32_t at = 0; at < gateways_.size(); ++at) {
    const api::Gateway& gateway = *gateways_[at].object;
    if (!gateway.spec.default_scope || *gateway.spec.default_scope != api::DefaultScope::All) continue;
    const bool named = std::ranges::any_of(report.parents, [&](const ParentReport& one) {
      const std::string& ns = one.ref.ns ? *one.ref.ns : slot.view.metadata->ns;
      return ns == gateway.metadata.ns && one.ref.name == gateway.metadata.name;
    });
    if (named) continue;
    api::ParentReference ref;
    ref.ns = gateway.metadata.ns;
    ref.name = gateway.metadata.name;
    attach_by(slot, ref, at, report, made);
  }
}

RouteAttachment Attachment::attach_route(const RouteSlot& slot) {
  const RouteView& route = slot.view;
  RouteAttachment made;
  auto report = std::make_shared<RouteReport>();
  report->object = {
      {route.kind, route.metadata->ns, route.metadata->name}, route.metadata->uid, route.metadata->generation};
  const auto& refs = *route.parent_refs;
  report->parents.reserve(refs.size());
  for (auto ref = refs.begin(); ref != refs.end(); ++ref) {
    if (ref->group != api::gateway_group || ref->kind != "Gateway") continue;
    if (std::find(refs.begin(), ref, *ref) != ref) continue;  // the same parent twice has one status
    if (const auto gateway = find_gateway(ref->ns ? *ref->ns : route.metadata->ns, ref->name))
      attach_by(slot, *ref, *gateway, *report, made);
  }
  if (route.use_default_gateways == api::DefaultScope::All) attach_to_defaults(slot, *report, made);
  if (std::ranges::any_of(made.places, [this](const Place& place) { return is_served(gateways_, place); }))
    made.standing = RouteStanding::Served;
  else if (!report->parents.empty())
    made.standing = RouteStanding::Attached;
  made.report = std::move(report);
  keep_pointers(slot.attachment, made);
  return made;
}

}  // namespace pintle::resolve
