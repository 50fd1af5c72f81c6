// A Gateway while it is judged: each step of resolve() adds its part, publish_gateways() of resolve.cpp takes the
// result apart into Model and StatusReport.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/resolve/certificates.hpp"
#include "controller/resolve/model.hpp"
#include "controller/resolve/protocols.hpp"
#include "controller/resolve/settings.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

struct JudgedListener {
  const api::Listener* spec = nullptr;
  std::string hostname;                      ///< "*" if none, or if its protocol knows none
  const ServedProtocol* protocol = nullptr;  ///< nullptr: not served
  ListenerReport report;
  std::vector<CertificatePtr> certificates;
  std::shared_ptr<const runtime::ClientValidation> clients;
  std::vector<AttachedRoutePtr> routes;
};

/// TLS of the listener's clients ends here.
[[nodiscard]] bool ends_tls(const JudgedListener& listener) noexcept;
/// Of a listener that is served.
[[nodiscard]] route::Protocol protocol_of(const JudgedListener& listener) noexcept;
[[nodiscard]] inline ListenerPort port_of(const JudgedListener& listener) noexcept {
  return {listener.spec->port, listener.protocol == nullptr ? runtime::Transport::Tcp : listener.protocol->transport};
}

struct JudgedGateway {
  const api::Gateway* object = nullptr;
  GatewayReport report;  ///< its listeners are filled in last
  std::vector<JudgedListener> listeners;
  CertificatePtr client_certificate;
  std::optional<TargetPorts> target_ports;  ///< Service mode: where each listener port is bound
  std::map<ListenerPort, std::vector<runtime::SocketAddress>> sockets_by_port;
};

/// What the steps read and where they write down what they looked up.
struct Inputs {
  const store::ClusterSnapshot& snapshot;
  const Settings& settings;
  CertificateShelf& certificates;
  RefSet& refs;
  std::set<std::string>& wanted_internal_certificates;
};

/// Ours only, in the order of the snapshot; one whose class is not accepted has no listeners.
[[nodiscard]] std::vector<JudgedGateway> judge_gateways(const Inputs& inputs, const std::vector<ClassReport>& classes);

/// Protocol, kinds, namespaces, hostname of one listener by itself.
[[nodiscard]] JudgedListener judge_listener(const api::Listener& spec, std::size_t index);
/// Listeners of one Gateway against each other: what is not distinct is refused on both sides, no winner is picked.
void judge_conflicts(std::vector<JudgedListener>& listeners);
/// HTTPS listeners of one port that a client could mistake for each other (GEP-3567).
void judge_overlaps(std::vector<JudgedListener>& listeners);
/// Certificates and TLS settings of one listener whose clients speak TLS.
void judge_tls(const Inputs& inputs, const api::Gateway& gateway, JudgedListener& listener, std::size_t index);
/// spec.tls: the client certificate towards backends, and what clients' certificates are checked against.
void judge_gateway_tls(const Inputs& inputs, JudgedGateway& gateway);
/// Which Gateway owns which socket: the oldest, then the first by name. Decides which listeners are served.
void assign_sockets(std::vector<JudgedGateway>& gateways, const Settings& settings);

}  // namespace pintle::resolve
