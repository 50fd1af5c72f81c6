// Service mode: names, target ports and addresses as Services show them.
#include "controller/resolve/gateway_service.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/base/stable_hash.hpp>

#include "controller/api/rules.hpp"
#include "controller/resolve/refs.hpp"
#include "controller/resolve/service_names.hpp"
#include "test/unit/controller/resolve/world.hpp"

namespace pintle::resolve {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string gateway(std::string_view name, std::string_view addresses = "[]",
                    std::string_view created = "2026-01-01T00:00:00Z") {
  return fmt::format(R"(---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {}, namespace: default, creationTimestamp: "{}"}}
spec: {{gatewayClassName: pintle, addresses: {}, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}
)",
                     name, created, addresses);
}

/// The Service of a Gateway, as the leader makes it.
std::string service(std::string_view name, int target, std::string_view rest = "") {
  return fmt::format(R"(---
apiVersion: v1
kind: Service
metadata:
  name: {0}-pintle
  namespace: default
  labels: {{app.kubernetes.io/managed-by: pintle}}
  annotations: {{pintle.dev/controller-name: pintle.dev/gateway-controller}}
  ownerReferences: [{{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, name: {0}, uid: "Gateway default/{0}", controller: true}}]
{2}
spec: {{ports: [{{port: 80, targetPort: {1}}}], clusterIP: 10.96.0.7}}
)",
                     name, target, rest);
}

struct Scene {
  World world;
  ServiceSettings settings;
  store::ClusterSnapshot snapshot;
  RefSet refs;

  std::vector<Exposure> expose() {
    snapshot = world.snapshot();
    std::vector<const api::Gateway*> gateways;
    for (const api::Gateway& one : snapshot.all<api::Gateway>()) gateways.push_back(&one);
    return expose_gateways({snapshot, gateways, "pintle.dev/gateway-controller", settings}, refs);
  }
};

std::vector<std::string> values(const std::vector<api::GatewayStatusAddress>& list) {
  std::vector<std::string> made;
  for (const api::GatewayStatusAddress& one : list) made.push_back(one.type + " " + one.value);
  return made;
}

TEST(ServiceNames, AreTheGatewayAndTheClass) {
  api::Gateway gateway;
  gateway.spec.gateway_class_name = "pintle";
  for (const auto& [name, plain] : {std::pair("gw", true), {"a.b", false}, {"1st", false}, {"x-y", true}}) {
    gateway.metadata.name = name;
    const auto names = service_names(gateway);
    EXPECT_EQ(names.size(), plain ? 2U : 1U) << name;
    if (plain) EXPECT_EQ(names[0], std::string(name) + "-pintle");
    for (const std::string& one : names) EXPECT_TRUE(api::is_dns1035_label(one) && one.size() <= 63) << one;
  }
}

TEST(ServiceNames, LongOnesAreToldApart) {
  api::Gateway gateway;
  gateway.spec.gateway_class_name = "pintle";
  std::set<std::string> names;
  for (const char* end : {"x", "y"}) {
    gateway.metadata.name = std::string(252, 'a') + end;
    const auto made = service_names(gateway);
    ASSERT_EQ(made.size(), 1U);
    EXPECT_LE(made[0].size(), 63U);
    names.insert(made[0]);
    names.insert(label_value(gateway.metadata.name));
    EXPECT_TRUE(api::is_label_value(label_value(gateway.metadata.name)));
  }
  EXPECT_EQ(names.size(), 4U);
  EXPECT_EQ(label_value("short.one"), "short.one");
  EXPECT_EQ(stable_hash("pintle"), 0x7bf1fc76861dfcb3ULL) << "names of running clusters depend on it";
}

TEST(GatewayService, TargetPortsAreReadFromTheService) {
  Scene scene;
  scene.world.apply(gateway("gw")).apply(service("gw", 23456));
  const auto exposures = scene.expose();
  ASSERT_EQ(exposures.size(), 1U);
  EXPECT_THAT(exposures[0].target_ports, ElementsAre(std::pair(ListenerPort{80, Transport::Tcp}, 23456)));
  EXPECT_TRUE(scene.refs.contains(ref_to(api::Kind::Service, "default", "gw-pintle")));
}

TEST(GatewayService, WithoutAServiceThereIsNothingYet) {
  Scene scene;
  scene.world.apply(gateway("gw"));
  const auto exposures = scene.expose();
  EXPECT_EQ(exposures[0].service, nullptr);
  EXPECT_EQ(reasons_of(exposures[0].pending), "AddressNotAssigned");
  EXPECT_TRUE(scene.refs.contains(ref_to(api::Kind::Service, "default", "gw-pintle"))) << "its coming is news";
}

