#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

constexpr std::array<EnumWord<HTTPFilterType>, 8> filter_types{
    {{"RequestHeaderModifier", HTTPFilterType::RequestHeaderModifier},
     {"ResponseHeaderModifier", HTTPFilterType::ResponseHeaderModifier},
     {"RequestMirror", HTTPFilterType::RequestMirror},
     {"RequestRedirect", HTTPFilterType::RequestRedirect},
     {"URLRewrite", HTTPFilterType::URLRewrite},
     {"CORS", HTTPFilterType::CORS},
     {"ExternalAuth", HTTPFilterType::ExternalAuth},
     {"ExtensionRef", HTTPFilterType::ExtensionRef}}};
constexpr std::array<EnumWord<PathModifierType>, 2> path_types{
    {{"ReplaceFullPath", PathModifierType::ReplaceFullPath},
     {"ReplacePrefixMatch", PathModifierType::ReplacePrefixMatch}}};
constexpr std::array<EnumWord<ExternalAuthProtocol>, 2> auth_protocols{
    {{"HTTP", ExternalAuthProtocol::HTTP}, {"GRPC", ExternalAuthProtocol::GRPC}}};

constexpr TextRule header_value_rule{.accepts = is_header_value,
                                     .min = 1,
                                     .max = 4096,
                                     .id = "GW0308",
                                     .wanted = "a header value: no control characters"};

std::vector<HTTPHeader> read_headers(Fields& fields, std::string_view key) {
  const auto list = fields.find(key);
  if (!list) return {};
  auto out = read_list<HTTPHeader>(*list, {.max = 16}, [](const Field& item) {
    HTTPHeader one;
    Fields parts(item);
    one.name = required_text(parts, "name", header_name_rule);
    one.value = required_text(parts, "value", header_value_rule);
    parts.finish();
    return one;
  });
  check_unique(*list, out, [](const HTTPHeader& one) -> std::string_view { return one.name; }, "a header name");
  return out;
}

HTTPHeaderFilter read_header_filter(const Field& field) {
  HTTPHeaderFilter out;
  Fields fields(field);
  out.set = read_headers(fields, "set");
  out.add = read_headers(fields, "add");
  if (const auto remove = fields.find("remove")) {
    out.remove = read_list<std::string>(*remove, {.max = 16}, [](const Field& item) { return read_text(item); });
    check_unique(
        *remove, out.remove, [](const std::string& name) -> std::string_view { return name; }, "a header name");
  }
  fields.finish();
  return out;
}

BackendObjectReference read_plain_backend(const Field& field) {
  Fields fields(field);
  BackendObjectReference out = read_backend_reference(fields, field);
  fields.finish();
  return out;
}

HTTPRequestMirrorFilter read_mirror(const Field& field) {
  HTTPRequestMirrorFilter out;
  Fields fields(field);
  if (const auto backend = fields.require("backendRef")) out.backend_ref = read_plain_backend(*backend);
  if (const auto percent = fields.find("percent"))
    out.percent = static_cast<std::int32_t>(read_number(*percent, {.min = 0, .max = 100}));
  if (const auto fraction = fields.find("fraction")) {
    Fraction part;
    Fields parts(*fraction);
    if (const auto top = parts.require("numerator")) part.numerator = static_cast<std::int32_t>(read_number(*top, {}));
    if (const auto bottom = parts.find("denominator"))
      part.denominator = static_cast<std::int32_t>(read_number(*bottom, {.min = 1}));
    parts.finish();
    if (part.numerator > part.denominator) {
      fraction->report_value({.id = "GW0418", .message = "numerator must not be greater than denominator", .fix = {}});
    }
    out.fraction = part;
  }
  fields.finish();
  if (out.percent && out.fraction)
    field.report_value(
        {.id = "GW0418", .message = "only one of percent and fraction may be given", .fix = "remove one"});
  return out;
}

HTTPPathModifier read_path_modifier(const Field& field) {
  HTTPPathModifier out;
  Fields fields(field);
  if (const auto type = fields.require("type")) out.type = read_enum<PathModifierType>(*type, path_types);
  const auto full = optional_text(fields, "replaceFullPath", {.max = 1024});
  const auto prefix = optional_text(fields, "replacePrefixMatch", {.max = 1024});
  fields.finish();
  const auto check = [&](PathModifierType type, bool given, std::string_view name) {
    const bool wanted = out.type == type;
    if (wanted == given || out.type.is_unknown()) return;
    field.report_value(
        {.id = "GW0419",
         .message = wanted ? fmt::format("{} must be given for this type", name)
                           : fmt::format("{} must not be given for this type", name),
         .fix = fmt::format("make type and field agree: type {} uses {}",
                            name == "replaceFullPath" ? "ReplaceFullPath" : "ReplacePrefixMatch", name)});
  };
  check(PathModifierType::ReplaceFullPath, full.has_value(), "replaceFullPath");
  check(PathModifierType::ReplacePrefixMatch, prefix.has_value(), "replacePrefixMatch");
  out.replacement = out.type == PathModifierType::ReplaceFullPath ? full.value_or("") : prefix.value_or("");
  return out;
}

