// Services and EndpointSlices of Gateways: what is made, changed, kept and removed.
#include "controller/infra/plan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/resolve/service_names.hpp"
#include "test/unit/controller/infra/services.hpp"

namespace pintle::infra {
namespace {

using namespace testing;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const api::ObjectKey service_key{api::Kind::Service, "default", "gw-pintle"};
const api::ObjectKey slice_key{api::Kind::EndpointSlice, "default", "gw-pintle-pintle-ipv4"};

std::int32_t target_of(const api::Service* service, std::uint16_t port) {
  for (const api::ServicePort& one : service->ports)
    if (one.port == port) return std::get<std::int32_t>(one.target_port);
  return 0;
}

TEST(Plan, AGatewayGetsAServiceAndASlice) {
  Cluster cluster;
  cluster.apply(gateway("gw"));
  const Plan plan = cluster.plan();
  EXPECT_EQ(shown(plan.actions),
            "create Service default/gw-pintle\ncreate EndpointSlice default/gw-pintle-pintle-ipv4");

  const json service = json::parse(plan.actions[0].body);
  EXPECT_EQ(service["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"], "gw");
  EXPECT_EQ(service["metadata"]["labels"]["gateway.networking.k8s.io/gateway-class-name"], "pintle");
  EXPECT_EQ(service["metadata"]["ownerReferences"][0], json({{"apiVersion", "gateway.networking.k8s.io/v1"},
                                                             {"kind", "Gateway"},
                                                             {"name", "gw"},
                                                             {"uid", "uid of Gateway default/gw"},
                                                             {"controller", true}}));
  EXPECT_EQ(service["spec"]["type"], "LoadBalancer");
  EXPECT_FALSE(service["spec"].contains("selector"));
  const int target = service["spec"]["ports"][0]["targetPort"];
  EXPECT_GE(target, 20000);
  EXPECT_LE(target, 29999);

  const json slice = json::parse(plan.actions[1].body);
  EXPECT_EQ(slice["metadata"]["labels"]["kubernetes.io/service-name"], "gw-pintle");
  EXPECT_EQ(slice["endpoints"][0]["addresses"], json({"10.244.0.7"}));
  EXPECT_EQ(slice["endpoints"][0]["nodeName"], "node-1");
  EXPECT_EQ(slice["ports"][0], json({{"name", "port-80"}, {"protocol", "TCP"}, {"port", target}}));
}

TEST(Plan, WhatIsDoneIsNotDoneAgain) {
  Cluster cluster;
  cluster.apply(gateway("gw"));
  EXPECT_EQ(cluster.settle(), 2U);
  EXPECT_EQ(shown(cluster.plan().actions), "");
}

TEST(Plan, PortsComeAndGoAndTheOthersKeepTheirNumbers) {
  Cluster cluster;
  cluster.apply(gateway("gw")).settle();
  cluster.patch(service_key, R"({"spec":{"ports":[{"name":"port-80","protocol":"TCP","port":80,"targetPort":23456,
                                                  "nodePort":31000}]}})");
  cluster.apply(gateway("gw",
                        "listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 81, protocol: HTTP}, "
                        "{name: c, port: 81, protocol: HTTP, hostname: c.example}]"));
  EXPECT_EQ(shown(cluster.plan().actions),
            "patch Service default/gw-pintle\npatch EndpointSlice default/gw-pintle-pintle-ipv4");
  cluster.settle();
  const api::Service* service = cluster.service("gw-pintle");
  ASSERT_EQ(service->ports.size(), 2U);
  EXPECT_EQ(target_of(service, 80), 23456);
  EXPECT_EQ(service->ports[0].node_port, 31000);
  const std::int32_t second = target_of(service, 81);
  EXPECT_NE(second, 23456);
  cluster.apply(gateway("gw", "listeners: [{name: b, port: 81, protocol: HTTP}]")).settle();
  service = cluster.service("gw-pintle");
  ASSERT_EQ(service->ports.size(), 1U);
  EXPECT_EQ(target_of(service, 81), second);
}

