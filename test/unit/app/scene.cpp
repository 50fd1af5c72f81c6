#include "test/unit/app/scene.hpp"

#include <algorithm>
#include <array>

#include "controller/compile/compile.hpp"

namespace pintle::app {
namespace {

using resolve::ResolvedRule;

runtime::SocketAddress loopback(std::uint16_t port) { return {.ip = {127, 0, 0, 1}, .port = port}; }

route::Match prefix(const std::string& value, std::uint32_t rule) {
  route::Match match;
  match.path.value = value;
  match.rank.minus_path_length = -static_cast<std::int32_t>(value.size());
  match.rank.rule = rule;
  match.rank.route = "default/shop";
  return match;
}

ResolvedRule rule(std::uint32_t index, route::Match match, route::Action action) {
  ResolvedRule made;
  made.rule.source.route = "default/shop";
  made.rule.source.index = index;
  made.matches.push_back(std::move(match));
  made.rule.action = std::move(action);
  return made;
}

constexpr std::array services{"shop-v1", "shop-v2", "empty"};

route::WeightedBackend to(const std::string& service, std::uint32_t weight) {
  route::WeightedBackend backend;
  backend.backend.value = static_cast<std::uint32_t>(std::ranges::find(services, service) - services.begin());
  backend.weight = weight;
  backend.name = "default/" + service + ":80";
  return backend;
}

route::WeightedBackend broken(std::uint32_t weight) {
  route::WeightedBackend backend;
  backend.weight = weight;
  backend.name = "other/secret:80";
  backend.failure = route::Failure{500, Reason::RefNotPermitted, "no ReferenceGrant"};
  return backend;
}

route::Forward forward_to(std::vector<route::WeightedBackend> backends) {
  route::Forward forward;
  for (const route::WeightedBackend& backend : backends) forward.total_weight += backend.weight;
  forward.backends = std::move(backends);
  return forward;
}

std::shared_ptr<resolve::ResolvedRoute> shop() {
  auto made = std::make_shared<resolve::ResolvedRoute>();
  made->name = "default/shop";
  route::Match canary = prefix("/", 0);
  canary.headers = {{"x-canary", http::HeaderId::Other, "yes", {}}};
  canary.rank.minus_header_matches = -1;
  made->rules.push_back(rule(0, canary, forward_to({to("shop-v2", 1)})));
  made->rules.push_back(rule(1, prefix("/", 1), forward_to({to("shop-v1", 9), to("shop-v2", 1)})));
  made->rules.push_back(rule(2, prefix("/gone", 2), forward_to({to("empty", 1)})));
  made->rules.push_back(rule(3, prefix("/forbidden", 3), forward_to({broken(1)})));
  made->rules.push_back(rule(4, prefix("/half", 4), forward_to({to("shop-v1", 1), broken(1)})));
  made->rules.push_back(
      rule(5, prefix("/filter", 5), route::Failure{500, Reason::FilterInvalid, "filter of an unknown type"}));
  route::Redirect redirect;
  redirect.hostname = "new.localhost";
  redirect.status = 301;
  made->rules.push_back(rule(6, prefix("/old", 6), redirect));
  route::Match post = prefix("/post", 7);
  post.method = "POST";
  post.queries = {{"q", http::HeaderId::Other, "1", {}}};
  post.rank.without_method = 0;
  post.rank.minus_query_matches = -1;
  made->rules.push_back(rule(7, post, forward_to({to("shop-v1", 1)})));
  return made;
}

resolve::AttachedRoutePtr at_host(std::string host) {
  return std::make_shared<const resolve::AttachedRoute>(resolve::AttachedRoute{shop(), {std::move(host)}});
}

}  // namespace

runtime::Compiled make_scene() {
  resolve::Model model;
  auto endpoints = std::make_shared<runtime::EndpointSet>();
  for (const char* service : services) {
    auto backend = std::make_shared<runtime::Backend>();
    backend->name = "default/" + std::string(service) + ":80";
    if (std::string(service) != "empty") backend->endpoints.push_back(loopback(9000));
    if (std::string(service) == "shop-v2") backend->retries = std::make_shared<const runtime::RetryConstraint>();
    endpoints->backends.push_back(std::move(backend));
  }
  model.endpoints = std::move(endpoints);
  auto certificate = std::make_shared<runtime::Certificate>();
  certificate->source = "default/tls";
  certificate->dns_names = {"*.localhost"};
  certificate->fingerprint = 1;

  resolve::ResolvedGateway gateway;
  gateway.namespace_ = "default";
  gateway.name = "demo";
  gateway.sockets_by_port[{80}] = {loopback(8080)};
  gateway.sockets_by_port[{443}] = {loopback(8443)};
  gateway.port_offset = 8000;
  resolve::ResolvedListener plain;
  plain.name = "http";
  plain.hostname = "*.localhost";
  plain.port = 80;
  plain.routes = {at_host("shop.localhost")};
  resolve::ResolvedListener secure = plain;
  secure.name = "https";
  secure.port = 443;
  secure.protocol = route::Protocol::Https;
  secure.certificates.push_back(certificate);
  resolve::ResolvedListener other = secure;
  other.name = "https-other";
  other.hostname = "other.localhost";
  other.routes = {at_host("other.localhost")};
  gateway.listeners = {plain, secure, other};
  model.gateways.push_back(std::move(gateway));
  return compile::compile(model, Generation{4}, {}).compiled;
}

}  // namespace pintle::app