HTTPRequestRedirectFilter read_redirect(const Field& field) {
  HTTPRequestRedirectFilter out;
  Fields fields(field);
  if (const auto scheme = fields.find("scheme")) {
    out.scheme = read_text(*scheme);
    if (scheme->strict() && out.scheme != "http" && out.scheme != "https") report_enum(*scheme, {"http", "https"});
  }
  out.hostname = optional_text(fields, "hostname", precise_hostname_rule);
  if (const auto path = fields.find("path")) out.path = read_path_modifier(*path);
  out.port = optional_port(fields, "port");
  if (const auto code = fields.find("statusCode")) {
    out.status_code = static_cast<std::uint16_t>(read_number(*code, {.min = 0, .max = 999}));
    constexpr std::array<std::uint16_t, 5> allowed{301, 302, 303, 307, 308};
    if (code->value().type == Value::Type::Integer && std::ranges::find(allowed, out.status_code) == allowed.end()) {
      code->report_value({.id = "GW0305",
                          .message = fmt::format("{} is not one of 301, 302, 303, 307, 308", out.status_code),
                          .fix = {}});
    }
  }
  fields.finish();
  return out;
}

HTTPURLRewriteFilter read_rewrite(const Field& field) {
  HTTPURLRewriteFilter out;
  Fields fields(field);
  out.hostname = optional_text(fields, "hostname", precise_hostname_rule);
  if (const auto path = fields.find("path")) out.path = read_path_modifier(*path);
  fields.finish();
  return out;
}