TEST(GatewayService, AServiceOfAnotherOwnerSaysNothing) {
  for (const auto& [from, to] : {std::pair("uid: \"Gateway default/gw\"", "uid: \"old\""),
                                 {"pintle.dev/gateway-controller", "other/controller"},
                                 {"managed-by: pintle", "managed-by: me"},
                                 {"controller: true", "controller: false"}}) {
    Scene scene;
    std::string text = service("gw", 23456);
    text.replace(text.find(from), std::string_view(from).size(), to);
    scene.world.apply(gateway("gw")).apply(text);
    EXPECT_EQ(scene.expose()[0].service, nullptr) << to;
  }
}

TEST(GatewayService, NumbersOutsideTheRangeOrReservedDoNotCount) {
  for (const int number : {80, 19999, 30000, 25000}) {
    Scene scene;
    scene.settings.reserved_ports = {25000};
    scene.world.apply(gateway("gw")).apply(service("gw", number));
    EXPECT_TRUE(scene.expose()[0].target_ports.empty()) << number;
  }
}

TEST(GatewayService, OfOneNumberInTwoServicesTheRightfulOwnerHasIt) {
  Scene scene;
  scene.world.apply(gateway("gw")).apply(gateway("old", "[]", "2020-01-01T00:00:00Z"));
  const store::ClusterSnapshot before = scene.world.snapshot();
  const int number =
      preferred_port(*before.find<api::Gateway>("default", "gw"), {80, Transport::Tcp}, scene.settings.target_ports);
  scene.world.apply(service("gw", number)).apply(service("old", number));
  const auto exposures = scene.expose();
  EXPECT_EQ(exposures[0].target_ports.size(), 1U);
  EXPECT_TRUE(exposures[1].target_ports.empty()) << "though it is older: it can only have taken it by hand";
}

struct AddressRow {
  const char* name;
  ServiceType type;
  const char* asked;
  const char* service_rest;  ///< YAML beside spec
  const char* published;
  const char* accepted;
  const char* unusable;
  const char* pending;
};
constexpr const char* given = "status: {loadBalancer: {ingress: [{ip: 100.64.0.7}, {hostname: lb.example}]}}";
const AddressRow address_rows[] = {
    {"cluster", ServiceType::ClusterIP, "[]", "", "IPAddress 10.96.0.7", "", "", ""},
    {"balancer", ServiceType::LoadBalancer, "[]", given, "IPAddress 100.64.0.7,Hostname lb.example", "", "", ""},
    {"balancer waits", ServiceType::LoadBalancer, "[]", "", "", "", "", "AddressNotAssigned"},
    {"any", ServiceType::ClusterIP, "[{type: IPAddress}]", "", "IPAddress 10.96.0.7", "", "", ""},
    {"empty value", ServiceType::ClusterIP, "[{value: \"\"}]", "", "IPAddress 10.96.0.7", "", "", ""},
    {"asked and given", ServiceType::LoadBalancer, "[{value: 100.64.0.7}]", given, "IPAddress 100.64.0.7", "", "", ""},
    {"hostname", ServiceType::ClusterIP, "[{type: Hostname, value: a.b}]", "", "*", "UnsupportedAddress", "", ""},
    {"invented type", ServiceType::ClusterIP, "[{type: test/fake, value: x}, {value: 10.96.0.7}]", "", "*",
     "UnsupportedAddress", "", ""},
    {"no address", ServiceType::ClusterIP, "[{value: a.b}]", "", "*", "", "AddressNotUsable", ""},
    {"loopback", ServiceType::ClusterIP, "[{value: 127.0.0.1}]", "", "*", "", "AddressNotUsable", ""},
    {"two of a family", ServiceType::ClusterIP, "[{value: 198.51.100.1}, {value: 10.96.0.7}]", "", "*", "",
     "AddressNotUsable", "AddressNotAssigned"},
    {"one of each", ServiceType::ClusterIP, "[{value: 10.96.0.7}, {value: \"fd00::7\"}]", "", "IPAddress 10.96.0.7", "",
     "", ""},
    {"two of a balancer", ServiceType::LoadBalancer, "[{value: 100.64.0.7}, {value: 100.64.0.8}]", given, "*", "",
     "AddressNotUsable", ""},
    {"external not allowed", ServiceType::NodePort, "[{value: 10.0.0.1}]", "", "*", "", "AddressNotUsable", ""},
    {"cluster has another", ServiceType::ClusterIP, "[{value: 10.96.0.9}]", "", "*", "", "", "AddressNotAssigned"},
};

