#include "controller/compile/compile.hpp"

#include <algorithm>

#include "controller/compile/assign_ids.hpp"
#include "controller/compile/http.hpp"
#include "controller/compile/tls.hpp"

namespace pintle::compile {
namespace {

using PortTablePtr = std::shared_ptr<const route::PortTable>;

std::string name_of(const resolve::ResolvedGateway& gateway) { return gateway.namespace_ + '/' + gateway.name; }

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

bool same_listener(const route::Listener& a, const route::Listener& b) {
  return a.id == b.id && a.gateway == b.gateway && a.name == b.name && a.hostname == b.hostname && a.port == b.port &&
         a.public_port == b.public_port && a.protocol == b.protocol && a.table == b.table &&
         a.client_certificate == b.client_certificate;
}

resolve::ListenerPort port_of(const resolve::ResolvedListener& listener) {
  const bool udp = listener.protocol == route::Protocol::Udp;
  return {listener.port, udp ? runtime::Transport::Udp : runtime::Transport::Tcp};
}

runtime::SocketProtocol socket_protocol(route::Protocol protocol) {
  switch (protocol) {
    case route::Protocol::Http:
      return runtime::SocketProtocol::Http;
    case route::Protocol::Https:
    case route::Protocol::TlsPassthrough:
    case route::Protocol::TlsTerminate:
      return runtime::SocketProtocol::Https;
    case route::Protocol::Tcp:
      return runtime::SocketProtocol::Tcp;
    case route::Protocol::Udp:
      return runtime::SocketProtocol::Udp;
  }
  return runtime::SocketProtocol::Http;
}

/// The listeners of one port of one Gateway, as the tables and the plan see them.
class PortCompiler {
 public:
  PortCompiler(const Previous& previous, Previous& next, CertTable& certs, std::vector<Loser>& losers)
      : previous_(previous), next_(next), certs_(certs), losers_(losers) {}

  struct Port {
    PortTablePtr table;
    runtime::PlannedSocket socket;  ///< all but id and address
  };

  Port compile(const resolve::ResolvedGateway& gateway, resolve::ListenerPort port) {
    Port made;
    made.socket.gateway = name_of(gateway);
    std::vector<route::Listener> listeners;
    for (const resolve::ResolvedListener& listener : gateway.listeners) {
      if (port_of(listener) != port) continue;
      listeners.push_back(make_listener(gateway, listener));
      const ListenerId id = listeners.back().id;
      made.socket.listeners.push_back(id);
      made.socket.protocol = socket_protocol(listener.protocol);
      if (made.socket.protocol != runtime::SocketProtocol::Https) continue;
      made.socket.hello_first |= listener.protocol != route::Protocol::Https;
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
    made.protocol = listener.protocol;
    made.client_certificate = gateway.client_certificate;
    made.table = next_.tables.make_table(key, listener);
    next_.tables.add_losers(key, listener.port, losers_);
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
  CertTable& certs_;
  std::vector<Loser>& losers_;
};

}  // namespace

Compilation compile(const resolve::Model& model, Generation generation, Previous previous) {
  Compilation result;
  Previous& next = result.next;
  next.tables = std::move(previous.tables);
  assign_listener_and_socket_ids(model, previous, next);

  CertTable certs(previous.certs);
  PortCompiler ports(previous, next, certs, result.losers);
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

  next.tables.sweep(next.listener_ids);
  next.certs = std::move(certs).finish();
  result.compiled.generation = generation;
  result.compiled.table = std::make_shared<const route::RoutingTable>(std::move(port_tables));
  result.compiled.endpoints = model.endpoints;
  result.compiled.plan = std::move(plan);
  result.compiled.certs = next.certs;
  return result;
}

}  // namespace pintle::compile
