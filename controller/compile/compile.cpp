#include "controller/compile/compile.hpp"

#include <algorithm>

#include "controller/compile/assign_ids.hpp"
#include "controller/compile/http.hpp"
#include "controller/compile/tls.hpp"

namespace pintle::compile {
namespace {

using PortTablePtr = std::shared_ptr<const route::PortTable>;

std::string name_of(const resolve::ResolvedGateway& gateway) { return gateway.namespace_ + '/' + gateway.name; }

/// Most changes leave the backends as they are: then their ids need no thought.
void assign_backend_ids(const resolve::Model& model, const Previous& previous, Previous& next) {
  const auto same_key = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (std::ranges::equal(model.backends, previous.backend_ids, same_key)) {
    next.backend_ids = previous.backend_ids;
    return;
  }
  std::vector<resolve::BackendKey> keys;
  keys.reserve(model.backends.size());
  for (const auto& [key, backend] : model.backends) keys.push_back(key);
  next.backend_ids = assign_stable(keys, previous.backend_ids);
}

void assign_listener_and_socket_ids(const resolve::Model& model, const Previous& previous, Previous& next) {
  std::vector<ListenerKey> listeners;
  std::vector<runtime::SocketAddress> sockets;
  for (const resolve::ResolvedGateway& gateway : model.gateways) {
    for (const resolve::ResolvedListener& listener : gateway.listeners)
      listeners.emplace_back(name_of(gateway), listener.name);
    for (const auto& [port, addresses] : gateway.sockets_by_port)
      sockets.insert(sockets.end(), addresses.begin(), addresses.end());
  }
  next.listener_ids = assign_dense(listeners, previous.listener_ids);
  next.socket_ids = assign_dense(sockets, previous.socket_ids);
}

bool same_backend(const runtime::Backend& a, const runtime::Backend& b) {
  return a.name == b.name && a.protocol == b.protocol && a.websocket == b.websocket && a.endpoints == b.endpoints;
}

/// A backend that is equal keeps its pointer; if all are, the set does.
std::shared_ptr<const runtime::EndpointSet> compile_endpoints(const resolve::Model& model, const Previous& previous,
                                                              const Previous& next) {
  auto set = std::make_shared<runtime::EndpointSet>();
  set->backends.reserve(model.backends.size());
  auto assigned = next.backend_ids.begin();  // of the same keys in the same order
  for (const auto& [key, backend] : model.backends) {
    const BackendId id = (assigned++)->second;
    if (set->backends.size() <= id.index()) set->backends.resize(id.index() + 1);
    // Who has an id has had it before, or nobody had: an old backend of that id is the same one.
    const runtime::Backend* old = previous.endpoints ? previous.endpoints->find(id) : nullptr;
    const bool same = old != nullptr && backend && (old == backend.get() || same_backend(*old, *backend));
    set->backends[id.index()] = same ? previous.endpoints->backends[id.index()] : backend;
  }
  if (previous.endpoints && previous.endpoints->backends == set->backends) return previous.endpoints;
  return set;
}

bool same_listener(const route::Listener& a, const route::Listener& b) {
  return a.id == b.id && a.gateway == b.gateway && a.name == b.name && a.hostname == b.hostname && a.port == b.port &&
         a.public_port == b.public_port && a.tls == b.tls && a.table == b.table;
}

/// The listeners of one port of one Gateway, as the tables and the plan see them.
class PortCompiler {
 public:
  PortCompiler(const Previous& previous, Previous& next, HttpTables& tables, CertTable& certs)
      : previous_(previous), next_(next), tables_(tables), certs_(certs) {}

  struct Port {
    PortTablePtr table;
    runtime::PlannedSocket socket;  ///< all but id and address
  };

  Port compile(const resolve::ResolvedGateway& gateway, std::uint16_t port) {
    Port made;
    made.socket.gateway = name_of(gateway);
    std::vector<route::Listener> listeners;
    for (const resolve::ResolvedListener& listener : gateway.listeners) {
      if (listener.port != port) continue;
      listeners.push_back(make_listener(gateway, listener));
      const ListenerId id = listeners.back().id;
      made.socket.listeners.push_back(id);
      if (!listeners.back().tls) continue;
      made.socket.protocol = runtime::SocketProtocol::Https;
      made.socket.tls.push_back(make_tls_listener(id, listener, certs_));
    }
    sort_by_hostname(made.socket.tls);
    made.table = keep_or_make({made.socket.gateway, port}, std::move(listeners));
    return made;
  }

 private:
  route::Listener make_listener(const resolve::ResolvedGateway& gateway, const resolve::ResolvedListener& listener) {
    route::Listener made;
    made.gateway = name_of(gateway);
    made.name = listener.name;
    const ListenerKey key(made.gateway, made.name);
    made.id = next_.listener_ids.at(key);
    made.hostname = listener.hostname;
    made.port = listener.port;
    made.public_port = static_cast<std::uint16_t>(listener.port + gateway.port_offset);
    made.tls = listener.protocol == runtime::SocketProtocol::Https;
    made.table = tables_.make_table(key, listener);
    return made;
  }

  PortTablePtr keep_or_make(const PortKey& key, std::vector<route::Listener> listeners) {
    PortTablePtr& table = next_.port_tables[key];
    const auto before = previous_.port_tables.find(key);
    if (before != previous_.port_tables.end() &&
        std::ranges::equal(before->second->listeners(), listeners, same_listener))
      table = before->second;
    else
      table = std::make_shared<const route::PortTable>(std::move(listeners));
    return table;
  }

  const Previous& previous_;
  Previous& next_;
  HttpTables& tables_;
  CertTable& certs_;
};

}  // namespace

Compilation compile(const resolve::Model& model, Generation generation, const Previous& previous) {
  Compilation result;
  Previous& next = result.next;
  assign_backend_ids(model, previous, next);
  assign_listener_and_socket_ids(model, previous, next);

  HttpTables tables(previous, next);
  CertTable certs(previous.certs);
  PortCompiler ports(previous, next, tables, certs);
  std::vector<PortTablePtr> port_tables(next.socket_ids.size());
  auto plan = std::make_shared<runtime::ListenerPlan>();
  plan->sockets.resize(next.socket_ids.size());
  for (const resolve::ResolvedGateway& gateway : model.gateways) {
    for (const auto& [number, addresses] : gateway.sockets_by_port) {
      const PortCompiler::Port port = ports.compile(gateway, number);
      for (const runtime::SocketAddress& address : addresses) {
        const SocketId id = next.socket_ids.at(address);
        port_tables[id.index()] = port.table;
        runtime::PlannedSocket& socket = plan->sockets[id.index()];
        socket = port.socket;
        socket.id = id;
        socket.address = address;
      }
    }
  }

  result.losers = tables.take_losers();
  next.endpoints = compile_endpoints(model, previous, next);
  next.certs = std::move(certs).finish();
  result.compiled.generation = generation;
  result.compiled.table = std::make_shared<const route::RoutingTable>(std::move(port_tables));
  result.compiled.endpoints = next.endpoints;
  result.compiled.plan = std::move(plan);
  result.compiled.certs = next.certs;
  return result;
}

}  // namespace pintle::compile
