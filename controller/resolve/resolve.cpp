#include "controller/resolve/resolve.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "controller/resolve/attachment.hpp"
#include "controller/resolve/backends.hpp"
#include "controller/resolve/certificates.hpp"
#include "controller/resolve/changes.hpp"
#include "controller/resolve/classes.hpp"
#include "controller/resolve/gateways.hpp"
#include "controller/resolve/refs.hpp"
#include "controller/resolve/routes.hpp"

namespace pintle::resolve {

struct Memo::State {
  store::ClusterSnapshot snapshot;  ///< keeps alive, and so unique, what pointers are compared with
  bool allow_loopback_backends = false;
  std::map<BackendKey, runtime::SocketAddress> backend_overrides;
  CertificateShelf certificates;
  BackendShelf backends;
  RouteShelf routes{backends};
  BackendTlsPolicies policies;
  TrafficPolicies traffic;
  GatewayFaces faces;  ///< of the attachments that the routes hold
};

Memo::Memo() : state_(std::make_unique<State>()) {}
Memo::~Memo() = default;
Memo::Memo(Memo&&) noexcept = default;
Memo& Memo::operator=(Memo&&) noexcept = default;

namespace {

/// Everything but certificates was judged by these settings too.
void forget_if_settings_differ(Memo::State& state, const Settings& settings) {
  if (state.allow_loopback_backends == settings.allow_loopback_backends &&
      state.backend_overrides == settings.backend_overrides)
    return;
  state.snapshot = {};
  state.routes.forget_all();
  state.backends = {};
  state.allow_loopback_backends = settings.allow_loopback_backends;
  state.backend_overrides = settings.backend_overrides;
}

ResolvedListener make_listener(JudgedListener& judged) {
  ResolvedListener listener;
  listener.name = judged.set == nullptr ? judged.spec->name
                                        : fmt::format("{}/{}", name_of(judged.set->metadata), judged.spec->name);
  listener.hostname = judged.hostname;
  listener.port = judged.spec->port;
  listener.protocol = protocol_of(judged);
  listener.certificates = std::move(judged.certificates);
  listener.clients = std::move(judged.clients);
  listener.routes = std::move(judged.routes);
  return listener;
}

void add_gateway(JudgedGateway& judged, Resolution& resolution) {
  ResolvedGateway gateway;
  gateway.namespace_ = judged.object->metadata.ns;
  gateway.name = judged.object->metadata.name;
  gateway.port_offset = judged.report.port_offset;
  gateway.client_certificate = std::move(judged.client_certificate);
  for (JudgedListener& listener : judged.listeners)
    if (listener.report.served) gateway.listeners.push_back(make_listener(listener));
  const auto take_reports = [&judged](std::uint32_t first, std::uint32_t last, std::vector<ListenerReport>& into) {
    for (; first != last; ++first) into.push_back(std::move(judged.listeners[first].report));
  };
  take_reports(0, judged.own, judged.report.listeners);
  for (JudgedSet& set : judged.sets) {
    take_reports(set.first, set.last, set.report.listeners);
    judged.report.sets.push_back(std::move(set.report));
  }
  gateway.sockets_by_port = std::move(judged.sockets_by_port);
  if (!gateway.listeners.empty()) resolution.model.gateways.push_back(std::move(gateway));
  resolution.report.gateways.push_back(std::move(judged.report));
}

/// An attachment holds while the route, its verdict and all it looked at of Gateways and namespaces do.
void attach_routes(Memo::State& state, const store::ClusterSnapshot& snapshot, const Changes& changes,
                   const std::vector<JudgedGateway>& gateways) {
  GatewayFaces faces = faces_of(gateways);
  const bool same = changes.same_namespaces() && !state.backends.notes_changed() && faces == state.faces;
  state.faces = std::move(faces);
  Attachment attachment(snapshot, gateways, state.backends);
  state.routes.for_each([&](RouteSlot& slot) {
    if (same && slot.attached) return;
    slot.attachment = attachment.attach_route(slot);
    slot.attached = true;
    state.routes.set_standing(slot, slot.attachment.standing);
  });
}

/// Each attachment to where it belongs.
void place_routes(RouteShelf& routes, std::vector<JudgedGateway>& gateways, Resolution& resolution) {
  const std::string* asked = nullptr;
  routes.for_each([&](const RouteSlot& slot) {
    const RouteAttachment& attachment = slot.attachment;
    resolution.report.routes.push_back(attachment.report);
    resolution.keeps_sessions |= slot.verdict.keeps_sessions && !attachment.places.empty();
    for (const Place& place : attachment.places) {
      JudgedListener& listener = gateways[place.gateway].listeners[place.listener];
      if (place.route) listener.routes.push_back(place.route);
      if (slot.verdict.has_sound_rule) ++listener.report.attached_routes;
    }
    const std::string& ns = slot.view.metadata->ns;
    if (!attachment.asked_labels || (asked != nullptr && *asked == ns)) return;
    resolution.refs.own.insert(ref_to(api::Kind::Namespace, {}, ns));
    asked = &ns;
  });
}

/// A policy can be about the backends of the route at this listener: bytes that are passed on as they are are not ours.
bool can_be_secured(api::Kind route, const JudgedListener& listener) {
  if (route == api::Kind::TLSRoute) return ends_tls(listener);
  return route == api::Kind::HTTPRoute || route == api::Kind::GRPCRoute;
}

/// Which Gateways send traffic to which ports of Services, where a policy can be about it.
std::set<ServiceUse> uses_of_services(RouteShelf& routes, const store::ClusterSnapshot& snapshot,
                                      const Memo::State& policies, const std::vector<JudgedGateway>& gateways) {
  std::set<ServiceUse> uses;
  const auto is_named = [&policies](const std::string& ns, const std::string& service) {
    return policies.policies.name(ns, service) || policies.traffic.find(ns, service) != nullptr;
  };
  routes.for_each([&](const RouteSlot& slot) {
    for (const BackendUse& use : slot.uses) {
      const api::BackendObjectReference& ref = use.referral->ref;
      const std::string& ns = ref.ns ? *ref.ns : slot.view.metadata->ns;
      if (slot.attachment.places.empty() || !is_named(ns, ref.name)) continue;
      const auto* service = snapshot.find<api::Service>(ns, ref.name);
      std::string port;
      if (service != nullptr && ref.port) {
        const auto found = std::ranges::find(service->ports, *ref.port, &api::ServicePort::port);
        if (found != service->ports.end()) port = found->name;
      }
      for (const Place& place : slot.attachment.places) {
        if (!can_be_secured(slot.view.kind, gateways[place.gateway].listeners[place.listener])) continue;
        const api::ObjectMeta& gateway = gateways[place.gateway].object->metadata;
        api::ParentReference ancestor;
        ancestor.ns = gateway.ns;
        ancestor.name = gateway.name;
        uses.insert({std::move(ancestor), ns, ref.name, port});
      }
    }
  });
  return uses;
}

}  // namespace

Resolution resolve(const store::ClusterSnapshot& snapshot, const Settings& settings, Memo& memo) {
  Memo::State& state = memo.state();
  forget_if_settings_differ(state, settings);

  Resolution resolution;
  RefSet& refs = resolution.refs.own;
  const Inputs inputs{snapshot, settings, state.certificates, refs, resolution.wanted_internal_certificates};
  resolution.report.controller_name = settings.controller_name;
  resolution.report.classes = judge_classes(snapshot, settings);
  const ListenerSets sets(snapshot);
  std::vector<JudgedGateway> gateways = judge_gateways(inputs, sets, resolution.report.classes);
  resolution.report.orphans = sets.find_orphans(settings.implied_class);

  BackendTlsPolicies policies = BackendTlsPolicies::judge(snapshot, refs, state.policies);
  Changes changes(state.snapshot, snapshot, state.backends.empty() ? Changes::Lookups::None : Changes::Lookups::Some);
  if (!(policies == state.policies)) {
    changes.add_services(state.policies.services());
    changes.add_services(policies.services());
  }
  state.policies = std::move(policies);
  TrafficPolicies traffic = TrafficPolicies::judge(snapshot, state.traffic);
  if (!(traffic == state.traffic)) {
    for (const auto& services : {state.traffic.services(), traffic.services()}) {
      changes.add_services(services);
      changes.add_references(services);
    }
  }
  state.traffic = std::move(traffic);
  const BackendContext context{snapshot, settings, state.policies, state.traffic};
  state.backends.refresh(context, changes);
  state.routes.refresh(context, changes);
  attach_routes(state, snapshot, changes, gateways);
  place_routes(state.routes, gateways, resolution);

  if (!state.policies.empty() || !state.traffic.empty()) {
    const std::set<ServiceUse> uses = uses_of_services(state.routes, snapshot, state, gateways);
    resolution.report.policies = state.policies.report(snapshot, uses);
    std::ranges::move(state.traffic.report(snapshot, uses), std::back_inserter(resolution.report.policies));
  }
  for (JudgedGateway& gateway : gateways) add_gateway(gateway, resolution);
  resolution.model.endpoints = state.backends.endpoints();
  resolution.refs.of_routes = state.backends.lookups();
  state.backends.sweep();
  state.certificates.sweep();
  state.snapshot = snapshot;
  return resolution;
}

Resolution resolve(const store::ClusterSnapshot& snapshot, const Settings& settings) {
  Memo memo;
  return resolve(snapshot, settings, memo);
}

}  // namespace pintle::resolve