TEST(Plan, NoNumberIsGivenTwice) {
  Cluster cluster;
  cluster.settings.service.target_ports = {20000, 20003};
  cluster.settings.service.reserved_ports = {20001};
  for (const char* name : {"a", "b", "c", "d"}) cluster.apply(gateway(name));
  const Plan plan = cluster.plan();
  std::set<int> numbers;
  for (const Action& action : plan.actions)
    if (action.object.kind == api::Kind::Service)
      numbers.insert(json::parse(action.body)["spec"]["ports"][0]["targetPort"].get<int>());
  EXPECT_THAT(numbers, ElementsAre(20000, 20002, 20003));
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_EQ(plan.problems.begin()->first.name, "d") << "of one age the last by name";
  EXPECT_EQ(plan.problems.begin()->second[0].reason, "NoResources");
}

TEST(Plan, ANumberTakenFromAnotherByHandIsGivenBack) {
  Cluster cluster;
  cluster.apply(gateway("gw"))
      .apply(gateway("thief", "listeners: [{name: http, port: 80, protocol: HTTP}]", "2020-01-01T00:00:00Z"));
  cluster.settle();
  const std::int32_t number = target_of(cluster.service("gw-pintle"), 80);
  const api::ObjectKey thief{api::Kind::Service, "default", "thief-pintle"};
  cluster.patch(thief,
                fmt::format(R"({{"spec":{{"ports":[{{"name":"port-80","port":80,"targetPort":{}}}]}}}})", number));
  EXPECT_EQ(shown(cluster.plan().actions), "patch Service default/thief-pintle");
  cluster.settle();
  EXPECT_EQ(target_of(cluster.service("gw-pintle"), 80), number);
  EXPECT_NE(target_of(cluster.service("thief-pintle"), 80), number);
}

TEST(Plan, ANumberOutsideTheRangeDoesNotCount) {
  Cluster cluster;
  cluster.apply(gateway("gw")).settle();
  cluster.patch(service_key, R"({"spec":{"ports":[{"name":"port-80","port":80,"targetPort":9901}]}})");
  cluster.settle();
  EXPECT_GE(target_of(cluster.service("gw-pintle"), 80), 20000);
}

TEST(Plan, InfrastructureIsPutOnAndTakenOffAndTheRestStays) {
  Cluster cluster;
  cluster.settings.annotations = {{"cloud/internal", "true"}};
  const auto with = [](std::string_view infrastructure) {
    return gateway(
        "gw", fmt::format("infrastructure: {}, listeners: [{{name: http, port: 80, protocol: HTTP}}]", infrastructure));
  };
  cluster.apply(with("{labels: {team: a, app.kubernetes.io/managed-by: me}, annotations: {a: x, b: v}}")).settle();
  const auto metadata = [&] { return json::parse(cluster.text_of(service_key))["metadata"]; };
  EXPECT_EQ(metadata()["labels"]["team"], "a");
  EXPECT_EQ(metadata()["labels"]["app.kubernetes.io/managed-by"], "pintle") << "the mark is ours";
  EXPECT_EQ(metadata()["annotations"]["a"], "x");
  EXPECT_EQ(metadata()["annotations"]["cloud/internal"], "true");
  EXPECT_EQ(json::parse(cluster.text_of(slice_key))["metadata"]["annotations"].value("a", ""), "x");

  cluster.patch(service_key, R"({"metadata":{"labels":{"theirs":"1"},"annotations":{"theirs":"2","a":"edited"}}})");
  cluster.apply(with("{labels: {other: b}, annotations: {a: z}}")).settle();
  EXPECT_FALSE(metadata()["labels"].contains("team"));
  EXPECT_EQ(metadata()["labels"]["other"], "b");
  EXPECT_EQ(metadata()["labels"]["theirs"], "1");
  EXPECT_EQ(metadata()["annotations"]["a"], "z");
  EXPECT_FALSE(metadata()["annotations"].contains("b"));
  EXPECT_EQ(metadata()["annotations"]["theirs"], "2");
  cluster.apply(gateway("gw")).settle();
  EXPECT_FALSE(metadata()["annotations"].contains("a"));
  EXPECT_FALSE(metadata()["labels"].contains("other"));
  EXPECT_EQ(metadata()["labels"]["theirs"], "1");
  EXPECT_EQ(metadata()["annotations"]["cloud/internal"], "true");
}

