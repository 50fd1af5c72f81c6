// One object of any kind, and its key.
#pragma once
#include <memory>
#include <variant>

#include "controller/api/backend_tls_policy.hpp"
#include "controller/api/backend_traffic_policy.hpp"
#include "controller/api/core.hpp"
#include "controller/api/custom_resource_definition.hpp"
#include "controller/api/gateway.hpp"
#include "controller/api/gateway_class.hpp"
#include "controller/api/grpc_route.hpp"
#include "controller/api/http_route.hpp"
#include "controller/api/l4_route.hpp"
#include "controller/api/listener_set.hpp"
#include "controller/api/object.hpp"
#include "controller/api/reference_grant.hpp"

namespace pintle::api {

template <class T>
using Ptr = std::shared_ptr<const T>;

/// Never null; the alternatives stand in the order of Kind.
using AnyObject = std::variant<Ptr<GatewayClass>, Ptr<Gateway>, Ptr<HTTPRoute>, Ptr<ReferenceGrant>, Ptr<Service>,
                               Ptr<EndpointSlice>, Ptr<Secret>, Ptr<ConfigMap>, Ptr<Namespace>, Ptr<ListenerSet>,
                               Ptr<GRPCRoute>, Ptr<TLSRoute>, Ptr<TCPRoute>, Ptr<UDPRoute>, Ptr<BackendTLSPolicy>,
                               Ptr<XBackendTrafficPolicy>, Ptr<CustomResourceDefinition>>;

/// Calls `visit.operator()<T>()` for each kind of route that is served, in the order of Kind.
template <class Visit>
void for_each_route_kind(Visit&& visit) {
  visit.template operator()<HTTPRoute>();
  visit.template operator()<GRPCRoute>();
  visit.template operator()<TLSRoute>();
  visit.template operator()<TCPRoute>();
  visit.template operator()<UDPRoute>();
}
/// The same for all kinds whose status is written.
template <class Visit>
void for_each_status_kind(Visit&& visit) {
  visit.template operator()<GatewayClass>();
  visit.template operator()<Gateway>();
  visit.template operator()<ListenerSet>();
  for_each_route_kind(visit);
  visit.template operator()<BackendTLSPolicy>();
  visit.template operator()<XBackendTrafficPolicy>();
}

[[nodiscard]] inline const ObjectMeta& metadata_of(const AnyObject& object) noexcept {
  return std::visit([](const auto& held) -> const ObjectMeta& { return held->metadata; }, object);
}
[[nodiscard]] inline Kind kind_of(const AnyObject& object) noexcept { return static_cast<Kind>(object.index()); }
[[nodiscard]] inline ObjectKey key_of(const AnyObject& object) {
  const ObjectMeta& meta = metadata_of(object);
  return {kind_of(object), meta.ns, meta.name};
}
template <class T>
[[nodiscard]] ObjectKey key_of(const T& object) {
  return {T::kind, object.metadata.ns, object.metadata.name};
}
/// Deep equality, places excepted.
[[nodiscard]] bool same_content(const AnyObject& a, const AnyObject& b);
/// Equal but for what the API server and controllers write down about it: `status` and metadata.resourceVersion.
[[nodiscard]] bool same_input(const AnyObject& a, const AnyObject& b);
/// Equal `spec`; kinds without one (Secrets, slices, …) have no generation to count and are always equal
/// here.
[[nodiscard]] bool same_spec(const AnyObject& a, const AnyObject& b);
/// For sources that play the API server: only on an object fresh from decode_object, before anybody else
/// shares it.
void set_identity(AnyObject& object, std::int64_t generation, std::string uid);

}  // namespace pintle::api
