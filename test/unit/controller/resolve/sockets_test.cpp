// Who has an address and a port, as Gateways come and go.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/unit/controller/resolve/world.hpp"

namespace pintle::resolve {
namespace {

std::string gateway(std::string_view name, std::string_view created) {
  return fmt::format(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {}, namespace: default, creationTimestamp: "{}"}}
spec:
  gatewayClassName: pintle
  addresses: [{{value: 127.0.0.9}}]
  listeners: [{{name: http, port: 80, protocol: HTTP}}]
)",
                     name, created);
}

TEST(Sockets, AnAddressIsFreeAgainWhenItsGatewayGoes) {
  testing::World world;
  world.apply(testing::base_yaml())
      .apply(gateway("old", "2026-01-01T00:00:00Z"))
      .apply(gateway("young", "2026-01-02T00:00:00Z"));
  const Resolution both = world.resolve();
  EXPECT_EQ(testing::reasons_of(testing::find_gateway(both, "old").programmed), "");
  EXPECT_EQ(testing::reasons_of(testing::find_gateway(both, "young").programmed), "AddressNotUsable");
  EXPECT_FALSE(testing::find_listener(both, "young", "http").served);
  const Resolution one = world.remove(api::Kind::Gateway, "default", "old").resolve();
  EXPECT_EQ(testing::reasons_of(testing::find_gateway(one, "young").programmed), "");
  EXPECT_TRUE(testing::find_listener(one, "young", "http").served);
}

}  // namespace
}  // namespace pintle::resolve