TEST(Plan, ASliceCannotBeTurnedToAnotherServiceByALabel) {
  Cluster cluster;
  cluster.apply(gateway("gw",
                        "infrastructure: {labels: {kubernetes.io/service-name: bank}}, "
                        "listeners: [{name: http, port: 80, protocol: HTTP}]"));
  EXPECT_EQ(json::parse(cluster.plan().actions[1].body)["metadata"]["labels"]["kubernetes.io/service-name"],
            "gw-pintle");
}

TEST(Plan, EndpointsAreTheReadyReplicas) {
  Cluster cluster;
  cluster.apply(gateway("gw")).settle();
  cluster.apply(R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: pintle-four, namespace: pintle-system, labels: {kubernetes.io/service-name: pintle}}
addressType: IPv4
endpoints:
- {addresses: ["10.244.0.9"], zone: z}
- {addresses: ["10.244.0.8"], conditions: {ready: false, serving: true, terminating: true}}
- {addresses: ["10.244.0.6"], conditions: {ready: false}}
- {addresses: ["127.0.0.1"]}
- {addresses: ["169.254.1.1"]}
- {addresses: ["10.244.0.10"]}
)");
  cluster.apply(replicas({"fd00::7"}));
  EXPECT_EQ(shown(cluster.plan().actions),
            "patch EndpointSlice default/gw-pintle-pintle-ipv4\n"
            "create EndpointSlice default/gw-pintle-pintle-ipv6");
  cluster.settle();
  const json endpoints = json::parse(cluster.text_of(slice_key))["endpoints"];
  ASSERT_EQ(endpoints.size(), 2U);
  EXPECT_EQ(endpoints[0]["addresses"], json({"10.244.0.10"}));
  EXPECT_EQ(endpoints[1]["addresses"], json({"10.244.0.9"}));
  EXPECT_EQ(endpoints[1]["zone"], "z");
  cluster.apply(replicas({}));
  EXPECT_EQ(shown(cluster.plan().actions), "delete EndpointSlice default/gw-pintle-pintle-ipv4");
}

// What the cluster says of pods whose nodes it had lost sight of.
TEST(Plan, WhereNoneIsReadyTheyStayUntilOneIs) {
  Cluster cluster;
  const auto apply = [&cluster](std::string_view first, std::string_view second) {
    cluster.apply(fmt::format(R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: pintle-four, namespace: pintle-system, labels: {{kubernetes.io/service-name: pintle}}}}
addressType: IPv4
endpoints:
- {{addresses: ["10.244.0.8"], conditions: {{ready: false, serving: true, terminating: true}}}}
- {{addresses: ["10.244.0.9"], conditions: {{ready: {}}}}}
- {{addresses: ["10.244.0.10"], conditions: {{ready: {}}}}}
)",
                              first, second));
  };
  cluster.apply(gateway("gw")).apply(replicas({}));
  apply("true", "true");
  cluster.settle();
  apply("false", "false");
  EXPECT_EQ(shown(cluster.plan().actions), "");
  apply("false", "true");
  cluster.settle();
  const json endpoints = json::parse(cluster.text_of(slice_key))["endpoints"];
  ASSERT_EQ(endpoints.size(), 1U);
  EXPECT_EQ(endpoints[0]["addresses"], json({"10.244.0.10"}));
}

TEST(Plan, ASliceHoldsAThousand) {
  Cluster cluster;
  std::vector<std::string> addresses;
  addresses.reserve(1001);
  for (int at = 0; at < 1001; ++at) addresses.push_back(fmt::format("10.1.{}.{}", at / 250, at % 250 + 1));
  cluster.apply(replicas({})).apply(gateway("gw"));
  for (int part = 0; part < 2; ++part) {
    std::string list;
    for (int at = part * 501; at < std::min(1001, (part + 1) * 501); ++at)
      list += fmt::format("- {{addresses: [\"{}\"]}}\n", addresses[static_cast<std::size_t>(at)]);
    cluster.apply(
        fmt::format("apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: p{}, namespace: "
                    "pintle-system, labels: {{kubernetes.io/service-name: pintle}}}}\naddressType: "
                    "IPv4\nendpoints:\n{}",
                    part, list));
  }
  EXPECT_EQ(cluster.settle(), 3U);
  EXPECT_EQ(json::parse(cluster.text_of(slice_key))["endpoints"].size(), 1000U);
  EXPECT_EQ(json::parse(cluster.text_of({api::Kind::EndpointSlice, "default", "gw-pintle-pintle-ipv4-2"}))["endpoints"]
                .size(),
            1U);
}