bool is_cors_method(std::string_view word) noexcept {
  constexpr std::array<std::string_view, 10> words{"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                                   "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"};
  return std::ranges::find(words, word) != words.end();
}

enum class Star : std::uint8_t { Alone, Anywhere };

std::vector<std::string> read_cors_list(Fields& fields, std::string_view key, ListRule list, const TextRule& rule,
                                        Star star) {
  const auto field = fields.find(key);
  if (!field) return {};
  auto out = read_list<std::string>(*field, list, [&rule](const Field& item) { return read_text(item, rule); });
  check_unique(*field, out, [](const std::string& one) -> std::string_view { return one; }, "an item");
  if (star == Star::Alone && out.size() > 1 && std::ranges::find(out, "*") != out.end()) {
    field->report_value(
        {.id = "GW0417", .message = "\"*\" must stand alone", .fix = "remove the other items, or \"*\""});
  }
  return out;
}

HTTPCORSFilter read_cors(const Field& field) {
  HTTPCORSFilter out;
  Fields fields(field);
  constexpr TextRule origin{
      .accepts = is_cors_origin, .min = 1, .max = 253, .wanted = "\"*\" or an origin such as https://*.example.com"};
  constexpr TextRule method{
      .accepts = is_cors_method,
      .id = "GW0305",
      .wanted = "a method of GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH or \"*\""};
  out.allow_origins = read_cors_list(fields, "allowOrigins", {.max = 64}, origin, Star::Alone);
  out.allow_methods = read_cors_list(fields, "allowMethods", {.max = 9}, method, Star::Alone);
  out.allow_headers = read_cors_list(fields, "allowHeaders", {.max = 64}, header_name_rule, Star::Alone);
  out.expose_headers = read_cors_list(fields, "exposeHeaders", {.max = 64}, header_name_rule, Star::Anywhere);
  if (const auto credentials = fields.find("allowCredentials")) out.allow_credentials = read_bool(*credentials);
  if (const auto age = fields.find("maxAge")) out.max_age = static_cast<std::int32_t>(read_number(*age, {.min = 1}));
  fields.finish();
  return out;
}

HTTPExternalAuthFilter read_external_auth(const Field& field) {
  HTTPExternalAuthFilter out;
  Fields fields(field);
  if (const auto protocol = fields.require("protocol"))
    out.protocol = read_enum<ExternalAuthProtocol>(*protocol, auth_protocols);
  if (const auto backend = fields.require("backendRef")) out.backend_ref = read_plain_backend(*backend);
  const auto grpc = fields.find("grpc");
  const auto http = fields.find("http");
  if (grpc) {
    Fields parts(*grpc);
    out.allowed_headers = text_list(parts, "allowedHeaders", {.max = 64});
    parts.finish();
  }
  if (http) {
    Fields parts(*http);
    out.http_path =
        text_or(parts, "path", {.accepts = is_path_text, .max = 1024, .id = "GW0309", .wanted = "a path"}, "");
    out.allowed_headers = text_list(parts, "allowedHeaders", {.max = 64});
    out.allowed_response_headers = text_list(parts, "allowedResponseHeaders", {.max = 64});
    parts.finish();
  }
  if (const auto body = fields.find("forwardBody")) {
    Fields parts(*body);
    if (const auto size = parts.find("maxSize"))
      out.forward_body_max_size = static_cast<std::uint32_t>(read_number(*size, {.min = 0, .max = 0xffff}));
    parts.finish();
  }
  fields.finish();
  const bool agree = (out.protocol == ExternalAuthProtocol::GRPC) == grpc.has_value() &&
                     (out.protocol == ExternalAuthProtocol::HTTP) == http.has_value();
  if (!agree && !out.protocol.is_unknown()) {
    field.report_value({.id = "GW0420",
                        .message = "exactly the field of the protocol must be given: grpc for GRPC, http for HTTP",
                        .fix = {}});
  }
  return out;
}

struct FilterField {
  HTTPFilterType type;
  std::string_view key;
};
constexpr std::array<FilterField, 8> filter_fields{{{HTTPFilterType::RequestHeaderModifier, "requestHeaderModifier"},
                                                    {HTTPFilterType::ResponseHeaderModifier, "responseHeaderModifier"},
                                                    {HTTPFilterType::RequestMirror, "requestMirror"},
                                                    {HTTPFilterType::RequestRedirect, "requestRedirect"},
                                                    {HTTPFilterType::URLRewrite, "urlRewrite"},
                                                    {HTTPFilterType::CORS, "cors"},
                                                    {HTTPFilterType::ExternalAuth, "externalAuth"},
                                                    {HTTPFilterType::ExtensionRef, "extensionRef"}}};

void read_filter_config(const Field& field, HTTPFilterType type, HTTPRouteFilter& out) {
  switch (type) {
    case HTTPFilterType::RequestHeaderModifier:
    case HTTPFilterType::ResponseHeaderModifier:
      out.config = read_header_filter(field);
      break;
    case HTTPFilterType::RequestMirror:
      out.config = read_mirror(field);
      break;
    case HTTPFilterType::RequestRedirect:
      out.config = read_redirect(field);
      break;
    case HTTPFilterType::URLRewrite:
      out.config = read_rewrite(field);
      break;
    case HTTPFilterType::CORS:
      out.config = read_cors(field);
      break;
    case HTTPFilterType::ExternalAuth:
      out.config = read_external_auth(field);
      break;
    case HTTPFilterType::ExtensionRef:
      out.config = read_local_reference(field);
      break;
    case HTTPFilterType::Unknown:
      break;
  }
}

HTTPRouteFilter read_filter(const Field& field) {
  HTTPRouteFilter out;
  out.type = OpenEnum<HTTPFilterType>::unknown("");
  Fields fields(field);
  if (const auto type = fields.require("type")) out.type = read_enum<HTTPFilterType>(*type, filter_types);
  for (const auto& [type, key] : filter_fields) {
    const auto config = fields.find(key);
    if (config && out.type == type) {
      read_filter_config(*config, type, out);
    } else if (config && !out.type.is_unknown()) {
      config->report_value(
          {.id = "GW0401",
           .message = fmt::format("{} must not be given in a filter of type {}", key, to_string(out.type.value)),
           .fix = fmt::format("set type: {}, or remove {}", to_string(type), key)});
    } else if (!config && out.type == type) {
      field.report_value({.id = "GW0401",
                          .message = fmt::format("a filter of type {} must have {}", to_string(type), key),
                          .fix = fmt::format("add {}", key)});
    }
  }
  fields.finish();
  return out;
}

void check_filter_list(const Field& list, const std::vector<HTTPRouteFilter>& filters) {
  std::array<int, 9> seen{};
  for (std::size_t at = 0; at < filters.size(); ++at) {
    const HTTPFilterType type = filters[at].type;
    const bool once = type == HTTPFilterType::RequestHeaderModifier || type == HTTPFilterType::ResponseHeaderModifier ||
                      type == HTTPFilterType::RequestRedirect || type == HTTPFilterType::URLRewrite ||
                      type == HTTPFilterType::CORS;
    if (++seen[static_cast<std::size_t>(type)] == 2 && once) {
      list.item(at).report({.id = "GW0402",
                            .message = fmt::format("a filter of type {} cannot be repeated", to_string(type)),
                            .fix = "merge the two"});
    }
  }
  if (seen[static_cast<std::size_t>(HTTPFilterType::RequestRedirect)] > 0 &&
      seen[static_cast<std::size_t>(HTTPFilterType::URLRewrite)] > 0) {
    list.report({.id = "GW0403",
                 .message = "RequestRedirect and URLRewrite cannot be used together",
                 .fix = "a redirect can change host and path itself: remove URLRewrite"});
  }
}

}  // namespace

std::vector<HTTPRouteFilter> read_filters(const Field& list) {
  auto out = read_list<HTTPRouteFilter>(list, {.max = 16}, read_filter);
  if (list.strict()) check_filter_list(list, out);
  return out;
}

bool replaces_prefix(const HTTPRouteFilter& filter) noexcept {
  const auto prefix = [](const std::optional<HTTPPathModifier>& path) {
    return path && path->type == PathModifierType::ReplacePrefixMatch;
  };
  if (const auto* redirect = filter.get<HTTPRequestRedirectFilter>()) return prefix(redirect->path);
  if (const auto* rewrite = filter.get<HTTPURLRewriteFilter>()) return prefix(rewrite->path);
  return false;
}

}  // namespace pintle::api
