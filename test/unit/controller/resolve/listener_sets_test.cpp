// ListenerSets: whose they are, in which order they come, how many ports they may add, and that what was derived of
// them follows their edits. What they mean for listeners and routes stands in the golden cases set-*.
#include "controller/resolve/listener_sets.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/resolve/refs.hpp"
#include "test/unit/controller/resolve/world.hpp"

namespace pintle::resolve {
namespace {

using testing::base_yaml;
using ::testing::ElementsAre;
using testing::reasons_of;
using testing::World;

std::string gateway_yaml(std::string_view allowed) {
  return fmt::format(R"(---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: gw, namespace: default, creationTimestamp: "2026-01-01T00:00:00Z"}}
spec:
  gatewayClassName: pintle
  allowedListeners: {{namespaces: {}}}
  listeners:
  - {{name: http, port: 80, protocol: HTTP, hostname: gw.example.com}}
)",
                     allowed);
}

struct SetYaml {
  std::string name = "set";
  std::string ns = "default";
  std::string created = "2026-01-02T00:00:00Z";
  std::string listeners = "{name: http, port: 80, protocol: HTTP, hostname: a.example.com}";
};
std::string set_yaml(const SetYaml& of) {
  return fmt::format(R"(---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: {}, namespace: {}, creationTimestamp: "{}"}}
spec: {{parentRef: {{name: gw, namespace: default}}, listeners: [{}]}}
)",
                     of.name, of.ns, of.created, of.listeners);
}

std::string space_yaml(std::string_view name, std::string_view label) {
  return fmt::format("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {}, labels: {{l: {}}}}}\n", name, label);
}

const ListenerSetReport& find_set(const Resolution& made, std::string_view name) {
  for (const ListenerSetReport& one : testing::find_gateway(made, "gw").sets)
    if (one.object.key.name == name) return one;
  throw std::runtime_error("no such ListenerSet");
}

TEST(ListenerSets, OldestFirstThenByNamespaceAndName) {
  World world;
  world.apply(gateway_yaml("{from: All}"))
      .apply(set_yaml({.name = "young", .created = "2026-01-03T00:00:00Z"}))
      .apply(set_yaml({.name = "z", .ns = "a"}))
      .apply(set_yaml({.name = "z", .ns = "a-b"}))
      .apply(set_yaml({.name = "old", .ns = "z", .created = "2026-01-01T00:00:00Z"}));
  const store::ClusterSnapshot snapshot = world.snapshot();
  RefSet refs;
  std::vector<std::string> order;
  for (const SetClaim& claim : ListenerSets(snapshot).find(*snapshot.find<api::Gateway>("default", "gw"), refs)) {
    EXPECT_TRUE(claim.allowed);
    order.push_back(name_of(claim.set->metadata));
  }
  EXPECT_THAT(order, ElementsAre("z/old", "a-b/z", "a/z", "default/young"));
  EXPECT_TRUE(refs.empty()) << "no selector asked for labels";
}

TEST(ListenerSets, LabelsOfNamespacesDecideAgainWheneverTheyChange) {
  World world;
  world.apply(base_yaml())
      .apply(gateway_yaml("{from: Selector, selector: {matchLabels: {l: a}}}"))
      .apply(space_yaml("team", "b"))
      .apply(set_yaml({.ns = "team"}));
  Resolution made = world.resolve();
  EXPECT_EQ(reasons_of(find_set(made, "set").accepted), "NotAllowed");
  EXPECT_TRUE(find_set(made, "set").listeners.empty());
  EXPECT_EQ(testing::find_gateway(made, "gw").attached_sets, 0);
  EXPECT_TRUE(concerns(made.refs, {api::Kind::Namespace, "", "team"}));

  made = world.apply(space_yaml("team", "a")).resolve();
  EXPECT_EQ(reasons_of(find_set(made, "set").accepted), "");
  EXPECT_EQ(testing::find_gateway(made, "gw").attached_sets, 1);
  made = world.apply(gateway_yaml("{from: None}")).resolve();
  EXPECT_EQ(reasons_of(find_set(made, "set").accepted), "NotAllowed");
  EXPECT_FALSE(concerns(made.refs, {api::Kind::Namespace, "", "team"}));
}

