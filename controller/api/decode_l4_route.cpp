#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

L4BackendRef read_backend(const Field& field) {
  L4BackendRef out;
  Fields fields(field);
  out.ref = read_backend_reference(fields, field);
  out.weight = read_weight(fields);
  fields.finish();
  return out;
}

L4RouteRule read_rule(const Field& field) {
  L4RouteRule out;
  Fields fields(field);
  out.name = optional_text(fields, "name", section_rule);
  if (const auto list = fields.require("backendRefs"))
    out.backend_refs = read_list<L4BackendRef>(*list, {.min = 1, .max = 16}, read_backend);
  fields.finish();
  return out;
}

/// RFC 6066 section 3: a server name is never an address.
std::string read_server_name(const Field& item) {
  std::string host = read_text(item, hostname_rule);
  if (item.strict() && is_ip_address(host))
    item.report({.id = "GW0318",
                 .message = "a TLS server name is never an IP address: the host name matches nothing",
                 .fix = "give the host name that clients send as server name (SNI)",
                 .severity = Severity::Warning});
  return host;
}

}  // namespace

void read_l4_route(Fields& root, const L4RouteForm& form, L4RouteSpec& spec, RouteStatus& status) {
  if (const auto field = root.require("spec")) {
    Fields fields(*field);
    spec.parent_refs = read_parent_references(fields);
    if (form.kind == Kind::TLSRoute)
      if (const auto names = fields.find("hostnames"))
        spec.hostnames = read_list<std::string>(*names, {.min = 1, .max = 1024}, read_server_name);
    if (const auto rules = fields.require("rules"))
      spec.rules = read_list<L4RouteRule>(*rules, {.min = 1, .max = form.most_rules}, read_rule);
    spec.use_default_gateways = read_default_scope(fields);
    fields.finish();
  }
  if (const auto field = root.find("status")) status = read_route_status(*field);
}

}  // namespace pintle::api
