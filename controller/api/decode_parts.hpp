// The decoders of the parts and kinds. Private to this module.
#pragma once
#include "controller/api/any_object.hpp"
#include "controller/api/fields.hpp"

namespace pintle::api {

/// group, kind, namespace and name.
[[nodiscard]] ParentReference read_parent_name(Fields& fields);
[[nodiscard]] ParentReference read_parent_reference(const Field& field);
[[nodiscard]] BackendObjectReference read_backend_reference(Fields& fields, const Field& field);
[[nodiscard]] SecretObjectReference read_secret_reference(const Field& field);
/// group, kind and name of a reference that leaves none of them open.
template <class Reference>
void read_full_name(Fields& fields, Reference& out) {
  out.group = required_text(fields, "group", group_rule);
  out.kind = required_text(fields, "kind", kind_rule);
  out.name = required_text(fields, "name", name_rule);
}
[[nodiscard]] ObjectReference read_object_reference(const Field& field);
[[nodiscard]] LocalObjectReference read_local_reference(const Field& field);
[[nodiscard]] RouteGroupKind read_route_group_kind(const Field& field);

/// `spec.listeners` of a Gateway or ListenerSet.
[[nodiscard]] std::vector<Listener> read_listeners(Fields& spec);

/// `spec.parentRefs` and `spec.useDefaultGateways` of a route, `weight` of a backendRef; of any kind.
[[nodiscard]] std::vector<ParentReference> read_parent_references(Fields& spec);
[[nodiscard]] std::optional<OpenEnum<DefaultScope>> read_default_scope(Fields& spec);
[[nodiscard]] std::int32_t read_weight(Fields& backend);

[[nodiscard]] std::vector<HTTPRouteFilter> read_filters(const Field& list);
/// A backendRef with filters; `read`: which of them its kind of route knows.
[[nodiscard]] HTTPBackendRef read_http_backend(const Field& field, std::vector<HTTPRouteFilter> (*read)(const Field&));
/// `headers` of a match, `hostnames` of a route, `sessionPersistence` of a rule.
[[nodiscard]] std::vector<HTTPHeaderMatch> read_header_matches(Fields& match);
[[nodiscard]] std::vector<std::string> read_hostnames(Fields& spec);
[[nodiscard]] SessionPersistence read_session(const Field& field);
[[nodiscard]] bool replaces_prefix(const HTTPRouteFilter& filter) noexcept;

[[nodiscard]] GatewayClassStatus read_gateway_class_status(const Field& field);
[[nodiscard]] ListenerSetStatus read_listener_set_status(const Field& field);
[[nodiscard]] GatewayStatus read_gateway_status(const Field& field);
[[nodiscard]] RouteStatus read_route_status(const Field& field);
[[nodiscard]] PolicyStatus read_policy_status(const Field& field);

// Each reads `root` (the whole object) into an object whose metadata is already filled in.
void read_gateway_class(Fields& root, const Field& field, GatewayClass& out);
void read_gateway(Fields& root, const Field& field, Gateway& out);
void read_listener_set(Fields& root, const Field& field, ListenerSet& out);
void read_http_route(Fields& root, const Field& field, HTTPRoute& out);
void read_grpc_route(Fields& root, const Field& field, GRPCRoute& out);
struct L4RouteForm {
  Kind kind;
  std::size_t most_rules;  ///< of its version
};
void read_l4_route(Fields& root, const L4RouteForm& form, L4RouteSpec& spec, RouteStatus& status);
void read_backend_tls_policy(Fields& root, const Field& field, BackendTLSPolicy& out);
void read_backend_traffic_policy(Fields& root, const Field& field, XBackendTrafficPolicy& out);
void read_reference_grant(Fields& root, const Field& field, ReferenceGrant& out);
void read_service(Fields& root, const Field& field, Service& out);
void read_endpoint_slice(Fields& root, const Field& field, EndpointSlice& out);
void read_secret(Fields& root, const Field& field, Secret& out);
void read_config_map(Fields& root, const Field& field, ConfigMap& out);
void read_namespace(Fields& root, const Field& field, Namespace& out);

}  // namespace pintle::api
