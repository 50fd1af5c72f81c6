// What is looked up is written down, so that events about anything else cost nothing.
#include "controller/resolve/refs.hpp"

#include <gtest/gtest.h>

#include "test/unit/controller/resolve/world.hpp"

namespace pintle::resolve {
namespace {

constexpr std::string_view scene = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: tls, namespace: default}
spec:
  gatewayClassName: pintle
  addresses: [{value: 127.0.0.9}]
  tls: {frontend: {default: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}}}
  listeners:
  - name: https
    port: 443
    protocol: HTTPS
    tls: {certificateRefs: [{name: cert}, {name: cert, namespace: other}]}
    allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: team}
spec:
  parentRefs: [{name: tls, namespace: default}]
  rules:
  - backendRefs: [{name: missing, port: 80}, {name: far, namespace: elsewhere, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ours, namespace: default}
spec:
  parentRefs: [{name: gw}]
  rules:
  - backendRefs: [{name: one, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: theirs, namespace: default}
spec:
  parentRefs: [{name: rival}]
  rules:
  - backendRefs: [{name: foreign, port: 80}]
)";

TEST(Refs, WhatConcernsUs) {
  testing::World world;
  const Resolution made = world.apply(testing::base_yaml()).apply(scene).resolve();
  using api::Kind;
  const struct {
    Kind kind;
    std::string_view ns;
    std::string_view name;
    bool concerns;
  } rows[] = {
      {Kind::GatewayClass, "", "any", true},
      {Kind::Gateway, "any", "any", true},
      {Kind::HTTPRoute, "any", "any", true},
      {Kind::Service, "default", "one", true},
      {Kind::Service, "default", "two", false},
      {Kind::Service, "team", "missing", true},       // not there yet
      {Kind::Service, "elsewhere", "far", false},     // without a grant it is not looked at
      {Kind::Service, "default", "foreign", false},   // of a route that is not ours
      {Kind::EndpointSlice, "default", "any", true},  // its label says whose it is
      {Kind::EndpointSlice, "team", "any", false},
      {Kind::ReferenceGrant, "elsewhere", "any", true},
      {Kind::ReferenceGrant, "other", "any", true},
      {Kind::ReferenceGrant, "default", "any", false},
      {Kind::Secret, "default", "cert", true},
      {Kind::Secret, "other", "cert", false},
      {Kind::Secret, "default", "another", false},
      {Kind::ConfigMap, "default", "ca", true},
      {Kind::ConfigMap, "default", "another", false},
      {Kind::Namespace, "", "team", true},      // a selector asked for its labels
      {Kind::Namespace, "", "default", false},  // nobody did
      {Kind::TCPRoute, "any", "any", true},
      {Kind::GRPCRoute, "any", "any", true},
      {Kind::BackendTLSPolicy, "any", "any", true},
      {Kind::XBackendTrafficPolicy, "any", "any", true},
      {Kind::ListenerSet, "default", "any", true},
  };
  for (const auto& row : rows) {
    const api::ObjectKey key{row.kind, std::string(row.ns), std::string(row.name)};
    EXPECT_EQ(concerns(made.refs, key), row.concerns) << to_string(key);
  }
}

TEST(Refs, FollowTheRoutes) {
  testing::World world;
  world.apply(testing::base_yaml()).apply(testing::route_yaml("a", "x")).apply(testing::route_yaml("b", "x"));
  const Ref x = ref_to(api::Kind::Service, "default", "x");
  EXPECT_TRUE(world.resolve().refs.contains(x));
  EXPECT_TRUE(world.remove(api::Kind::HTTPRoute, "default", "a").resolve().refs.contains(x));
  EXPECT_FALSE(world.apply(testing::route_yaml("b", "z")).resolve().refs.contains(x));
  EXPECT_TRUE(world.resolve().refs.contains(ref_to(api::Kind::Service, "default", "z")));
  // The Gateway goes: the route is there, and no longer ours.
  EXPECT_TRUE(testing::all_of(world.remove(api::Kind::Gateway, "default", "gw").resolve().refs).empty());
  EXPECT_EQ(testing::show(world.resolve()), testing::show(world.resolve_fresh()));
}

}  // namespace
}  // namespace pintle::resolve
