#include "test/unit/controller/resolve/world.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"
#include "controller/compile/compile.hpp"
#include "controller/compile/dump.hpp"

namespace pintle::resolve::testing {
namespace {

std::string show(const Problems& problems) {
  std::string text;
  for (const Problem& one : problems) text += fmt::format("[{} {}: {}]", one.reason, one.field_path, one.message);
  return text;
}

std::string show(const ListenerReport& listener) {
  std::string text = fmt::format("  listener {} {} attached {} served {} accepted {} conflict {} refs {} overlap {}\n",
                                 listener.name, listener.port, listener.attached_routes, listener.served,
                                 show(listener.accepted), listener.conflict ? listener.conflict->reason : "",
                                 show(listener.resolved_refs), listener.overlap ? listener.overlap->message : "");
  return text + fmt::format("    kinds {} notes {}\n", listener.supported_kinds.size(), listener.notes);
}

std::string show(const ParentReport& parent) {
  return fmt::format("  parent {} {} {} {} pending {} accepted {} refs {} dropped {} notes {}\n", parent.ref.kind,
                     parent.ref.name, parent.ref.section_name.value_or(""), parent.ref.port.value_or(0), parent.pending,
                     show(parent.accepted), show(parent.resolved_refs), show(parent.dropped), parent.notes);
}

}  // namespace

World& World::apply(std::string_view yaml) {
  std::vector<api::AnyObject> objects;
  std::vector<api::Finding> findings;
  api::DecodeOptions options;
  options.mode = api::DecodeMode::Lenient;
  const auto read = [&](api::Document&& document) { api::decode_document(document, options, objects, findings); };
  api::read_yaml({yaml, std::make_shared<const std::string>("test.yaml")}, read, findings);
  for (const api::Finding& finding : findings)
    if (finding.severity == api::Severity::Error) throw std::runtime_error(api::format_finding(finding));
  source::Batch batch;
  ++generation_;
  for (api::AnyObject& object : objects) {
    api::set_identity(object, generation_, to_string(api::key_of(object)));
    batch.changes.emplace_back(source::Upsert{std::move(object)});
  }
  store_.apply(batch);
  return *this;
}

World& World::remove(api::Kind kind, std::string_view ns, std::string_view name) {
  if (!remove_if_present({kind, std::string(ns), std::string(name)})) throw std::runtime_error("nothing to remove");
  return *this;
}

bool World::remove_if_present(const api::ObjectKey& key) {
  source::Batch batch;
  batch.changes.emplace_back(source::Remove{key});
  return !store_.apply(batch).empty();
}

Resolution World::resolve() { return resolve::resolve(store_.freeze(), settings, memo_); }

Resolution World::resolve_fresh() { return resolve::resolve(store_.freeze(), settings); }

std::string_view base_yaml() {
  return R"(
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: pintle}
spec: {controllerName: pintle.dev/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: default, creationTimestamp: "2026-01-01T00:00:00Z"}
spec:
  gatewayClassName: pintle
  listeners:
  - {name: http, port: 80, protocol: HTTP}
---
apiVersion: v1
kind: Service
metadata: {name: one, namespace: default}
spec:
  ports:
  - {name: http, port: 80, targetPort: 8080}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: one-a, namespace: default, labels: {kubernetes.io/service-name: one}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
- addresses: ["10.0.1.1"]
)";
}

std::string route_yaml(const std::string& name, const std::string& service) {
  return fmt::format(R"(---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {0}, namespace: default, creationTimestamp: "2026-01-02T00:00:00Z"}}
spec:
  parentRefs: [{{name: gw}}]
  rules:
  - matches: [{{path: {{value: /{0}}}}}]
    backendRefs: [{{name: {1}, port: 80}}]
)",
                     name, service);
}

std::string read_text(const std::string& path) {
  std::ifstream in(std::string(PINTLE_SOURCE_DIR) + '/' + path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

RefSet all_of(const Lookups& lookups) {
  RefSet all = *lookups.of_routes;
  all.insert(lookups.own.begin(), lookups.own.end());
  return all;
}

std::string show(const Resolution& resolution) {
  std::string text = compile::dump_yaml(compile::compile(resolution.model, Generation{1}, {}).compiled);
  for (const ClassReport& one : resolution.report.classes)
    text += fmt::format("class {} accepted {}\n", one.object.key.name, show(one.accepted));
  for (const GatewayReport& one : resolution.report.gateways) {
    text += fmt::format("gateway {} generation {} standing {} accepted {} refs {} programmed {} notes {}\n",
                        to_string(one.object.key), one.object.generation, static_cast<int>(one.standing),
                        show(one.accepted), show(one.resolved_refs), show(one.programmed), one.notes);
    for (const AssignedAddress& address : one.addresses)
      text += fmt::format("  address {} {}\n", runtime::to_string(address.address), static_cast<int>(address.origin));
    for (const ListenerReport& listener : one.listeners) text += show(listener);
    text += fmt::format("  attached sets {}\n", one.attached_sets.value_or(-1));
    for (const ListenerSetReport& set : one.sets) {
      text += fmt::format("  set {} generation {} accepted {}\n", to_string(set.object.key), set.object.generation,
                          show(set.accepted));
      for (const ListenerReport& listener : set.listeners) text += show(listener);
    }
  }
  for (const RouteReportPtr& one : resolution.report.routes) text += show(*one);
  for (const Ref& ref : all_of(resolution.refs))
    text += fmt::format("ref {} {}/{}\n", ref.kind, ref.namespace_, ref.name);
  return text + fmt::format("wanted {}\n", resolution.wanted_internal_certificates);
}

std::string show(const RouteReport& route) {
  std::string text = fmt::format("route {} generation {}\n", to_string(route.object.key), route.object.generation);
  for (const ParentReport& parent : route.parents) text += show(parent);
  return text;
}

std::string reasons_of(const Problems& problems) {
  std::vector<std::string> reasons;
  for (const Problem& one : problems) reasons.push_back(one.reason);
  return fmt::format("{}", fmt::join(reasons, " "));
}

std::shared_ptr<const runtime::Backend> find_backend(const Resolution& resolution, std::string_view name) {
  for (const auto& backend : resolution.model.endpoints->backends)
    if (backend && backend->name == name) return backend;
  return nullptr;
}

const GatewayReport& find_gateway(const Resolution& resolution, std::string_view name) {
  for (const GatewayReport& one : resolution.report.gateways)
    if (one.object.key.name == name) return one;
  throw std::runtime_error("no such Gateway");
}

const ListenerReport& find_listener(const Resolution& resolution, std::string_view gateway, std::string_view listener) {
  for (const ListenerReport& one : find_gateway(resolution, gateway).listeners)
    if (one.name == listener) return one;
  throw std::runtime_error("no such listener");
}

const RouteReport& find_route(const Resolution& resolution, std::string_view name) {
  for (const RouteReportPtr& one : resolution.report.routes)
    if (one->object.key.name == name) return *one;
  throw std::runtime_error("no such HTTPRoute");
}

std::shared_ptr<const ResolvedRoute> find_served(const Resolution& resolution, std::string_view name) {
  for (const ResolvedGateway& gateway : resolution.model.gateways)
    for (const ResolvedListener& listener : gateway.listeners)
      for (const AttachedRoutePtr& attached : listener.routes)
        if (attached->route->name.substr(attached->route->name.find('/') + 1) == name) return attached->route;
  return nullptr;
}

}  // namespace pintle::resolve::testing
