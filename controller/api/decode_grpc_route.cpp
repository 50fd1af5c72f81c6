#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

constexpr std::array<EnumWord<ValueMatchType>, 2> match_types{
    {{"Exact", ValueMatchType::Exact}, {"RegularExpression", ValueMatchType::RegularExpression}}};

/// Letters, digits, '_' and '.', as protobuf names are written.
bool is_grpc_service(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}
bool is_grpc_method(std::string_view text) noexcept { return !text.contains('.') && is_grpc_service(text); }

GRPCMethodMatch read_method(const Field& field) {
  GRPCMethodMatch out;
  Fields fields(field);
  out.type = enum_or(fields, "type", match_types, ValueMatchType::Exact);
  const bool literal = out.type == ValueMatchType::Exact;
  TextRule service{.max = 1024, .id = "GW0309", .wanted = "a service such as helloworld.Greeter"};
  TextRule method{.max = 1024, .id = "GW0309", .wanted = "a method such as SayHello"};
  if (literal) {
    service.accepts = is_grpc_service;
    method.accepts = is_grpc_method;
  }
  out.service = optional_text(fields, "service", service);
  out.method = optional_text(fields, "method", method);
  if (out.service && out.service->empty()) out.service.reset();
  if (out.method && out.method->empty()) out.method.reset();
  fields.finish();
  if (!out.service && !out.method)
    field.report_value({.id = "GW0422",
                        .message = "one of service and method must be given",
                        .fix = "give one, or leave the whole match out to match every gRPC request"});
  return out;
}

GRPCRouteMatch read_match(const Field& field) {
  GRPCRouteMatch out;
  Fields fields(field);
  if (const auto method = fields.find("method")) out.method = read_method(*method);
  out.headers = read_header_matches(fields);
  fields.finish();
  return out;
}

/// A GRPCRoute has some of the filters of an HTTPRoute; the others are values its kind does not know.
std::vector<HTTPRouteFilter> read_grpc_filters(const Field& list) {
  std::vector<HTTPRouteFilter> filters = read_filters(list);
  constexpr std::array<HTTPFilterType, 4> known{HTTPFilterType::RequestHeaderModifier,
                                                HTTPFilterType::ResponseHeaderModifier, HTTPFilterType::RequestMirror,
                                                HTTPFilterType::ExtensionRef};
  for (std::size_t at = 0; at < filters.size(); ++at) {
    HTTPRouteFilter& filter = filters[at];
    if (filter.type.is_unknown() || std::ranges::find(known, filter.type.value) != known.end()) continue;
    list.item(at).report_value(
        {.id = "GW0305",
         .message = fmt::format("a GRPCRoute has no filter of type {}", to_string(filter.type)),
         .fix = "remove it; RequestHeaderModifier, ResponseHeaderModifier and RequestMirror are known"});
    filter = {OpenEnum<HTTPFilterType>::unknown(std::string(to_string(filter.type.value))), {}};
  }
  return filters;
}

HTTPBackendRef read_backend(const Field& field) { return read_http_backend(field, read_grpc_filters); }

GRPCRouteRule read_rule(const Field& field) {
  GRPCRouteRule out;
  Fields fields(field);
  out.name = optional_text(fields, "name", section_rule);
  out.matches = list_of<GRPCRouteMatch>(fields, "matches", {.max = 64}, read_match);
  if (const auto list = fields.find("filters")) out.filters = read_grpc_filters(*list);
  out.backend_refs = list_of<HTTPBackendRef>(fields, "backendRefs", {.max = 16}, read_backend);
  if (const auto session = fields.find("sessionPersistence")) out.session_persistence = read_session(*session);
  fields.finish();
  return out;
}

}  // namespace

void read_grpc_route(Fields& root, const Field& /*field*/, GRPCRoute& out) {
  if (const auto field = root.require("spec")) {
    Fields fields(*field);
    out.spec.parent_refs = read_parent_references(fields);
    out.spec.hostnames = read_hostnames(fields);
    out.spec.rules = list_of<GRPCRouteRule>(fields, "rules", {.max = 16}, read_rule);
    out.spec.use_default_gateways = read_default_scope(fields);
    fields.finish();
  }
  if (const auto status = root.find("status")) out.status = read_route_status(*status);
}

}  // namespace pintle::api
