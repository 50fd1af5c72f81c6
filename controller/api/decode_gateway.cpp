#include <array>

#include <fmt/format.h>

#include "controller/api/check_gateway.hpp"
#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

constexpr std::array<EnumWord<FromNamespaces>, 3> route_namespaces{
    {{"Same", FromNamespaces::Same}, {"All", FromNamespaces::All}, {"Selector", FromNamespaces::Selector}}};
constexpr std::array<EnumWord<FromNamespaces>, 4> listener_namespaces{{{"None", FromNamespaces::None},
                                                                       {"Same", FromNamespaces::Same},
                                                                       {"All", FromNamespaces::All},
                                                                       {"Selector", FromNamespaces::Selector}}};
constexpr std::array<EnumWord<TLSMode>, 2> tls_modes{
    {{"Terminate", TLSMode::Terminate}, {"Passthrough", TLSMode::Passthrough}}};
constexpr std::array<EnumWord<FrontendValidationMode>, 2> validation_modes{
    {{"AllowValidOnly", FrontendValidationMode::AllowValidOnly},
     {"AllowInsecureFallback", FrontendValidationMode::AllowInsecureFallback}}};
constexpr std::array<EnumWord<DefaultScope>, 2> scopes{{{"All", DefaultScope::All}, {"None", DefaultScope::None}}};

template <class Words>
AllowedNamespaces read_allowed_namespaces(const Field& field, const Words& words, FromNamespaces fallback) {
  AllowedNamespaces out;
  Fields fields(field);
  out.from = enum_or(fields, "from", words, fallback);
  if (const auto selector = fields.find("selector")) out.selector = read_label_selector(*selector);
  fields.finish();
  return out;
}

ListenerTLS read_listener_tls(const Field& field) {
  ListenerTLS out;
  Fields fields(field);
  out.mode = enum_or(fields, "mode", tls_modes, TLSMode::Terminate);
  out.certificate_refs = list_of<SecretObjectReference>(fields, "certificateRefs", {.max = 64}, read_secret_reference);
  if (const auto options = fields.find("options")) out.options = read_string_map(*options, {.max = 16});
  fields.finish();
  if (out.mode == TLSMode::Terminate && out.certificate_refs.empty() && out.options.empty()) {
    field.report_value({.id = "GW0414",
                        .message = "certificateRefs or options must be given when the mode is Terminate",
                        .fix = "add certificateRefs: [{name: SECRET}]"});
  }
  return out;
}

Listener read_listener(const Field& field) {
  Listener out;
  Fields fields(field);
  out.name = required_text(fields, "name", section_rule);
  if (const auto host = fields.find("hostname")) {
    std::string text = read_text(*host, hostname_rule);
    if (field.strict() && is_ip_address(text)) {
      host->report({.id = "GW0318",
                    .message = "a host name that is an IP address matches only requests whose Host is that address",
                    .fix = "leave hostname out to serve every host",
                    .severity = Severity::Warning});
    }
    if (!text.empty()) out.hostname = std::move(text);
  }
  if (const auto port = fields.require("port")) out.port = read_port(*port);
  out.protocol = required_text(
      fields, "protocol",
      {.accepts = is_protocol, .min = 1, .max = 255, .wanted = "a protocol such as HTTP, HTTPS, TLS, TCP or UDP"});
  if (const auto tls = fields.find("tls")) out.tls = read_listener_tls(*tls);
  if (const auto allowed = fields.find("allowedRoutes")) {
    Fields parts(*allowed);
    if (const auto namespaces = parts.find("namespaces")) {
      out.allowed_routes.namespaces = read_allowed_namespaces(*namespaces, route_namespaces, FromNamespaces::Same);
    }
    out.allowed_routes.kinds = list_of<RouteGroupKind>(parts, "kinds", {.max = 8}, read_route_group_kind);
    parts.finish();
  }
  fields.finish();
  return out;
}

GatewayAddress read_address(const Field& field) {
  GatewayAddress out;
  Fields fields(field);
  out.type = text_or(fields, "type",
                     {.accepts = is_address_type,
                      .min = 1,
                      .max = 253,
                      .wanted = "IPAddress, Hostname, NamedAddress or a domain-prefixed type"},
                     "IPAddress");
  out.value = optional_text(fields, "value", {.max = 253});
  fields.finish();
  if (out.type == "Hostname" && out.value && !out.value->empty() && !is_hostname(*out.value)) {
    field.report_value({.id = "GW0303", .message = fmt::format("{} is not a host name", quote(*out.value)), .fix = {}});
  }
  return out;
}

GatewayInfrastructure read_infrastructure(const Field& field) {
  GatewayInfrastructure out;
  Fields fields(field);
  if (const auto labels = fields.find("labels")) {
    out.labels = read_string_map(*labels, {.max = 8});
    check_label_map(*labels, out.labels, LabelMap::Labels);
  }
  if (const auto annotations = fields.find("annotations")) {
    out.annotations = read_string_map(*annotations, {.max = 16});
    check_label_map(*annotations, out.annotations, LabelMap::Annotations);
  }
  if (const auto parameters = fields.find("parametersRef")) out.parameters_ref = read_local_reference(*parameters);
  fields.finish();
  return out;
}

