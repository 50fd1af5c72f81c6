// Ports that ListenerSets add to the Service of their Gateway.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controller/infra/plan.hpp"
#include "test/unit/controller/infra/services.hpp"

namespace pintle::infra {
namespace {

using namespace testing;

std::int32_t target_of(const api::Service* service, std::uint16_t port) {
  for (const api::ServicePort& one : service->ports)
    if (one.port == port) return std::get<std::int32_t>(one.target_port);
  return 0;
}

std::string listener_set(std::string_view name, std::string_view listeners, std::string_view ns = "default") {
  return fmt::format(
      "apiVersion: gateway.networking.k8s.io/v1\nkind: ListenerSet\n"
      "metadata: {{name: {}, namespace: {}, creationTimestamp: \"2026-01-02T00:00:00Z\"}}\n"
      "spec: {{parentRef: {{name: gw, namespace: default}}, listeners: [{}]}}\n",
      name, ns, listeners);
}

TEST(ListenerSetPorts, AreThoseOfTheGateway) {
  Cluster cluster;
  cluster.settings.app_protocol = AppProtocol::Tell;
  constexpr std::string_view allows =
      "allowedListeners: {namespaces: {from: Same}}, listeners: [{name: http, port: 80, protocol: HTTP}]";
  cluster.apply(gateway("gw", allows)).settle();
  const std::int32_t first = target_of(cluster.service("gw-pintle"), 80);
  cluster.apply(listener_set("set",
                             "{name: a, port: 80, protocol: HTTP, hostname: a.example}, "
                             "{name: b, port: 8443, protocol: HTTPS}, {name: c, port: 53, protocol: UDP}"));
  cluster.apply(listener_set("refused", "{name: a, port: 81, protocol: HTTP}", "other"));
  EXPECT_EQ(shown(cluster.plan().actions),
            "patch Service default/gw-pintle\npatch EndpointSlice default/gw-pintle-pintle-ipv4");
  cluster.settle();
  const api::Service* service = cluster.service("gw-pintle");
  ASSERT_EQ(service->ports.size(), 3U);
  EXPECT_EQ(target_of(service, 80), first);
  EXPECT_EQ(target_of(service, 81), 0) << "of a set that is not allowed";
  EXPECT_GE(target_of(service, 53), 20000);
  EXPECT_EQ(service->ports[2].app_protocol, "https");

  cluster.remove(api::Kind::ListenerSet, "default", "set").settle();
  EXPECT_EQ(cluster.service("gw-pintle")->ports.size(), 1U);
  EXPECT_EQ(target_of(cluster.service("gw-pintle"), 80), first);
}

std::string ports_without_number(const resolve::StatusReport& report) {
  std::string told;
  const auto look = [&told](const std::vector<resolve::ListenerReport>& listeners, std::string_view of) {
    for (const resolve::ListenerReport& one : listeners)
      if (!one.unplaced.empty()) told += fmt::format("{} {}: {}\n", of, one.name, one.unplaced);
  };
  for (const resolve::GatewayReport& gateway : report.gateways) {
    look(gateway.listeners, gateway.object.key.name);
    for (const resolve::ListenerSetReport& set : gateway.sets) look(set.listeners, set.object.key.name);
  }
  return told;
}

TEST(ListenerSetPorts, OneThatASetCannotHaveIsNoProblemOfTheGateway) {
  Cluster cluster;
  cluster.settings.service.target_ports = {20000, 20000};
  cluster.apply(gateway(
      "gw", "allowedListeners: {namespaces: {from: Same}}, listeners: [{name: http, port: 80, protocol: HTTP}]"));
  cluster.apply(listener_set("set",
                             "{name: a, port: 79, protocol: HTTP}, {name: b, port: 80, protocol: HTTP, hostname: b.x}, "
                             "{name: c, port: 80, protocol: UDP}"));
  cluster.settle();
  resolve::StatusReport report = cluster.report();
  const Plan plan = cluster.plan();
  EXPECT_TRUE(plan.problems.empty());
  tell_unplaced(plan.unplaced, report);
  EXPECT_EQ(
      ports_without_number(report),
      "set a: port 79 has no port on the replicas: all of 20000-20000 are taken; start with a larger --port-range\n"
      "set c: port 80 has no port on the replicas: all of 20000-20000 are taken; start with a larger --port-range\n");
}

TEST(ListenerSetPorts, OwnListenersOfEveryGatewayComeFirst) {
  Cluster cluster;
  cluster.settings.service.target_ports = {20000, 20002};
  cluster.apply(gateway(
      "gw", "allowedListeners: {namespaces: {from: Same}}, listeners: [{name: http, port: 80, protocol: HTTP}]"));
  cluster.apply(listener_set("set", "{name: a, port: 81, protocol: HTTP}, {name: b, port: 82, protocol: HTTP}"));
  cluster.apply(gateway("young", "listeners: [{name: http, port: 80, protocol: HTTP}]", "2026-02-01T00:00:00Z"));
  cluster.settle();
  EXPECT_GE(target_of(cluster.service("young-pintle"), 80), 20000) << "a set of an older Gateway has not taken it";
  EXPECT_GE(target_of(cluster.service("gw-pintle"), 81), 20000);
  EXPECT_EQ(target_of(cluster.service("gw-pintle"), 82), 0);
}

}  // namespace
}  // namespace pintle::infra
