#include "controller/api/decode.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "controller/api/check_gateway.hpp"
#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

struct TypeName {
  std::string group;
  std::string version;
  std::string kind;
};

std::string text_member(const Value& value, std::string_view key) {
  const Member* member = value.find(key);
  return member != nullptr && member->value.type == Value::Type::String ? member->value.text : std::string();
}

/// Versions whose fields are those of v1.
bool is_served_version(Kind kind, std::string_view version) {
  if (group_of(kind) == experimental_group) return version == "v1alpha1";
  if (group_of(kind) != gateway_group) return version == "v1";
  if (version == "v1") return true;
  switch (kind) {
    case Kind::GatewayClass:
    case Kind::Gateway:
    case Kind::HTTPRoute:
    case Kind::ReferenceGrant:
      return version == "v1beta1";
    case Kind::BackendTLSPolicy:
      return version == "v1alpha3";
    case Kind::TLSRoute:
      return version == "v1alpha2" || version == "v1alpha3";
    case Kind::TCPRoute:
    case Kind::UDPRoute:
      return version == "v1alpha2";
    default:
      return false;
  }
}

TextRule name_rule_of(Kind kind) {
  if (kind == Kind::Namespace)
    return {.accepts = is_dns_label,
            .min = 1,
            .max = 63,
            .id = "GW0301",
            .wanted = "a namespace name: lower case letters, digits and '-'"};
  if (kind == Kind::Service)
    return {.accepts = is_dns1035_label,
            .min = 1,
            .max = 63,
            .id = "GW0301",
            .wanted = "a Service name: a lower case letter, then letters, digits and '-'"};
  return {.accepts = is_dns_subdomain,
          .min = 1,
          .max = 253,
          .id = "GW0301",
          .wanted = "an object name: lower case letters, digits, '-' and '.'"};
}

void read_metadata_maps(Fields& fields, ObjectMeta& out) {
  if (const auto labels = fields.find("labels")) {
    out.labels = read_string_map(*labels);
    check_label_map(*labels, out.labels, LabelMap::Labels);
  }
  if (const auto annotations = fields.find("annotations")) {
    out.annotations = read_string_map(*annotations);
    check_label_map(*annotations, out.annotations, LabelMap::Annotations);
  }
}

OwnerReference read_owner(const Field& field) {
  OwnerReference out;
  Fields fields(field);
  out.kind = text_or(fields, "kind", {}, "");
  out.name = text_or(fields, "name", {}, "");
  out.uid = text_or(fields, "uid", {}, "");
  if (const auto controller = fields.find("controller")) out.controller = read_bool(*controller);
  fields.ignore({"apiVersion", "blockOwnerDeletion"});
  fields.finish();
  return out;
}

void read_metadata(const Field& field, Kind kind, ObjectMeta& out) {
  Fields fields(field);
  constexpr std::int64_t any = 0x7fffffffffffffff;
  out.name = required_text(fields, "name", name_rule_of(kind));
  const auto ns = fields.find("namespace");
  if (ns && !is_cluster_scoped(kind)) out.ns = read_text(*ns, namespace_rule);
  out.uid = text_or(fields, "uid", {}, "");
  out.resource_version = text_or(fields, "resourceVersion", {}, "");
  if (const auto number = fields.find("generation")) out.generation = read_number(*number, {.min = 0, .max = any});
  if (const auto time = fields.find("creationTimestamp"))
    out.creation_timestamp = read_timestamp(*time).value_or(Wall{});
  if (const auto time = fields.find("deletionTimestamp")) out.deletion_timestamp = read_timestamp(*time);
  read_metadata_maps(fields, out);
  out.owner_references = list_of<OwnerReference>(fields, "ownerReferences", {}, read_owner);
  out.finalizers = text_list(fields, "finalizers", {});
  fields.ignore({"managedFields", "generateName", "selfLink", "deletionGracePeriodSeconds"});
  fields.finish();
}

void read_body(Fields& root, const Field& field, GatewayClass& out) { read_gateway_class(root, field, out); }
void read_body(Fields& root, const Field& field, Gateway& out) { read_gateway(root, field, out); }
void read_body(Fields& root, const Field& field, ListenerSet& out) { read_listener_set(root, field, out); }
void read_body(Fields& root, const Field& field, HTTPRoute& out) { read_http_route(root, field, out); }
void read_body(Fields& root, const Field& field, GRPCRoute& out) { read_grpc_route(root, field, out); }
template <Kind K>
void read_body(Fields& root, const Field& field, L4Route<K>& out) {
  const bool alpha2 = text_member(field.value(), "apiVersion").ends_with("/v1alpha2");
  read_l4_route(root, {.kind = K, .most_rules = alpha2 ? 16U : 1U}, out.spec, out.status);
}
void read_body(Fields& root, const Field& field, BackendTLSPolicy& out) { read_backend_tls_policy(root, field, out); }
void read_body(Fields& root, const Field& field, XBackendTrafficPolicy& out) {
  read_backend_traffic_policy(root, field, out);
}
void read_body(Fields& root, const Field& field, ReferenceGrant& out) { read_reference_grant(root, field, out); }
void read_body(Fields& root, const Field& field, Service& out) { read_service(root, field, out); }
void read_body(Fields& root, const Field& field, EndpointSlice& out) { read_endpoint_slice(root, field, out); }
void read_body(Fields& root, const Field& field, Secret& out) { read_secret(root, field, out); }
void read_body(Fields& root, const Field& field, ConfigMap& out) { read_config_map(root, field, out); }
void read_body(Fields& root, const Field& field, Namespace& out) { read_namespace(root, field, out); }
void read_body(Fields& root, const Field& /*field*/, CustomResourceDefinition& /*out*/) {
  root.ignore({"spec", "status"});
}

