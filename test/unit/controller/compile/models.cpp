#include "test/unit/controller/compile/models.hpp"

#include <algorithm>

namespace pintle::compile::testing {

resolve::BackendKey key(std::string service, std::uint16_t port) { return {"default", std::move(service), port}; }

runtime::SocketAddress address(std::string_view ip, std::uint16_t port) {
  runtime::SocketAddress made;
  static_cast<void>(runtime::parse_ip(ip, made));
  made.port = port;
  return made;
}

resolve::ResolvedBackend to_backend(const std::string& service, std::uint32_t weight) {
  resolve::ResolvedBackend made;
  made.backend = key(service);
  made.weight = weight;
  made.name = "default/" + service + ":80";
  return made;
}

resolve::ResolvedRule rule(const std::string& route, std::uint32_t index, const std::string& prefix,
                           std::vector<resolve::ResolvedBackend> backends) {
  resolve::ResolvedRule made;
  made.source.route = route;
  made.source.index = index;
  route::Match match;
  match.path.value = prefix;
  match.rank.minus_path_length = -static_cast<std::int32_t>(prefix.size());
  match.rank.route = route;
  match.rank.rule = index;
  made.matches.push_back(std::move(match));
  made.action = resolve::ResolvedForward{std::move(backends)};
  return made;
}

RoutePtr make_route(const std::string& name, std::vector<resolve::ResolvedRule> rules) {
  return std::make_shared<const resolve::ResolvedRoute>(resolve::ResolvedRoute{name, std::move(rules)});
}

RoutePtr simple_route(const std::string& name, const std::string& service) {
  return make_route(name, {rule(name, 0, "/", {to_backend(service)})});
}

std::shared_ptr<const runtime::Certificate> certificate(std::string source, std::uint64_t fingerprint) {
  auto made = std::make_shared<runtime::Certificate>();
  made->source = std::move(source);
  made->chain_pem = "CHAIN";
  made->key_pem = Secret(std::string("TOP-SECRET-KEY"));
  made->dns_names = {"a.example.com"};
  made->not_after = 1'800'000'000;
  made->serial = "01";
  made->fingerprint = fingerprint;
  return made;
}

resolve::ResolvedListener http_listener(std::string name, std::string hostname, std::uint16_t port,
                                        std::vector<resolve::AttachedRoute> routes) {
  resolve::ResolvedListener made;
  made.name = std::move(name);
  made.hostname = std::move(hostname);
  made.port = port;
  made.routes = std::move(routes);
  return made;
}

resolve::ResolvedGateway gateway(std::string name, const std::string& ip,
                                 std::vector<resolve::ResolvedListener> listeners) {
  resolve::ResolvedGateway made;
  made.namespace_ = "default";
  made.name = std::move(name);
  for (const resolve::ResolvedListener& listener : listeners)
    made.sockets_by_port[listener.port] = {address(ip, listener.port)};
  made.listeners = std::move(listeners);
  return made;
}

void add_backend(resolve::Model& model, const std::string& service, std::string_view endpoint_ip) {
  auto backend = std::make_shared<runtime::Backend>();
  backend->name = "default/" + service + ":80";
  backend->endpoints = {address(endpoint_ip, 8080)};
  model.backends[key(service)] = std::move(backend);
}

const route::Listener* find_listener(const runtime::Compiled& compiled, std::string_view gateway,
                                     std::string_view name) {
  for (const auto& port : compiled.table->ports())
    for (const route::Listener& listener : port->listeners())
      if (listener.gateway == gateway && listener.name == name) return &listener;
  return nullptr;
}

route::HostTablePtr find_host(const runtime::Compiled& compiled, std::string_view gateway, std::string_view listener,
                              std::string_view host) {
  const route::Listener* found = find_listener(compiled, gateway, listener);
  if (found == nullptr) return nullptr;
  for (const auto& [pattern, table] : found->table->hosts())
    if (pattern == host) return table;
  return nullptr;
}

const runtime::PlannedSocket* find_socket(const runtime::Compiled& compiled, const runtime::SocketAddress& wanted) {
  const auto found = std::ranges::find(compiled.plan->sockets, wanted, &runtime::PlannedSocket::address);
  return found == compiled.plan->sockets.end() ? nullptr : &*found;
}

}  // namespace pintle::compile::testing
