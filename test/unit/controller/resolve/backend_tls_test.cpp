// Whom a BackendTLSPolicy tells of itself, as routes and Gateways come and go.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/unit/controller/resolve/world.hpp"

namespace pintle::resolve {
namespace {

constexpr std::string_view policy = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: p, namespace: default}
spec:
  targetRefs: [{group: "", kind: Service, name: one}]
  validation: {hostname: one.example.com, wellKnownCACertificates: System}
)";

std::size_t ancestors(const Resolution& made) { return made.report.policies.at(0)->parents.size(); }

TEST(BackendTls, AnAncestorGoesWithTheLastRoute) {
  testing::World world;
  world.apply(testing::base_yaml()).apply(policy);
  EXPECT_EQ(ancestors(world.resolve()), 0U);
  EXPECT_EQ(ancestors(world.apply(testing::route_yaml("a")).apply(testing::route_yaml("b")).resolve()), 1U);
  EXPECT_EQ(ancestors(world.remove(api::Kind::HTTPRoute, "default", "a").resolve()), 1U);
  EXPECT_EQ(ancestors(world.remove(api::Kind::HTTPRoute, "default", "b").resolve()), 0U);
}

TEST(BackendTls, SixteenGatewaysAreToldAndNoMore) {
  testing::World world;
  world.apply(testing::base_yaml()).apply(policy);
  std::string parents;
  for (int at = 0; at < 17; ++at) {
    world.apply(fmt::format(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: g{0}, namespace: default}}
spec: {{gatewayClassName: pintle, listeners: [{{name: http, port: {1}, protocol: HTTP}}]}}
)",
                            at, 9000 + at));
    parents += fmt::format("{{name: g{}}}, ", at);
  }
  world.apply(fmt::format(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: default}}
spec:
  parentRefs: [{}]
  rules: [{{backendRefs: [{{name: one, port: 80}}]}}]
)",
                          parents));
  EXPECT_EQ(ancestors(world.resolve()), 16U);
}

}  // namespace
}  // namespace pintle::resolve
