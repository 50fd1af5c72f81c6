// A Gateway while it is judged: each step of resolve() adds its part, publish_gateways() of resolve.cpp takes the
// result apart into Model and StatusReport.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/resolve/certificates.hpp"
#include "controller/resolve/grants.hpp"
#include "controller/resolve/listener_sets.hpp"
#include "controller/resolve/model.hpp"
#include "controller/resolve/protocols.hpp"
#include "controller/resolve/settings.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

struct JudgedListener {
  const api::Listener* spec = nullptr;
  const api::ListenerSet* set = nullptr;     ///< that adds it; nullptr: it is the Gateway's own
  std::uint32_t index = 0;                   ///< in the spec of what it belongs to
  std::string hostname;                      ///< "*" if none, or if its protocol knows none
  const ServedProtocol* protocol = nullptr;  ///< nullptr: not served
  ListenerReport report;
  std::vector<CertificatePtr> certificates;
  std::shared_ptr<const runtime::ClientValidation> clients;
  std::vector<AttachedRoutePtr> routes;
};

/// "spec.listeners[2]"
[[nodiscard]] std::string field_of(const JudgedListener& listener);
/// TLS of the listener's clients ends here.
[[nodiscard]] bool ends_tls(const JudgedListener& listener) noexcept;
/// Of a listener that is served.
[[nodiscard]] route::Protocol protocol_of(const JudgedListener& listener) noexcept;
[[nodiscard]] inline ListenerPort port_of(const JudgedListener& listener) noexcept {
  return {listener.spec->port, listener.protocol == nullptr ? runtime::Transport::Tcp : listener.protocol->transport};
}

struct JudgedSet {
  const api::ListenerSet* object = nullptr;
  ListenerSetReport report;  ///< its listeners are filled in last
  std::uint32_t first = 0;   ///< its listeners are these of its Gateway: first to last - 1
  std::uint32_t last = 0;
};

struct JudgedGateway {
  const api::Gateway* object = nullptr;
  GatewayReport report;  ///< its listeners and sets are filled in last
  std::vector<JudgedListener>
      listeners;          ///< its own, then those of its sets: who comes first has what they contend for
  std::uint32_t own = 0;  ///< how many are its own
  std::vector<JudgedSet> sets;
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
[[nodiscard]] std::vector<JudgedGateway> judge_gateways(const Inputs& inputs, const ListenerSets& sets,
                                                        const std::vector<ClassReport>& classes);

/// Protocol, kinds, namespaces, hostname of one listener by itself.
void judge_listener(JudgedListener& listener);
/// Listeners against each other. Of one object: what is not distinct is refused on both sides, no winner is picked.
/// Against those that come before: the later one is refused.
void judge_conflicts(JudgedGateway& gateway);
/// HTTPS listeners of one port that a client could mistake for each other (GEP-3567): of one object, and of a set with
/// the Gateway's own.
void judge_overlaps(JudgedGateway& gateway);
/// Certificates and TLS settings of one listener whose clients speak TLS. `owner`: of the listener.
void judge_tls(const Inputs& inputs, const Referrer& owner, JudgedListener& listener);
/// spec.tls: the client certificate towards backends, and what clients' certificates are checked against.
void judge_gateway_tls(const Inputs& inputs, JudgedGateway& gateway);
/// Those of a Gateway or ListenerSet, judged by themselves, to the end of `into`.
template <class Owner>
void add_listeners(const Inputs& inputs, const Owner& owner, const api::ListenerSet* set,
                   std::vector<JudgedListener>& into) {
  for (const api::Listener& spec : owner.spec.listeners) {
    JudgedListener& listener = into.emplace_back();
    listener.spec = &spec;
    listener.set = set;
    listener.index = static_cast<std::uint32_t>(&spec - owner.spec.listeners.data());
    judge_listener(listener);
    judge_tls(inputs, {Owner::kind, owner.metadata.ns}, listener);
  }
}
/// The listeners of the ListenerSets that the Gateway allows, judged by themselves.
void add_sets(const Inputs& inputs, const SetClaims& claims, JudgedGateway& gateway);
/// Which Gateway owns which socket: the oldest, then the first by name; what their own listeners want comes before what
/// ListenerSets add. Decides which listeners are served.
void assign_sockets(std::vector<JudgedGateway>& gateways, const Settings& settings);
/// Whether the sets are accepted, when it is known what became of their Gateway and of their listeners.
void judge_sets(JudgedGateway& gateway);
/// The Gateway by itself and one of its own listeners at least: what is not can have no sets.
[[nodiscard]] bool is_accepted(const JudgedGateway& gateway) noexcept;

}  // namespace pintle::resolve
