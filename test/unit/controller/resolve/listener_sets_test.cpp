// ListenerSets as namespaces, sets and Gateways change.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/unit/controller/resolve/world.hpp"

namespace pintle::resolve {
namespace {

constexpr std::string_view scene = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: default}
spec:
  gatewayClassName: pintle
  allowedListeners: {namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}}
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: set, namespace: shop}
spec:
  parentRef: {name: gw, namespace: default}
  listeners: [{name: more, port: 8080, protocol: HTTP}]
)";

std::string labelled(std::string_view team) {
  return "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: " + std::string(team) + "}}\n";
}

std::int32_t attached(testing::World& world) {
  return testing::find_gateway(world.resolve(), "gw").attached_sets.value_or(-1);
}

TEST(ListenerSets, AreAllowedAsLabelsChange) {
  testing::World world;
  world.apply(testing::base_yaml()).apply(scene).apply(labelled("bank"));
  EXPECT_EQ(attached(world), 0);
  world.apply(labelled("shop"));
  EXPECT_EQ(attached(world), 1);
  world.apply(labelled("bank"));
  EXPECT_EQ(attached(world), 0);
}

std::string orphans_of(testing::World& world) {
  std::string told;
  for (const ListenerSetReport& one : world.resolve().report.orphans)
    told += fmt::format("{}: {}\n", one.object.key.name, one.accepted.at(0).message);
  return told;
}

TEST(ListenerSets, WithoutAGatewayOrItsClassAreOrphans) {
  testing::World world;
  world.apply(testing::base_yaml()).apply(scene).apply(labelled("shop"));
  EXPECT_EQ(orphans_of(world), "");
  world.remove(api::Kind::GatewayClass, "", "pintle");
  EXPECT_EQ(orphans_of(world), "set: Gateway default/gw is of GatewayClass pintle, which does not exist\n");
  world.settings.implied_class = "pintle";
  EXPECT_EQ(orphans_of(world), "") << "a folder need not hold its class";
  world.apply(
      "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: pintle}\n"
      "spec: {controllerName: example.com/another}\n");
  EXPECT_EQ(orphans_of(world), "") << "its controller will tell it";
  world.remove(api::Kind::Gateway, "default", "gw");
  EXPECT_EQ(orphans_of(world), "set: Gateway default/gw does not exist\n");
}

std::string set_of_64(std::string_view name, int first_port) {
  std::string text = fmt::format(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: {}, namespace: shop}}
spec:
  parentRef: {{name: gw, namespace: default}}
  listeners:
)",
                                 name);
  for (int at = 0; at < 64; ++at)
    text += fmt::format("  - {{name: l{}, port: {}, protocol: HTTP}}\n", at, first_port + at);
  return text;
}

TEST(ListenerSets, OfMoreThanAHundredPortsTheRestIsRefused) {
  testing::World world;
  world.apply(testing::base_yaml()).apply(scene).apply(labelled("shop"));
  world.apply(set_of_64("a", 9000)).apply(set_of_64("b", 9100));
  int refused = 0;
  for (const ListenerSetReport& set : testing::find_gateway(world.resolve(), "gw").sets)
    for (const ListenerReport& one : set.listeners) refused += testing::reasons_of(one.accepted) == "TooManyListeners";
  EXPECT_EQ(refused, 1 + 1 + 64 + 64 - 100);
}

}  // namespace
}  // namespace pintle::resolve
