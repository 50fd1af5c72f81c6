#include <array>

#include "controller/api/check_http_route.hpp"
#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

constexpr std::array<EnumWord<DefaultScope>, 2> scopes{{{"All", DefaultScope::All}, {"None", DefaultScope::None}}};

}  // namespace

ParentReference read_parent_name(Fields& fields) {
  ParentReference out;
  out.group = text_or(fields, "group", group_rule, gateway_group);
  out.kind = text_or(fields, "kind", kind_rule, "Gateway");
  out.ns = optional_text(fields, "namespace", namespace_rule);
  out.name = required_text(fields, "name", name_rule);
  return out;
}

ParentReference read_parent_reference(const Field& field) {
  Fields fields(field);
  ParentReference out = read_parent_name(fields);
  out.section_name = optional_text(fields, "sectionName", section_rule);
  out.port = optional_port(fields, "port");
  fields.finish();
  return out;
}

BackendObjectReference read_backend_reference(Fields& fields, const Field& field) {
  BackendObjectReference out;
  out.group = text_or(fields, "group", group_rule, core_group);
  out.kind = text_or(fields, "kind", kind_rule, "Service");
  out.name = required_text(fields, "name", name_rule);
  out.ns = optional_text(fields, "namespace", namespace_rule);
  out.port = optional_port(fields, "port");
  if (out.group.empty() && out.kind == "Service" && !out.port) {
    field.report_value({.id = "GW0407",
                        .message = "a reference to a Service must have a port",
                        .fix = "add port: the port of the Service"});
  }
  return out;
}

std::vector<ParentReference> read_parent_references(Fields& spec) {
  const auto list = spec.find("parentRefs");
  if (!list) return {};
  auto out = read_list<ParentReference>(*list, {.max = 32}, read_parent_reference);
  if (list->strict()) check_parent_references(*list, out);
  return out;
}

std::optional<OpenEnum<DefaultScope>> read_default_scope(Fields& spec) {
  const auto scope = spec.find("useDefaultGateways");
  return scope ? std::optional(read_enum<DefaultScope>(*scope, scopes)) : std::nullopt;
}

std::int32_t read_weight(Fields& backend) {
  const auto weight = backend.find("weight");
  return weight ? static_cast<std::int32_t>(read_number(*weight, {.min = 0, .max = 1'000'000})) : 1;
}

SecretObjectReference read_secret_reference(const Field& field) {
  SecretObjectReference out;
  Fields fields(field);
  out.group = text_or(fields, "group", group_rule, core_group);
  out.kind = text_or(fields, "kind", kind_rule, "Secret");
  out.name = required_text(fields, "name", name_rule);
  out.ns = optional_text(fields, "namespace", namespace_rule);
  fields.finish();
  return out;
}

ObjectReference read_object_reference(const Field& field) {
  ObjectReference out;
  Fields fields(field);
  read_full_name(fields, out);
  out.ns = optional_text(fields, "namespace", namespace_rule);
  fields.finish();
  return out;
}

LocalObjectReference read_local_reference(const Field& field) {
  LocalObjectReference out;
  Fields fields(field);
  read_full_name(fields, out);
  fields.finish();
  return out;
}

RouteGroupKind read_route_group_kind(const Field& field) {
  RouteGroupKind out;
  Fields fields(field);
  out.group = text_or(fields, "group", group_rule, gateway_group);
  out.kind = required_text(fields, "kind", kind_rule);
  fields.finish();
  return out;
}

void read_reference_grant(Fields& root, const Field& /*field*/, ReferenceGrant& out) {
  const auto spec = root.require("spec");
  if (!spec) return;
  Fields fields(*spec);
  constexpr ListRule some{.min = 1, .max = 16};
  if (const auto from = fields.require("from")) {
    out.spec.from = read_list<ReferenceGrantFrom>(*from, some, [](const Field& item) {
      ReferenceGrantFrom one;
      Fields parts(item);
      one.group = required_text(parts, "group", group_rule);
      one.kind = required_text(parts, "kind", kind_rule);
      one.ns = required_text(parts, "namespace", namespace_rule);
      parts.finish();
      return one;
    });
  }
  if (const auto to = fields.require("to")) {
    out.spec.to = read_list<ReferenceGrantTo>(*to, some, [](const Field& item) {
      ReferenceGrantTo one;
      Fields parts(item);
      one.group = required_text(parts, "group", group_rule);
      one.kind = required_text(parts, "kind", kind_rule);
      one.name = optional_text(parts, "name", name_rule);
      parts.finish();
      return one;
    });
  }
  fields.finish();
}

}  // namespace pintle::api
