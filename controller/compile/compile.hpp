// From the resolved model to what the data plane runs.
//  - guarantees: pure and cannot fail; the same input gives the same value. What did not change keeps its pointer and
//  its
//    id from one generation to the next, so that a worker can tell by pointer what to keep: a backend its BackendId (no
//    other backend gets the id in the generation after it left), HostTables, ListenerTables, PortTables, backends and
//    certificates their pointers. Listener and socket ids are dense; they keep their value where that leaves no gap.
//  - relies on: resolve() handing out the same shared_ptr<const ResolvedRoute> for a route whose resolution is equal (a
//    new pointer costs a rebuild of its hosts, never a wrong answer), listing every BackendKey of every route in
//    Model::backends, and giving each socket to one Gateway.
//  - leaves to others: every judgement (resolve), publishing (app), binding (dataplane).
//  - threads: any; a value in, a value out.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <pintle/runtime/compiled.hpp>

#include "controller/compile/losers.hpp"
#include "controller/resolve/model.hpp"

namespace pintle::compile {

using RoutePtr = std::shared_ptr<const resolve::ResolvedRoute>;
using RulePtr = std::shared_ptr<const route::Rule>;
/// (gateway "namespace/name", listener name)
using ListenerKey = std::pair<std::string, std::string>;
/// (gateway "namespace/name", spec port)
using PortKey = std::pair<std::string, std::uint16_t>;

struct HashRoutes {
  std::size_t operator()(const std::vector<RoutePtr>& routes) const noexcept;
};

/// What was made of one route.
struct RouteParts {
  std::vector<RulePtr> rules;  ///< one per ResolvedRule, in order; shared by all hosts and listeners of the route
  route::HostTablePtr alone;   ///< the table of a host that has this route only, if there is one
};

/// What was made of two or more routes that share a host.
struct SharedHost {
  route::HostTablePtr table;
  std::vector<Loss> losses;
};

/// What one generation leaves to the next. A default-constructed one is right for the first.
struct Previous {
  std::map<resolve::BackendKey, BackendId> backend_ids;
  std::map<runtime::SocketAddress, SocketId> socket_ids;
  std::map<ListenerKey, ListenerId> listener_ids;
  std::unordered_map<RoutePtr, std::shared_ptr<const RouteParts>> routes;
  /// What a HostTable holds depends on its routes alone: hosts with the same two or more routes share one.
  std::unordered_map<std::vector<RoutePtr>, SharedHost, HashRoutes> host_tables;
  std::map<ListenerKey, std::shared_ptr<const route::ListenerTable>> listener_tables;
  std::map<PortKey, std::shared_ptr<const route::PortTable>> port_tables;
  std::shared_ptr<const runtime::EndpointSet> endpoints;
  std::shared_ptr<const runtime::Certs> certs;
};

struct Compilation {
  runtime::Compiled compiled;
  std::vector<Loser> losers;  ///< for tell_losers(); in the order of listeners and hosts
  Previous next;              ///< give it to the next compile()
};

[[nodiscard]] Compilation compile(const resolve::Model& model, Generation generation, const Previous& previous);

}  // namespace pintle::compile
