#include "test/unit/controller/infra/services.hpp"

#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"
#include "controller/resolve/resolve.hpp"

namespace pintle::infra::testing {
namespace {

using nlohmann::json;

std::vector<api::AnyObject> decode(std::string_view bytes, const char* file) {
  std::vector<api::AnyObject> objects;
  std::vector<api::Finding> findings;
  api::DecodeOptions options;
  options.mode = api::DecodeMode::Lenient;
  const auto read = [&](api::Document&& document) { api::decode_document(document, options, objects, findings); };
  api::read_manifest({bytes, std::make_shared<const std::string>(file)}, read, findings);
  for (const api::Finding& finding : findings)
    if (finding.severity == api::Severity::Error) throw std::runtime_error(api::format_finding(finding));
  return objects;
}

}  // namespace

Cluster::Cluster() {
  settings.replicas_namespace = "pintle-system";
  settings.replicas_service = "pintle";
  apply(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: pintle}
spec: {controllerName: pintle.dev/gateway-controller}
)");
  apply(replicas({"10.244.0.7"}));
}

Cluster& Cluster::apply(std::string_view yaml) {
  source::Batch batch;
  for (api::AnyObject& object : decode(yaml, "test.yaml")) {
    if (api::metadata_of(object).uid.empty()) api::set_identity(object, 1, "uid of " + to_string(api::key_of(object)));
    batch.changes.emplace_back(source::Upsert{std::move(object)});
  }
  store_.apply(batch);
  return *this;
}

Cluster& Cluster::remove(api::Kind kind, std::string_view ns, std::string_view name) {
  const api::ObjectKey key{kind, std::string(ns), std::string(name)};
  made_.erase(key);
  source::Batch batch;
  batch.changes.emplace_back(source::Remove{key});
  if (store_.apply(batch).empty()) throw std::runtime_error("nothing to remove");
  return *this;
}

resolve::StatusReport Cluster::report() {
  resolve::Settings with;
  with.controller_name = settings.controller_name;
  with.gateway_mode = resolve::GatewayMode::Service;
  with.service = settings.service;
  return resolve::resolve(snapshot(), with).report;
}

Plan Cluster::plan() {
  const store::ClusterSnapshot now = snapshot();
  const resolve::StatusReport found = report();
  return plan_infra({now, found, settings});
}

void Cluster::put(const api::ObjectKey& key, std::string text) {
  json object = json::parse(text);
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  made_[key] = object.dump();
  source::Batch batch;
  for (api::AnyObject& one : decode(made_[key], "test.json"))
    batch.changes.emplace_back(source::Upsert{std::move(one)});
  store_.apply(batch);
}

void Cluster::patch(const api::ObjectKey& key, std::string_view merge) {
  json object = json::parse(made_.at(key));
  object.merge_patch(json::parse(merge));
  put(key, object.dump());
}

void Cluster::carry_out(const std::vector<Action>& actions) {
  for (const Action& action : actions) {
    const json body = json::parse(action.body);
    if (action.verb == Verb::Create) {
      ASSERT_FALSE(made_.contains(action.object)) << to_string(action.object);
      json object = body;
      object["metadata"]["uid"] = fmt::format("uid {}", ++version_);
      if (action.object.kind == api::Kind::Service && !object["spec"].contains("clusterIP"))
        object["spec"]["clusterIP"] = fmt::format("10.96.0.{}", version_ % 200);
      put(action.object, object.dump());
      continue;
    }
    ASSERT_TRUE(made_.contains(action.object)) << to_string(action.object);
    const json held = json::parse(made_.at(action.object))["metadata"];
    const json& expected = action.verb == Verb::Patch ? body["metadata"] : body["preconditions"];
    ASSERT_EQ(expected["uid"], held["uid"]);
    ASSERT_EQ(expected["resourceVersion"], held["resourceVersion"]);
    if (action.verb == Verb::Patch)
      patch(action.object, action.body);
    else
      remove(action.object.kind, action.object.ns, action.object.name);
  }
}

std::size_t Cluster::settle() {
  std::size_t count = 0;
  for (int round = 0; round < 10; ++round) {
    const Plan now = plan();
    if (now.actions.empty()) return count;
    count += now.actions.size();
    carry_out(now.actions);
  }
  ADD_FAILURE() << "plans without end: " << shown(plan().actions);
  return count;
}

const api::Service* Cluster::service(std::string_view name, std::string_view ns) {
  static store::ClusterSnapshot kept;
  kept = snapshot();
  return kept.find<api::Service>(ns, name);
}

std::string Cluster::text_of(const api::ObjectKey& key) const {
  const auto found = made_.find(key);
  return found == made_.end() ? std::string() : found->second;
}

std::string gateway(std::string_view name, std::string_view spec, std::string_view created) {
  return fmt::format(R"(---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {}, namespace: default, creationTimestamp: "{}"}}
spec: {{gatewayClassName: pintle, {}}}
)",
                     name, created, spec);
}

std::string replicas(const std::vector<std::string>& addresses) {
  std::string endpoints;
  for (const std::string& address : addresses)
    endpoints += fmt::format("{}{{addresses: [\"{}\"], nodeName: node-1, conditions: {{ready: true}}}}",
                             endpoints.empty() ? "" : ", ", address);
  const bool v6 = !addresses.empty() && addresses.front().contains(':');
  return fmt::format(R"(---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: pintle-{0}, namespace: pintle-system, labels: {{kubernetes.io/service-name: pintle}}}}
addressType: {1}
ports: [{{name: admin, port: 9901}}]
endpoints: [{2}]
)",
                     v6 ? "six" : "four", v6 ? "IPv6" : "IPv4", endpoints);
}

std::string shown(const std::vector<Action>& actions) {
  constexpr std::string_view verbs[] = {"create", "patch", "delete"};
  std::vector<std::string> lines;
  for (const Action& action : actions)
    lines.push_back(fmt::format("{} {}", verbs[static_cast<std::size_t>(action.verb)], to_string(action.object)));
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace pintle::infra::testing
