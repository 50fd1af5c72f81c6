#include <array>

#include <fmt/format.h>

#include "controller/api/check_http_route.hpp"
#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

constexpr std::array<EnumWord<PathMatchType>, 3> path_types{{{"Exact", PathMatchType::Exact},
                                                             {"PathPrefix", PathMatchType::PathPrefix},
                                                             {"RegularExpression", PathMatchType::RegularExpression}}};
constexpr std::array<EnumWord<ValueMatchType>, 2> value_types{
    {{"Exact", ValueMatchType::Exact}, {"RegularExpression", ValueMatchType::RegularExpression}}};
constexpr std::array<EnumWord<HTTPMethod>, 9> methods{{{"GET", HTTPMethod::GET},
                                                       {"HEAD", HTTPMethod::HEAD},
                                                       {"POST", HTTPMethod::POST},
                                                       {"PUT", HTTPMethod::PUT},
                                                       {"DELETE", HTTPMethod::DELETE},
                                                       {"CONNECT", HTTPMethod::CONNECT},
                                                       {"OPTIONS", HTTPMethod::OPTIONS},
                                                       {"TRACE", HTTPMethod::TRACE},
                                                       {"PATCH", HTTPMethod::PATCH}}};
constexpr std::array<EnumWord<SessionPersistenceType>, 2> session_types{
    {{"Cookie", SessionPersistenceType::Cookie}, {"Header", SessionPersistenceType::Header}}};
constexpr std::array<EnumWord<CookieLifetimeType>, 2> lifetimes{
    {{"Session", CookieLifetimeType::Session}, {"Permanent", CookieLifetimeType::Permanent}}};

HTTPPathMatch read_path_match(const Field& field) {
  HTTPPathMatch out;
  Fields fields(field);
  out.type = enum_or(fields, "type", path_types, PathMatchType::PathPrefix);
  if (const auto value = fields.find("value")) {
    out.value = read_text(*value, {.max = 1024});
    const bool literal = out.type == PathMatchType::Exact || out.type == PathMatchType::PathPrefix;
    const auto fault = literal && value->strict() && value->value().type == Value::Type::String
                           ? find_path_fault(out.value)
                           : std::nullopt;
    if (fault)
      value->report({.id = "GW0309", .message = fmt::format("path {} {}", quote(out.value), *fault), .fix = {}});
  }
  fields.finish();
  return out;
}

/// Headers and query parameters have the same fields.
template <class T>
std::vector<T> read_value_matches(Fields& fields, std::string_view key, std::size_t max_value) {
  const auto list = fields.find(key);
  if (!list) return {};
  auto out = read_list<T>(*list, {.max = 16}, [&](const Field& item) {
    T one;
    Fields parts(item);
    one.type = enum_or(parts, "type", value_types, ValueMatchType::Exact);
    one.name = required_text(parts, "name", header_name_rule);
    one.value = required_text(parts, "value", {.min = 1, .max = max_value});
    parts.finish();
    return one;
  });
  check_unique(*list, out, [](const T& one) -> std::string_view { return one.name; }, "a name");
  return out;
}

HTTPRouteMatch read_match(const Field& field) {
  HTTPRouteMatch out;
  Fields fields(field);
  if (const auto path = fields.find("path")) out.path = read_path_match(*path);
  out.headers = read_header_matches(fields);
  out.query_params = read_value_matches<HTTPQueryParamMatch>(fields, "queryParams", 1024);
  if (const auto method = fields.find("method")) out.method = read_enum<HTTPMethod>(*method, methods);
  fields.finish();
  return out;
}

HTTPBackendRef read_backend(const Field& field) { return read_http_backend(field, read_filters); }

HTTPRouteTimeouts read_timeouts(const Field& field) {
  HTTPRouteTimeouts out;
  Fields fields(field);
  if (const auto request = fields.find("request")) out.request = read_duration(*request);
  const auto backend = fields.find("backendRequest");
  if (backend) out.backend_request = read_duration(*backend);
  fields.finish();
  if (out.request && out.backend_request && out.request->count() != 0 && *out.backend_request > *out.request) {
    backend->report_value({.id = "GW0406",
                           .message = "backendRequest must not be longer than request",
                           .fix = "shorten backendRequest or lengthen request"});
  }
  return out;
}