std::optional<FrontendTLSValidation> read_frontend_config(const Field& field) {
  std::optional<FrontendTLSValidation> out;
  Fields fields(field);
  if (const auto validation = fields.find("validation")) {
    out.emplace();
    Fields parts(*validation);
    if (const auto refs = parts.require("caCertificateRefs")) {
      out->ca_certificate_refs = read_list<ObjectReference>(*refs, {.min = 1, .max = 16}, read_object_reference);
    }
    out->mode = enum_or(parts, "mode", validation_modes, FrontendValidationMode::AllowValidOnly);
    parts.finish();
  }
  fields.finish();
  return out;
}

FrontendTLS read_frontend(const Field& field) {
  FrontendTLS out;
  Fields fields(field);
  if (const auto fallback = fields.require("default")) out.default_validation = read_frontend_config(*fallback);
  if (const auto ports = fields.find("perPort")) {
    out.per_port = read_list<FrontendTLSPort>(*ports, {.max = 64}, [](const Field& item) {
      FrontendTLSPort one;
      Fields parts(item);
      if (const auto port = parts.require("port")) one.port = read_port(*port);
      if (const auto tls = parts.require("tls")) one.validation = read_frontend_config(*tls);
      parts.finish();
      return one;
    });
    check_unique(*ports, out.per_port, [](const FrontendTLSPort& one) { return one.port; }, "a port");
  }
  fields.finish();
  return out;
}

GatewayTLS read_gateway_tls(const Field& field) {
  GatewayTLS out;
  Fields fields(field);
  if (const auto backend = fields.find("backend")) {
    Fields parts(*backend);
    if (const auto ref = parts.find("clientCertificateRef"))
      out.backend_client_certificate_ref = read_secret_reference(*ref);
    parts.finish();
  }
  if (const auto frontend = fields.find("frontend")) out.frontend = read_frontend(*frontend);
  fields.finish();
  return out;
}

void read_gateway_spec(const Field& field, GatewaySpec& out) {
  Fields fields(field);
  out.gateway_class_name = required_text(fields, "gatewayClassName", name_rule);
  out.listeners = read_listeners(fields);
  if (const auto addresses = fields.find("addresses")) {
    out.addresses = read_list<GatewayAddress>(*addresses, {.max = 16}, read_address);
    if (field.strict()) check_addresses(*addresses, out.addresses);
  }
  if (const auto infrastructure = fields.find("infrastructure"))
    out.infrastructure = read_infrastructure(*infrastructure);
  if (const auto allowed = fields.find("allowedListeners")) {
    Fields parts(*allowed);
    if (const auto namespaces = parts.find("namespaces")) {
      out.allowed_listeners = read_allowed_namespaces(*namespaces, listener_namespaces, FromNamespaces::None);
    }
    parts.finish();
  }
  if (const auto tls = fields.find("tls")) out.tls = read_gateway_tls(*tls);
  if (const auto scope = fields.find("defaultScope")) out.default_scope = read_enum<DefaultScope>(*scope, scopes);
  fields.finish();
}

/// Of a Gateway as a whole, whose listeners it gets more.
ParentReference read_parent_gateway(const Field& field) {
  Fields fields(field);
  ParentReference out = read_parent_name(fields);
  fields.finish();
  return out;
}

}  // namespace

std::vector<Listener> read_listeners(Fields& spec) {
  const auto list = spec.require("listeners");
  if (!list) return {};
  auto out = read_list<Listener>(*list, {.min = 1, .max = 64}, read_listener);
  if (list->strict()) check_listeners(*list, out);
  return out;
}

void read_listener_set(Fields& root, const Field& /*field*/, ListenerSet& out) {
  if (const auto spec = root.require("spec")) {
    Fields fields(*spec);
    if (const auto parent = fields.require("parentRef")) out.spec.parent_ref = read_parent_gateway(*parent);
    out.spec.listeners = read_listeners(fields);
    fields.finish();
  }
  if (const auto status = root.find("status")) out.status = read_listener_set_status(*status);
}

void read_gateway(Fields& root, const Field& /*field*/, Gateway& out) {
  if (const auto spec = root.require("spec")) read_gateway_spec(*spec, out.spec);
  if (const auto status = root.find("status")) out.status = read_gateway_status(*status);
}

void read_gateway_class(Fields& root, const Field& /*field*/, GatewayClass& out) {
  if (const auto spec = root.require("spec")) {
    Fields fields(*spec);
    out.spec.controller_name = required_text(fields, "controllerName", controller_rule);
    if (const auto parameters = fields.find("parametersRef"))
      out.spec.parameters_ref = read_object_reference(*parameters);
    out.spec.description = optional_text(fields, "description", {.max = 64});
    fields.finish();
  }
  if (const auto status = root.find("status")) out.status = read_gateway_class_status(*status);
}

}  // namespace pintle::api