TEST(Plan, AForeignServiceOfTheNameIsLeftAlone) {
  Cluster cluster;
  cluster.apply(gateway("gw"))
      .apply(
          "{apiVersion: v1, kind: Service, metadata: {name: gw-pintle, namespace: default}, "
          "spec: {ports: [{port: 5432}]}}");
  const Plan plan = cluster.plan();
  EXPECT_THAT(shown(plan.actions), HasSubstr("create Service default/gw-pintle-"));
  cluster.settle();
  EXPECT_EQ(cluster.service("gw-pintle")->ports[0].port, 5432);
}

TEST(Plan, TwoGatewaysThatShareANameGetTwoServices) {
  Cluster cluster;
  cluster.apply(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: x-pintle}, spec: "
      "{controllerName: pintle.dev/gateway-controller}}");
  cluster.apply(gateway("a-x")).apply(R"({apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: a,
    namespace: default}, spec: {gatewayClassName: x-pintle, listeners: [{name: http, port: 80, protocol: HTTP}]}})");
  EXPECT_EQ(cluster.settle(), 4U);
  EXPECT_NE(cluster.service("a-x-pintle"), nullptr);
}

TEST(Plan, AGatewayOfAnotherClassLosesItsService) {
  Cluster cluster;
  cluster.apply(gateway("gw")).settle();
  const std::string moved = R"({apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: gw,
    namespace: default}, spec: {gatewayClassName: other, listeners: [{name: http, port: 80, protocol: HTTP}]}})";
  cluster.apply(moved);
  EXPECT_EQ(shown(cluster.plan().actions),
            "delete Service default/gw-pintle\ndelete EndpointSlice default/gw-pintle-pintle-ipv4");
  cluster.settings.controller_name = "another.example/controller";
  EXPECT_EQ(shown(cluster.plan().actions), "") << "what another controller made is not ours to delete";
}

TEST(Plan, WhatADeletedGatewayOwnedIsLeftToTheCluster) {
  Cluster cluster;
  cluster.apply(gateway("gw")).settle();
  cluster.remove(api::Kind::Gateway, "default", "gw");
  EXPECT_EQ(shown(cluster.plan().actions), "");
}

TEST(Plan, ARefusedGatewayKeepsWhatItHasAndGetsNothingNew) {
  Cluster cluster;
  const std::string refused =
      "addresses: [{type: Hostname, value: a.example}], listeners: [{name: x, port: 81, "
      "protocol: HTTP}]";
  cluster.apply(gateway("new", refused)).apply(gateway("gw")).settle();
  cluster.apply(gateway("gw", refused));
  EXPECT_EQ(shown(cluster.plan().actions), "");
  cluster.apply(replicas({"10.244.0.8"}));
  EXPECT_EQ(shown(cluster.plan().actions), "patch EndpointSlice default/gw-pintle-pintle-ipv4") << "pods come and go";
  EXPECT_EQ(cluster.service("new-pintle"), nullptr);
}

TEST(Plan, AStaticAddressByServiceType) {
  struct Row {
    resolve::ServiceType type;
    const char* field;
    json value;
  };
  const Row rows[] = {{resolve::ServiceType::ClusterIP, "clusterIP", "10.96.0.77"},
                      {resolve::ServiceType::LoadBalancer, "loadBalancerIP", "10.96.0.77"},
                      {resolve::ServiceType::NodePort, "externalIPs", json({"10.96.0.77"})}};
  for (const Row& row : rows) {
    Cluster cluster;
    cluster.settings.service.type = row.type;
    cluster.settings.service.external_ips = resolve::ExternalIps::Allow;
    cluster.apply(gateway("gw", "addresses: [{value: 10.96.0.77}], listeners: [{name: x, port: 80, protocol: HTTP}]"));
    const Plan plan = cluster.plan();
    ASSERT_FALSE(plan.actions.empty()) << row.field;
    EXPECT_EQ(json::parse(plan.actions[0].body)["spec"][row.field], row.value);
    EXPECT_EQ(cluster.settle(), 2U) << row.field;
    cluster.apply(gateway("gw"));
    cluster.settle();
    if (row.type == resolve::ServiceType::ClusterIP) continue;  // an address nobody asked for is as good as another
    const json spec = json::parse(cluster.text_of(service_key))["spec"];
    EXPECT_TRUE(!spec.contains(row.field) || spec[row.field].empty()) << row.field;
  }
}

