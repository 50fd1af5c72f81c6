#include "controller/resolve/attachment.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/resolve/classes.hpp"
#include "controller/resolve/hostnames.hpp"
#include "controller/resolve/namespaces.hpp"
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
    GatewayFace& face = faces.emplace_back(GatewayFace{gateway.object, gateway.report.standing, {}, {}, {}});
    for (const JudgedSet& set : gateway.sets) face.sets.emplace_back(set.object, set.first != set.last);
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
  if (verdict.remarks) {
    const RouteRemarks& remarks = *verdict.remarks;
    Problems& broken = verdict.has_sound_rule ? report.dropped : report.accepted;
    broken.insert(broken.end(), remarks.broken_rules.begin(), remarks.broken_rules.end());
    report.resolved_refs = remarks.resolved_refs;
    report.notes = remarks.notes;
  }
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

Attachment::Attachment(const store::ClusterSnapshot& snapshot, const std::vector<JudgedGateway>& gateways,
                       const BackendShelf& backends)
    : snapshot_(snapshot), gateways_(gateways), backends_(backends) {
  for (std::uint32_t at = 0; at < gateways.size(); ++at)
    for (const JudgedSet& set : gateways[at].sets)
      sets_.emplace(std::pair(std::string_view(set.object->metadata.ns), std::string_view(set.object->metadata.name)),
                    Parent{at, &set});
}

std::optional<Attachment::Parent> Attachment::find_parent(const api::ParentReference& ref,
                                                          const std::string& route_ns) const {
  if (ref.group != api::gateway_group) return std::nullopt;
  const std::string_view ns = ref.ns ? *ref.ns : route_ns;
  const std::string_view name = ref.name;
  if (ref.kind == to_string(api::Kind::ListenerSet)) {
    const auto set = sets_.find({ns, name});
    return set == sets_.end() ? std::nullopt : std::optional(set->second);
  }
  if (ref.kind != to_string(api::Kind::Gateway)) return std::nullopt;
  const auto key_of = [](const JudgedGateway& one) {
    return std::pair<std::string_view, std::string_view>(one.object->metadata.ns, one.object->metadata.name);
  };
  const auto found = std::ranges::lower_bound(gateways_, std::pair(ns, name), {}, key_of);
  if (found == gateways_.end() || key_of(*found) != std::pair(ns, name)) return std::nullopt;
  return Parent{static_cast<std::uint32_t>(found - gateways_.begin())};
}

std::string Attachment::describe(const Parent& parent) const {
  return parent.set == nullptr ? fmt::format("Gateway {}", name_of(gateways_[parent.gateway].object->metadata))
                               : fmt::format("ListenerSet {}", name_of(parent.set->object->metadata));
}

const api::Labels& Attachment::labels_of(const std::string& ns) {
  const auto known = labels_.find(ns);
  if (known != labels_.end()) return known->second;
  return labels_.emplace(ns, snapshot_.find_namespace_labels(ns)).first->second;
}

bool Attachment::allows_namespace(const Visit& visit, const api::Listener& listener) {
  const api::ObjectMeta& owner = visit.parent.set == nullptr ? gateways_[visit.parent.gateway].object->metadata
                                                             : visit.parent.set->object->metadata;
  const auto ask_labels = [&](const std::string& ns) -> const api::Labels& {
    visit.made.asked_labels = true;
    return labels_of(ns);
  };
  return admits(listener.allowed_routes.namespaces, owner.ns, visit.slot.view.metadata->ns, ask_labels);
}

void Attachment::attach_to(const Visit& visit) {
  const JudgedGateway& gateway = gateways_[visit.parent.gateway];
  const JudgedSet* set = visit.parent.set;
  const RouteView& route = visit.slot.view;
  ParentReport& report = visit.report;
  bool selected = false;
  bool allowed = false;
  bool met = false;
  const std::uint32_t last = set == nullptr ? gateway.own : set->last;
  for (std::uint32_t at = set == nullptr ? 0 : set->first; at < last; ++at) {
    const JudgedListener& listener = gateway.listeners[at];
    if (!selects(report.ref, *listener.spec)) continue;
    selected = true;
    if (!serves_kind(listener, route.kind) || !allows_namespace(visit, *listener.spec)) continue;
    allowed = true;
    SharedList<std::string> hosts = hosts_in_common(listener.hostname, *route.hostnames);
    if (hosts.empty()) continue;
    met = true;
    hosts.share_with(last_hosts_);
    last_hosts_ = hosts;
    stand_at(visit, at, std::move(hosts));
  }
  const auto name = [&] { return describe(visit.parent); };
  if (!selected)
    refuse(report, "spec.parentRefs", reason::no_matching_parent,
           fmt::format("{} has {}", name(), describe_selection(report.ref)));
  else if (!allowed)
    refuse(report, "spec.parentRefs", reason::not_allowed_by_listeners,
           fmt::format("no listener of {} that the parentRef selects allows {}s from namespace {}", name(),
                       to_string(route.kind), route.metadata->ns));
  else if (!met)
    refuse(report, "spec.hostnames", reason::no_matching_listener_hostname,
           fmt::format("no listener of {} that the parentRef selects has a hostname in common with {}", name(),
                       fmt::join(*route.hostnames, ", ")));
}

