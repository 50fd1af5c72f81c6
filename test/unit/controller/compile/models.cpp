#include "test/unit/controller/compile/models.hpp"

#include <algorithm>
#include <map>

namespace pintle::compile::testing {

runtime::SocketAddress address(std::string_view ip, std::uint16_t port) {
  runtime::SocketAddress made;
  static_cast<void>(runtime::parse_ip(ip, made));
  made.port = port;
  return made;
}

namespace {

/// The same services have the same ids in every model of a test.
BackendId id_of(const std::string& service) {
  static std::map<std::string, BackendId> ids;
  return ids.try_emplace(service, BackendId{static_cast<std::uint32_t>(ids.size())}).first->second;
}

}  // namespace

route::WeightedBackend to_backend(const std::string& service, std::uint32_t weight) {
  route::WeightedBackend made;
  made.backend = id_of(service);
  made.weight = weight;
  made.name = "default/" + service + ":80";
  return made;
}

resolve::ResolvedRule rule(const std::string& route, std::uint32_t index, const std::string& prefix,
                           std::vector<route::WeightedBackend> backends) {
  resolve::ResolvedRule made;
  made.rule.source.route = route;
  made.rule.source.index = index;
  route::Match match;
  match.path.value = prefix;
  match.rank.minus_path_length = -static_cast<std::int32_t>(prefix.size());
  match.rank.route = route;
  match.rank.rule = index;
  made.matches.push_back(std::move(match));
  route::Forward forward;
  for (const route::WeightedBackend& backend : backends) forward.total_weight += backend.weight;
  forward.backends = std::move(backends);
  made.rule.action = std::move(forward);
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

void attach(resolve::ResolvedListener& listener, resolve::AttachedRoute route) {
  listener.routes.push_back(std::make_shared<const resolve::AttachedRoute>(std::move(route)));
}

resolve::ResolvedListener http_listener(std::string name, std::string hostname, std::uint16_t port,
                                        std::vector<resolve::AttachedRoute> routes) {
  resolve::ResolvedListener made;
  made.name = std::move(name);
  made.hostname = std::move(hostname);
  made.port = port;
  for (resolve::AttachedRoute& route : routes) attach(made, std::move(route));
  return made;
}

resolve::ResolvedGateway gateway(std::string name, const std::string& ip,
                                 std::vector<resolve::ResolvedListener> listeners) {
  resolve::ResolvedGateway made;
  made.namespace_ = "default";
  made.name = std::move(name);
  for (const resolve::ResolvedListener& listener : listeners)
    made.sockets_by_port[{listener.port}] = {address(ip, listener.port)};
  made.listeners = std::move(listeners);
  return made;
}

void add_backend(resolve::Model& model, const std::string& service, std::string_view endpoint_ip) {
  auto backend = std::make_shared<runtime::Backend>();
  backend->name = "default/" + service + ":80";
  backend->endpoints = {address(endpoint_ip, 8080)};
  auto endpoints = std::make_shared<runtime::EndpointSet>(*model.endpoints);
  const BackendId id = id_of(service);
  if (endpoints->backends.size() <= id.index()) endpoints->backends.resize(id.index() + 1);
  endpoints->backends[id.index()] = std::move(backend);
  model.endpoints = std::move(endpoints);
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