TEST(Plan, AnotherClusterAddressMeansAnotherService) {
  Cluster cluster;
  cluster.settings.service.type = resolve::ServiceType::ClusterIP;
  cluster.apply(gateway("gw")).settle();
  const std::int32_t before = target_of(cluster.service("gw-pintle"), 80);
  cluster.apply(gateway("gw", "addresses: [{value: 10.96.0.250}], listeners: [{name: x, port: 80, protocol: HTTP}]"));
  EXPECT_EQ(shown(cluster.plan().actions), "delete Service default/gw-pintle");
  cluster.settle();
  EXPECT_EQ(cluster.service("gw-pintle")->cluster_ip, "10.96.0.250");
  EXPECT_EQ(target_of(cluster.service("gw-pintle"), 80), before);
}

TEST(Plan, AServiceOnItsWayOutIsWaitedFor) {
  Cluster cluster;
  cluster.apply(gateway("gw")).settle();
  cluster.patch(service_key, R"({"metadata":{"deletionTimestamp":"2026-01-02T00:00:00Z"},"spec":{"type":"NodePort"}})");
  EXPECT_EQ(shown(cluster.plan().actions), "");
}

TEST(Plan, TypeAndPolicyFollowTheSettings) {
  Cluster cluster;
  cluster.apply(gateway("gw")).settle();
  cluster.settings.service.type = resolve::ServiceType::NodePort;
  cluster.settings.external_traffic_policy = "Local";
  EXPECT_EQ(cluster.settle(), 1U);
  EXPECT_EQ(cluster.service("gw-pintle")->type, "NodePort");
  EXPECT_EQ(cluster.service("gw-pintle")->external_traffic_policy, "Local");
}

TEST(Plan, TheLongestNamesOfAll) {
  Cluster cluster;
  const std::string name = std::string(200, 'a') + "." + std::string(52, 'b');
  ASSERT_EQ(name.size(), 253U);
  cluster.apply(gateway(name));
  const Plan plan = cluster.plan();
  ASSERT_EQ(plan.actions.size(), 2U);
  EXPECT_LE(plan.actions[0].object.name.size(), 63U);
  const std::string label =
      json::parse(plan.actions[0].body)["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"];
  EXPECT_EQ(label.size(), 63U);
  cluster.settle();
  EXPECT_EQ(shown(cluster.plan().actions), "");
}

TEST(Finalizers, AClassThatIsUsedHoldsOne) {
  Cluster cluster;
  EXPECT_TRUE(plan_finalizers(cluster.snapshot(), cluster.report()).empty());
  cluster.apply(gateway("gw"));
  const std::vector<Action> added = plan_finalizers(cluster.snapshot(), cluster.report());
  ASSERT_EQ(added.size(), 1U);
  EXPECT_EQ(json::parse(added[0].body)["metadata"]["finalizers"],
            json({"gateway-exists-finalizer.gateway.networking.k8s.io"}));
  const auto class_with = [](std::string_view metadata) {
    return fmt::format(
        "{{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {{name: pintle, {}}}, "
        "spec: {{controllerName: pintle.dev/gateway-controller}}}}",
        metadata);
  };
  cluster.apply(class_with("finalizers: [theirs/one, gateway-exists-finalizer.gateway.networking.k8s.io]"));
  EXPECT_TRUE(plan_finalizers(cluster.snapshot(), cluster.report()).empty());
  cluster.remove(api::Kind::Gateway, "default", "gw");
  const std::vector<Action> taken = plan_finalizers(cluster.snapshot(), cluster.report());
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(json::parse(taken[0].body)["metadata"]["finalizers"], json({"theirs/one"}));
  cluster.apply(gateway("gw"))
      .apply(class_with("deletionTimestamp: \"2026-01-02T00:00:00Z\", finalizers: [theirs/one]"));
  EXPECT_TRUE(plan_finalizers(cluster.snapshot(), cluster.report()).empty()) << "none can be added to what goes";
}

}  // namespace
}  // namespace pintle::infra