/// Two parentRefs may select one listener; the route stands there once. Listeners with the same hosts share what
/// stands at them.
void Attachment::stand_at(const Visit& visit, std::uint32_t listener, SharedList<std::string> hosts) {
  std::vector<Place>& places = visit.made.places;
  Place place{visit.parent.gateway, listener, nullptr};
  for (const Place& other : places) {
    if (other.gateway == place.gateway && other.listener == listener) return;
    if (other.route && other.route->hostnames == hosts) place.route = other.route;
  }
  const auto& resolved = visit.slot.verdict.route;
  if (!place.route && !resolved->rules.empty())
    place.route = std::make_shared<const AttachedRoute>(AttachedRoute{resolved, std::move(hosts)});
  places.push_back(std::move(place));
}

void Attachment::attach_by(const RouteSlot& slot, const api::ParentReference& ref, const Parent& found,
                           std::vector<ParentReport>& parents, RouteAttachment& made) {
  ParentReport& parent = parents.emplace_back();
  parent.ref = ref;
  if (gateways_[found.gateway].report.standing == Standing::ClassPending) {
    parent.pending = true;
    return;
  }
  add_verdict(slot, parent);
  if (found.set != nullptr && found.set->first == found.set->last)
    refuse(parent, "spec.parentRefs", reason::no_matching_parent,
           fmt::format("{} adds no listener to its Gateway, which does not allow it", describe(found)));
  else
    attach_to({slot, found, parent, made});
}

/// To every Gateway that offers itself (spec.useDefaultGateways, GEP-3793), as if a parentRef named it. One that a
/// parentRef names already is judged by that.
void Attachment::attach_to_defaults(const RouteSlot& slot, std::vector<ParentReport>& parents, RouteAttachment& made) {
  for (std::uint32_t at = 0; at < gateways_.size(); ++at) {
    const api::Gateway& gateway = *gateways_[at].object;
    if (!gateway.spec.default_scope || *gateway.spec.default_scope != api::DefaultScope::All) continue;
    const bool named = std::ranges::any_of(parents, [&](const ParentReport& one) {
      const std::string& ns = one.ref.ns ? *one.ref.ns : slot.view.metadata->ns;
      return one.ref.kind == to_string(api::Kind::Gateway) && ns == gateway.metadata.ns &&
             one.ref.name == gateway.metadata.name;
    });
    if (named) continue;
    api::ParentReference ref;
    ref.ns = gateway.metadata.ns;
    ref.name = gateway.metadata.name;
    attach_by(slot, ref, Parent{at}, parents, made);
  }
}

RouteAttachment Attachment::attach_route(const RouteSlot& slot) {
  const RouteView& route = slot.view;
  RouteAttachment made;
  auto report = std::make_shared<RouteReport>();
  report->object = {
      {route.kind, route.metadata->ns, route.metadata->name}, route.metadata->uid, route.metadata->generation};
  const auto& refs = *route.parent_refs;
  std::vector<ParentReport> parents;
  parents.reserve(refs.size());
  for (auto ref = refs.begin(); ref != refs.end(); ++ref) {
    if (std::find(refs.begin(), ref, *ref) != ref) continue;  // the same parent twice has one status
    if (const auto parent = find_parent(*ref, route.metadata->ns)) attach_by(slot, *ref, *parent, parents, made);
  }
  if (route.use_default_gateways == api::DefaultScope::All) attach_to_defaults(slot, parents, made);
  if (std::ranges::any_of(made.places, [this](const Place& place) { return is_served(gateways_, place); }))
    made.standing = RouteStanding::Served;
  else if (!parents.empty())
    made.standing = RouteStanding::Attached;
  report->parents = std::move(parents);
  report->parents.share_with(last_parents_);
  last_parents_ = report->parents;
  made.report = std::move(report);
  keep_pointers(slot.attachment, made);
  return made;
}

}  // namespace pintle::resolve
