// What resolve() makes of a snapshot: three plain values, no clock, no I/O, ordered containers only.
//   Model         what to serve: Gateways, their served listeners, the routes attached to each, endpoints of backends
//   StatusReport  what to tell: see status_report.hpp
//   Lookups       every object looked up, found or not, so that events about other objects cost nothing
// The model holds only what can be served: a refused listener or route is in the report, not here; a broken rule is
// here as a Failure (500), because traffic for it must not fall through to another rule.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <pintle/base/shared_list.hpp>
#include <pintle/route/filter.hpp>
#include <pintle/route/match.hpp>
#include <pintle/runtime/compiled.hpp>

namespace pintle::resolve {

/// A user's mistake as data. It ends as a condition, never as an exception or a log line alone.
struct Problem {
  std::string field_path;  ///< "spec.rules[0].filters[1]"
  std::string reason;      ///< condition reason of the API, e.g. "BackendNotFound"
  std::string message;     ///< for people: what, why, and the way out
  friend bool operator==(const Problem&, const Problem&) = default;
};

/// A Service port. The key under which its endpoints are kept.
struct BackendKey {
  std::string namespace_;
  std::string service;
  std::uint16_t port = 0;
  runtime::Transport transport = runtime::Transport::Tcp;
  /// What is spoken unless the Service says more: gRPC is HTTP/2.
  runtime::BackendProtocol protocol = runtime::BackendProtocol::Http1;
  friend auto operator<=>(const BackendKey&, const BackendKey&) = default;
};

/// A port of a Gateway. Listeners that share it share its sockets.
struct ListenerPort {
  std::uint16_t port = 0;
  runtime::Transport transport = runtime::Transport::Tcp;
  friend auto operator<=>(const ListenerPort&, const ListenerPort&) = default;
};

/// A rule as the data plane runs it, and what leads to it.
struct ResolvedRule {
  route::Rule rule;
  std::vector<route::Match> matches;  ///< with ranks; never empty (the default match is filled in)
};
/// One route of any kind, resolved once for all its parents. The entries of tables point into it.
struct ResolvedRoute {
  std::string name;  ///< "namespace/name"
  std::vector<ResolvedRule> rules;
};

/// A route at one listener.
struct AttachedRoute {
  std::shared_ptr<const ResolvedRoute> route;
  SharedList<std::string> hostnames;  ///< intersection with the listener: lower case, "*.x" or "*"; never empty
  friend bool operator==(const AttachedRoute&, const AttachedRoute&) = default;
};
using AttachedRoutePtr = std::shared_ptr<const AttachedRoute>;

struct ResolvedListener {
  std::string name;  ///< unique in its Gateway: one of a ListenerSet is "namespace/set/listener"
  std::string hostname = "*";
  std::uint16_t port = 0;
  route::Protocol protocol = route::Protocol::Http;
  std::vector<std::shared_ptr<const runtime::Certificate>> certificates;  ///< where TLS ends here: at least one
  std::shared_ptr<const runtime::ClientValidation> clients;               ///< null: they show no certificate
  std::vector<AttachedRoutePtr> routes;
};

struct ResolvedGateway {
  std::string namespace_;
  std::string name;
  /// Where to bind (direct mode), port already with the offset; a socket serves all listeners of its port.
  std::map<ListenerPort, std::vector<runtime::SocketAddress>> sockets_by_port;
  std::uint16_t port_offset = 0;
  std::shared_ptr<const runtime::Certificate> client_certificate;  ///< towards backends; may be null
  std::vector<ResolvedListener> listeners;
};

struct Model {
  std::vector<ResolvedGateway> gateways;
  std::shared_ptr<const runtime::EndpointSet> endpoints = std::make_shared<const runtime::EndpointSet>();
};

/// Kind and name of everything looked up, missing objects included. The name "*": any object of the kind in the
/// namespace (of grants and EndpointSlices, which are found by what they say, not by name).
struct Ref {
  std::string kind;
  std::string namespace_;
  std::string name;
  friend auto operator<=>(const Ref&, const Ref&) = default;
};
using RefSet = std::set<Ref>;
/// All that one resolution looked up. What routes did is many and seldom changes, hence shared between resolutions.
struct Lookups {
  RefSet own;
  std::shared_ptr<const RefSet> of_routes = std::make_shared<const RefSet>();
  [[nodiscard]] bool contains(const Ref& ref) const { return own.contains(ref) || of_routes->contains(ref); }
};

}  // namespace pintle::resolve