std::string route_to_set(std::string_view name, std::string_view set) {
  return fmt::format(R"(---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {0}, namespace: default, creationTimestamp: "2026-01-02T00:00:00Z"}}
spec:
  parentRefs: [{{kind: ListenerSet, name: {1}}}]
  rules: [{{matches: [{{path: {{value: /{0}}}}}], backendRefs: [{{name: one, port: 80}}]}}]
)",
                     name, set);
}

// GEP-1713: the loser's listener is served as soon as the winner is gone, with the routes that were attached meanwhile.
TEST(ListenerSets, WhoComesNextIsServedWhenTheFirstIsGone) {
  World world;
  world.apply(base_yaml()).apply(gateway_yaml("{from: All}"));
  world.apply(set_yaml({.name = "first", .created = "2026-01-02T00:00:00Z"}))
      .apply(set_yaml({.name = "second", .created = "2026-01-03T00:00:00Z"}))
      .apply(route_to_set("a", "first"))
      .apply(route_to_set("b", "second"));
  Resolution made = world.resolve();
  EXPECT_EQ(reasons_of(find_set(made, "second").accepted), "ListenersNotValid");
  EXPECT_EQ(reasons_of(find_set(made, "second").listeners.at(0).accepted), "HostnameConflict");
  EXPECT_EQ(find_set(made, "second").listeners[0].attached_routes, 1) << "attached all the same";
  EXPECT_NE(testing::find_served(made, "a"), nullptr);
  EXPECT_EQ(testing::find_served(made, "b"), nullptr);

  made = world.remove(api::Kind::ListenerSet, "default", "first").resolve();
  EXPECT_EQ(reasons_of(find_set(made, "second").accepted), "");
  EXPECT_EQ(testing::find_served(made, "a"), nullptr);
  EXPECT_NE(testing::find_served(made, "b"), nullptr);
  EXPECT_EQ(testing::show(made), testing::show(world.resolve_fresh()));
}

std::string many_listeners(int first, int count) {
  std::string list;
  for (int at = 0; at < count; ++at)
    list += fmt::format("{}{{name: l{}, port: {}, protocol: TCP}}", at == 0 ? "" : ", ", at, first + at);
  return list;
}

// An EndpointSlice has room for 100 ports: the Gateway's own and those of the first sets.
TEST(ListenerSets, PortsThatTheGatewayHasNoRoomForAreRefused) {
  World world;
  world.apply(base_yaml()).apply(gateway_yaml("{from: All}"));
  world.apply(set_yaml({.name = "a", .listeners = many_listeners(1000, 64)}))
      .apply(set_yaml({.name = "b", .created = "2026-01-03T00:00:00Z", .listeners = many_listeners(2000, 36)}))
      .apply(set_yaml({.name = "c",
                       .created = "2026-01-04T00:00:00Z",
                       .listeners = "{name: shared, port: 80, protocol: HTTP, hostname: c.example.com}, "
                                    "{name: more, port: 3000, protocol: TCP}"}));
  const Resolution made = world.resolve();
  EXPECT_EQ(reasons_of(find_set(made, "b").listeners.at(34).accepted), "");
  EXPECT_EQ(reasons_of(find_set(made, "b").listeners.at(35).accepted), "TooManyListeners");
  EXPECT_EQ(reasons_of(find_set(made, "c").listeners.at(0).accepted), "") << "of a port that is there already";
  EXPECT_EQ(reasons_of(find_set(made, "c").listeners.at(1).accepted), "TooManyListeners");
  EXPECT_EQ(testing::find_gateway(made, "gw").attached_sets, 3);

  const store::ClusterSnapshot snapshot = world.snapshot();
  RefSet refs;
  const auto& gateway = *snapshot.find<api::Gateway>("default", "gw");
  const WantedPorts ports = wanted_ports(gateway, ListenerSets(snapshot).find(gateway, refs));
  EXPECT_EQ(ports.size(), most_ports);
  EXPECT_EQ(ports.at({80, runtime::Transport::Tcp}), "HTTP") << "the protocol of the first listener";
}

}  // namespace
}  // namespace pintle::resolve