HTTPRouteRetry read_retry(const Field& field) {
  HTTPRouteRetry out;
  Fields fields(field);
  if (const auto codes = fields.find("codes")) {
    out.codes = read_list<std::uint16_t>(*codes, {}, [](const Field& item) {
      return static_cast<std::uint16_t>(read_number(item, {.min = 400, .max = 599}));
    });
    check_unique(*codes, out.codes, [](std::uint16_t code) { return code; }, "a code");
  }
  if (const auto attempts = fields.find("attempts"))
    out.attempts = static_cast<std::int32_t>(read_number(*attempts, {.min = 1}));
  if (const auto backoff = fields.find("backoff")) out.backoff = read_duration(*backoff);
  fields.finish();
  return out;
}

HTTPRouteRule read_rule(const Field& field) {
  HTTPRouteRule out;
  Fields fields(field);
  out.name = optional_text(fields, "name", section_rule);
  if (const auto list = fields.find("matches")) out.matches = read_list<HTTPRouteMatch>(*list, {.max = 64}, read_match);
  if (const auto list = fields.find("filters")) out.filters = read_filters(*list);
  out.backend_refs = list_of<HTTPBackendRef>(fields, "backendRefs", {.max = 16}, read_backend);
  if (const auto timeouts = fields.find("timeouts")) out.timeouts = read_timeouts(*timeouts);
  if (const auto retry = fields.find("retry")) out.retry = read_retry(*retry);
  if (const auto session = fields.find("sessionPersistence")) out.session_persistence = read_session(*session);
  fields.finish();
  if (field.strict()) check_rule(field, out);
  return out;
}

void read_spec(const Field& field, HTTPRouteSpec& out) {
  Fields fields(field);
  out.parent_refs = read_parent_references(fields);
  out.hostnames = read_hostnames(fields);
  if (const auto rules = fields.find("rules")) {
    out.rules = read_list<HTTPRouteRule>(*rules, {.min = 1, .max = 16}, read_rule);
    if (field.strict()) check_rules(*rules, out.rules);
  }
  out.use_default_gateways = read_default_scope(fields);
  fields.finish();
}

}  // namespace

HTTPBackendRef read_http_backend(const Field& field, std::vector<HTTPRouteFilter> (*read)(const Field&)) {
  HTTPBackendRef out;
  Fields fields(field);
  out.ref = read_backend_reference(fields, field);
  out.weight = read_weight(fields);
  if (const auto filters = fields.find("filters")) out.filters = read(*filters);
  fields.finish();
  return out;
}

std::vector<HTTPHeaderMatch> read_header_matches(Fields& match) {
  return read_value_matches<HTTPHeaderMatch>(match, "headers", 4096);
}

std::vector<std::string> read_hostnames(Fields& spec) {
  return list_of<std::string>(spec, "hostnames", {.max = 16}, [](const Field& item) {
    std::string host = read_text(item, hostname_rule);
    if (item.strict() && is_ip_address(host)) {
      item.report({.id = "GW0318",
                   .message = "a host name that is an IP address matches only requests whose Host is that address",
                   .fix = "leave hostnames out to match every host of the listener",
                   .severity = Severity::Warning});
    }
    return host;
  });
}

SessionPersistence read_session(const Field& field) {
  SessionPersistence out;
  Fields fields(field);
  out.session_name = optional_text(fields, "sessionName", {.max = 128});
  if (const auto timeout = fields.find("absoluteTimeout")) out.absolute_timeout = read_duration(*timeout);
  out.type = enum_or(fields, "type", session_types, SessionPersistenceType::Cookie);
  if (const auto cookie = fields.find("cookieConfig")) {
    Fields parts(*cookie);
    out.cookie_lifetime = enum_or(parts, "lifetimeType", lifetimes, CookieLifetimeType::Session);
    parts.finish();
    if (out.type == SessionPersistenceType::Header) {
      cookie->report_value({.id = "GW0421",
                            .message = "cookieConfig can only be given with type Cookie",
                            .fix = "remove it, or set type: Cookie"});
    }
    if (out.cookie_lifetime == CookieLifetimeType::Permanent && !out.absolute_timeout) {
      field.report_value({.id = "GW0421",
                          .message = "absoluteTimeout must be given when the cookie's lifetimeType is Permanent",
                          .fix = "add absoluteTimeout"});
    }
  }
  fields.finish();
  return out;
}

void read_http_route(Fields& root, const Field& /*field*/, HTTPRoute& out) {
  if (const auto spec = root.require("spec")) read_spec(*spec, out.spec);
  if (const auto status = root.find("status")) out.status = read_route_status(*status);
}

}  // namespace pintle::api