TEST(GatewayService, AddressesAskedForAndGiven) {
  for (const AddressRow& row : address_rows) {
    SCOPED_TRACE(row.name);
    Scene scene;
    scene.settings.type = row.type;
    std::string text = service("gw", 20000, row.service_rest);
    if (row.type != ServiceType::ClusterIP)
      text.replace(text.find("spec: {"), 7, fmt::format("spec: {{type: {}, ", to_string(row.type)));
    scene.world.apply(gateway("gw", row.asked)).apply(text);
    const Exposure exposure = scene.expose()[0];
    if (std::string_view(row.published) != "*")
      EXPECT_EQ(fmt::format("{}", fmt::join(values(exposure.addresses), ",")), row.published);
    EXPECT_EQ(reasons_of(exposure.accepted), row.accepted);
    EXPECT_EQ(reasons_of(exposure.unusable), row.unusable);
    EXPECT_EQ(reasons_of(exposure.pending), row.pending);
  }
}

TEST(GatewayService, ABalancerThatGaveAnotherAddressHasDecided) {
  Scene scene;
  std::string text = service("gw", 20000, given);
  text.replace(text.find("spec: {"), 7, "spec: {type: LoadBalancer, loadBalancerIP: 100.64.0.9, ");
  scene.world.apply(gateway("gw", "[{value: 100.64.0.9}]")).apply(text);
  const Exposure exposure = scene.expose()[0];
  EXPECT_EQ(reasons_of(exposure.pending), "AddressNotUsable");
  EXPECT_THAT(exposure.pending[0].message, HasSubstr("100.64.0.7"));
}

TEST(GatewayService, OfTwoThatAskForOneAddressTheOlderHasIt) {
  Scene scene;
  scene.settings.type = ServiceType::ClusterIP;
  scene.world.apply(gateway("a", "[{value: 10.96.0.9}]", "2026-02-01T00:00:00Z"))
      .apply(gateway("b", "[{value: 10.96.0.9}]", "2026-01-01T00:00:00Z"));
  const auto exposures = scene.expose();
  EXPECT_EQ(reasons_of(exposures[0].unusable), "AddressNotUsable");
  EXPECT_THAT(exposures[0].unusable[0].message, HasSubstr("default/b"));
  EXPECT_THAT(exposures[1].requested, ElementsAre("10.96.0.9"));
  scene.world.remove(api::Kind::Gateway, "default", "b");
  EXPECT_EQ(reasons_of(scene.expose()[0].unusable), "") << "free again when its Gateway is gone";
}

TEST(GatewayService, NodesAreWhereNodePortsAreIfTheyAreKnown) {
  Scene scene;
  scene.settings.type = ServiceType::NodePort;
  std::string text = service("gw", 20000);
  text.replace(text.find("spec: {"), 7, "spec: {type: NodePort, externalIPs: [192.0.2.1], ");
  scene.world.apply(gateway("gw")).apply(text);
  EXPECT_THAT(values(scene.expose()[0].addresses), ElementsAre("IPAddress 10.96.0.7", "IPAddress 192.0.2.1"));
  scene.settings.node_addresses = {"172.30.0.1"};
  EXPECT_THAT(values(scene.expose()[0].addresses), ElementsAre("IPAddress 172.30.0.1", "IPAddress 192.0.2.1"));
}

TEST(GatewayService, PortsOfProtocolsThatAreServedOnceEach) {
  World world;
  world.apply(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: default}
spec:
  gatewayClassName: pintle
  listeners:
  - {name: a, port: 80, protocol: HTTP, hostname: a.example}
  - {name: b, port: 80, protocol: HTTP}
  - {name: c, port: 443, protocol: HTTPS}
  - {name: d, port: 1111, protocol: INVALID}
)");
  const store::ClusterSnapshot snapshot = world.snapshot();
  EXPECT_THAT(wanted_ports(*snapshot.find<api::Gateway>("default", "gw"), {}),
              ElementsAre(std::pair(ListenerPort{80, Transport::Tcp}, "HTTP"),
                          std::pair(ListenerPort{443, Transport::Tcp}, "HTTPS")));
}

}  // namespace
}  // namespace pintle::resolve
