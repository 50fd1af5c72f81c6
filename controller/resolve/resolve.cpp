#include "controller/resolve/resolve.hpp"

#include <algorithm>

#include "controller/resolve/attachment.hpp"
#include "controller/resolve/backends.hpp"
#include "controller/resolve/certificates.hpp"
#include "controller/resolve/changes.hpp"
#include "controller/resolve/classes.hpp"
#include "controller/resolve/gateways.hpp"
#include "controller/resolve/routes.hpp"

namespace pintle::resolve {

struct Memo::State {
  store::ClusterSnapshot snapshot;  ///< keeps alive, and so unique, what pointers are compared with
  bool allow_loopback_backends = false;
  std::map<BackendKey, runtime::SocketAddress> backend_overrides;
  CertificateShelf certificates;
  BackendShelf backends;
  RouteShelf routes;
};

Memo::Memo() : state_(std::make_unique<State>()) {}
Memo::~Memo() = default;
Memo::Memo(Memo&&) noexcept = default;
Memo& Memo::operator=(Memo&&) noexcept = default;

namespace {

/// Routes and backends were judged by these settings too.
void forget_if_settings_differ(Memo::State& state, const Settings& settings) {
  if (state.allow_loopback_backends == settings.allow_loopback_backends &&
      state.backend_overrides == settings.backend_overrides)
    return;
  state.routes = {};
  state.backends = {};
  state.allow_loopback_backends = settings.allow_loopback_backends;
  state.backend_overrides = settings.backend_overrides;
}

ResolvedListener make_listener(JudgedListener& judged) {
  ResolvedListener listener;
  listener.name = judged.spec->name;
  listener.hostname = judged.hostname;
  listener.port = judged.spec->port;
  listener.protocol = judged.spec->protocol == "HTTPS" ? runtime::SocketProtocol::Https : runtime::SocketProtocol::Http;
  listener.certificates = std::move(judged.certificates);
  listener.routes = std::move(judged.routes);
  return listener;
}

void add_gateway(JudgedGateway& judged, Resolution& resolution) {
  ResolvedGateway gateway;
  gateway.namespace_ = judged.object->metadata.ns;
  gateway.name = judged.object->metadata.name;
  gateway.port_offset = judged.report.port_offset;
  for (JudgedListener& listener : judged.listeners) {
    if (listener.report.served) gateway.listeners.push_back(make_listener(listener));
    judged.report.listeners.push_back(std::move(listener.report));
  }
  gateway.sockets_by_port = std::move(judged.sockets_by_port);
  if (!gateway.listeners.empty()) resolution.model.gateways.push_back(std::move(gateway));
  resolution.report.gateways.push_back(std::move(judged.report));
}

}  // namespace

Resolution resolve(const store::ClusterSnapshot& snapshot, const Settings& settings, Memo& memo) {
  Memo::State& state = memo.state();
  forget_if_settings_differ(state, settings);

  Resolution resolution;
  const Inputs inputs{snapshot, settings, state.certificates, resolution.refs, resolution.wanted_internal_certificates};
  resolution.report.controller_name = settings.controller_name;
  resolution.report.classes = judge_classes(snapshot, settings);
  std::vector<JudgedGateway> gateways = judge_gateways(inputs, resolution.report.classes);

  const Changes changes(state.snapshot, snapshot);
  const BackendContext context{snapshot, settings};
  state.backends.refresh(context, changes);
  Attachment attachment(inputs, gateways, state.backends);
  std::vector<RouteSlot>& routes = state.routes.refresh(context, changes, state.backends);
  resolution.report.routes.reserve(routes.size());
  for (RouteSlot& route : routes) {
    Attachment::Result attached = attachment.attach_route(route);
    resolution.report.routes.push_back(std::move(attached.report));
    state.routes.set_standing(route, attached.standing);
  }
  RefSet refs = state.routes.lookups();
  refs.merge(resolution.refs);  // the few into the many
  resolution.refs = std::move(refs);

  for (JudgedGateway& gateway : gateways) add_gateway(gateway, resolution);
  resolution.model.backends = state.backends.sweep(resolution.refs);
  state.certificates.sweep();
  state.snapshot = snapshot;
  return resolution;
}

Resolution resolve(const store::ClusterSnapshot& snapshot, const Settings& settings) {
  Memo memo;
  return resolve(snapshot, settings, memo);
}

}  // namespace pintle::resolve