struct Origin {
  const Document* document = nullptr;
  std::uint32_t item = SourceLocation::no_item;
};

template <class T>
std::optional<AnyObject> decode_as(const Value& value, DecodeState& state, const Origin& origin) {
  auto out = std::make_shared<T>();
  const Field field(state, value);
  Fields root(field);
  root.ignore({"apiVersion", "kind"});
  if (const auto metadata = root.require("metadata")) {
    // the name first, so that findings about the metadata can name the object too
    if (const Member* name = metadata->value().find("name"))
      state.object = fmt::format("{} {}", to_string(T::kind), name->value.text);
    read_metadata(*metadata, T::kind, out->metadata);
  }
  ObjectMeta& meta = out->metadata;
  if (!is_cluster_scoped(T::kind) && meta.ns.empty()) meta.ns = state.options.default_namespace;
  meta.location = {.file = origin.document != nullptr ? origin.document->file : nullptr,
                   .line = value.at.line,
                   .column = value.at.column,
                   .document = origin.document != nullptr ? origin.document->index : 0,
                   .item = origin.item};
  state.object = to_string(key_of(*out));
  read_body(root, field, *out);
  root.finish();
  if (state.refused) return std::nullopt;
  return AnyObject(std::shared_ptr<const T>(std::move(out)));
}

using DecodeAs = std::optional<AnyObject> (*)(const Value&, DecodeState&, const Origin&);
template <std::size_t Index>
using ObjectAt = std::remove_const_t<typename std::variant_alternative_t<Index, AnyObject>::element_type>;
template <std::size_t... Index>
constexpr std::array<DecodeAs, sizeof...(Index)> make_decoders(std::index_sequence<Index...> /*all*/) {
  return {&decode_as<ObjectAt<Index>>...};
}
constexpr auto decoders = make_decoders(std::make_index_sequence<kind_count>());
static_assert(std::variant_size_v<AnyObject> == kind_count);

/// Group, version and kind; nullopt after a finding.
std::optional<TypeName> read_type(const Field& field) {
  if (field.value().type != Value::Type::Mapping) {
    field.report({.id = "GW0108",
                  .message = fmt::format("a manifest must be an object, not {}", to_string(field.value().type)),
                  .fix = {}});
    return std::nullopt;
  }
  const std::string version = text_member(field.value(), "apiVersion");
  TypeName out{.group = {}, .version = version, .kind = text_member(field.value(), "kind")};
  if (version.empty() || out.kind.empty()) {
    field.report({.id = "GW0204",
                  .message = version.empty() ? "apiVersion is missing: this is no Kubernetes object"
                                             : "kind is missing: this is no Kubernetes object",
                  .fix = "add apiVersion and kind, for example apiVersion: gateway.networking.k8s.io/v1 and "
                         "kind: HTTPRoute"});
    return std::nullopt;
  }
  if (const std::size_t slash = version.find('/'); slash != std::string::npos) {
    out.group = version.substr(0, slash);
    out.version = version.substr(slash + 1);
  }
  return out;
}

std::optional<AnyObject> decode_value(const Value& value, const DecodeOptions& options, const Origin& origin,
                                      std::vector<Finding>& findings) {
  DecodeState state{.options = options, .findings = findings, .file = {}, .object = {}};
  if (origin.document != nullptr && origin.document->file) state.file = *origin.document->file;
  const Field field(state, value);
  const auto type = read_type(field);
  if (!type) return std::nullopt;
  const auto kind = find_kind(type->group, type->kind);
  if (!kind) {
    const bool gateway_api = type->group == gateway_group;
    field.report({.id = "GW0205",
                  .message = gateway_api
                                 ? fmt::format("the Gateway API has no kind {}", quote(type->kind))
                                 : fmt::format("kind {} is not used by Pintle and left alone", quote(type->kind)),
                  .fix = {},
                  .severity = gateway_api ? Severity::Error : Severity::Info});
    return std::nullopt;
  }
  if (!is_served_version(*kind, type->version)) {
    field.report({.id = "GW0207",
                  .message = fmt::format("version {} of {} is not served", quote(type->version), type->kind),
                  .fix = fmt::format("use apiVersion: {}", api_version_of(*kind))});
    return std::nullopt;
  }
  return decoders[static_cast<std::size_t>(*kind)](value, state, origin);
}

/// "v1 List" and the lists a server answers ("HTTPRouteList"): their items are objects.
const Value* find_items(const Value& root) {
  const std::string kind = text_member(root, "kind");
  const Member* items = root.find("items");
  if (!kind.ends_with("List") || items == nullptr || items->value.type != Value::Type::Sequence) return nullptr;
  return &items->value;
}

}  // namespace

std::optional<AnyObject> decode_object(const Document& document, const DecodeOptions& options,
                                       std::vector<Finding>& findings) {
  return decode_value(document.root, options, {.document = &document}, findings);
}

std::optional<AnyObject> decode_object(const Value& value, DecodeMode mode, std::vector<Finding>& findings) {
  return decode_value(value, {.mode = mode}, {}, findings);
}

void decode_document(const Document& document, const DecodeOptions& options, std::vector<AnyObject>& objects,
                     std::vector<Finding>& findings) {
  const Value* items = find_items(document.root);
  if (items == nullptr) {
    if (auto object = decode_object(document, options, findings)) objects.push_back(std::move(*object));
    return;
  }
  for (std::size_t at = 0; at < items->items.size(); ++at) {
    auto object = decode_value(items->items[at], options,
                               {.document = &document, .item = static_cast<std::uint32_t>(at)}, findings);
    if (object) objects.push_back(std::move(*object));
  }
}

}  // namespace pintle::api
