#include "controller/kube/resource.hpp"

#include <gtest/gtest.h>

namespace pintle::kube {
namespace {

TEST(Resource, PathsAreThoseOfTheApi) {
  const Resource& route = resource_of(api::Kind::HTTPRoute);
  EXPECT_EQ(collection_path(route), "/apis/gateway.networking.k8s.io/v1/httproutes");
  EXPECT_EQ(collection_path(route, "shop"), "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes");
  EXPECT_EQ(object_path(route, "shop", "cart", "status"),
            "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/cart/status");
  EXPECT_EQ(object_path(resource_of(api::Kind::Service), "shop", "cart"), "/api/v1/namespaces/shop/services/cart");
  EXPECT_EQ(object_path(resource_of(api::Kind::GatewayClass), "", "pintle"),
            "/apis/gateway.networking.k8s.io/v1/gatewayclasses/pintle");
}

TEST(Resource, NamesCannotLeaveTheirPlaceInAPath) {
  EXPECT_EQ(escape("a/b?c%d e"), "a%2Fb%3Fc%25d%20e");
  EXPECT_EQ(object_path(resource_of(api::Kind::Secret), "shop", "../x"), "/api/v1/namespaces/shop/secrets/..%2Fx");
}

TEST(Resource, EveryFollowedKindKnowsWhetherItHasANamespace) {
  for (const Resource& resource : followed_resources())
    EXPECT_EQ(resource.scope == Scope::Cluster, api::is_cluster_scoped(resource.kind)) << resource.plural;
}

}  // namespace
}  // namespace pintle::kube
