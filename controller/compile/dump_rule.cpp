#include "controller/compile/dump_rule.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pintle::compile {
namespace {

using Json = nlohmann::ordered_json;

Json dump_fields(const SharedList<route::FieldMatch>& fields) {
  Json list = Json::array();
  for (const route::FieldMatch& field : fields) {
    Json one{{"name", field.name}};
    if (field.regex)
      one["regex"] = field.regex->pattern();
    else
      one["value"] = field.value;
    list.push_back(std::move(one));
  }
  return list;
}

Json dump_lines(const std::vector<route::HeaderLine>& lines) {
  Json map = Json::object();
  for (const route::HeaderLine& line : lines) map[line.name] = line.value;
  return map;
}

Json dump_edits(const route::HeaderEdits& edits) {
  Json made = Json::object();
  if (!edits.set.empty()) made["set"] = dump_lines(edits.set);
  if (!edits.add.empty()) made["add"] = dump_lines(edits.add);
  for (const route::HeaderName& name : edits.remove) made["remove"].push_back(name.name);
  return made;
}

void add_path(Json& out, const route::PathModifier& modifier) {
  if (const auto* full = std::get_if<route::ReplaceFullPath>(&modifier)) out["replaceFullPath"] = full->path;
  if (const auto* prefix = std::get_if<route::ReplacePrefixMatch>(&modifier))
    out["replacePrefixMatch"] = Json{{"prefix", prefix->matched_prefix}, {"replacement", prefix->replacement}};
}

Json dump_rewrite(const route::UrlRewrite& rewrite) {
  Json made = Json::object();
  if (rewrite.hostname) made["hostname"] = *rewrite.hostname;
  add_path(made, rewrite.path);
  return made;
}

Json dump_cors(const route::Cors& cors) {
  Json made = Json::object();
  made["origins"] = Json::array();
  if (cors.any_origin) made["origins"].push_back("*");
  for (const route::OriginPattern& origin : cors.origins) made["origins"].push_back(origin.text);
  if (cors.credentials) made["credentials"] = true;
  if (!cors.methods.empty()) made["methods"] = cors.methods;
  if (!cors.headers.empty()) made["headers"] = cors.headers;
  if (!cors.exposed.empty()) made["exposed"] = cors.exposed;
  made["maxAge"] = cors.max_age;
  return made;
}

Json dump_mirror(const route::Mirror& mirror) {
  Json made{{"backend", mirror.name}};
  if (mirror.numerator != mirror.denominator)
    made["share"] = fmt::format("{}/{}", mirror.numerator, mirror.denominator);
  return made;
}

Json dump_auth(const route::ExternalAuth& auth) {
  const bool http = auth.protocol == route::ExternalAuth::Protocol::Http;
  Json made{{"server", auth.name}, {"protocol", http ? "HTTP" : "GRPC"}};
  if (!auth.path.empty()) made["path"] = auth.path;
  if (!auth.request_headers.empty()) made["requestHeaders"] = auth.request_headers;
  if (!auth.response_headers.empty()) made["responseHeaders"] = auth.response_headers;
  if (auth.max_body > 0) made["maxBody"] = auth.max_body;
  if (!auth.before_edits) made["after"] = "requestHeaders";
  return made;
}

void add_filters(Json& out, const route::MessageFilters& filters) {
  if (filters.request) out["requestHeaders"] = dump_edits(*filters.request);
  if (filters.response) out["responseHeaders"] = dump_edits(*filters.response);
  if (filters.rewrite) out["urlRewrite"] = dump_rewrite(*filters.rewrite);
  if (filters.cors) out["cors"] = dump_cors(*filters.cors);
  if (filters.mirrors)
    for (const route::Mirror& mirror : *filters.mirrors) out["mirrors"].push_back(dump_mirror(mirror));
  if (filters.auth) out["externalAuth"] = dump_auth(*filters.auth);
}

Json dump_failure(const route::Failure& failure) {
  return Json{{"status", failure.status}, {"reason", to_string(failure.reason)}, {"detail", failure.detail}};
}

Json dump_redirect(const route::Redirect& redirect) {
  Json made{{"status", redirect.status}};
  if (redirect.scheme) made["scheme"] = *redirect.scheme;
  if (redirect.hostname) made["hostname"] = *redirect.hostname;
  if (redirect.port) made["port"] = *redirect.port;
  if (redirect.path) add_path(made, *redirect.path);
  return made;
}

Json dump_forward(const route::Forward& forward) {
  Json list = Json::array();
  for (const route::WeightedBackend& backend : forward.backends) {
    Json one{{"backend", backend.name}, {"weight", backend.weight}};
    if (backend.failure) one["failure"] = dump_failure(*backend.failure);
    add_filters(one, backend.filters);
    list.push_back(std::move(one));
  }
  return list;
}

void add_timeout(Json& out, const char* name, const std::optional<std::chrono::milliseconds>& timeout) {
  if (timeout) out[name] = fmt::format("{}ms", timeout->count());
}

Json dump_retry(const route::Retry& retry) {
  Json made{{"attempts", retry.attempts}};
  if (!retry.codes.empty()) made["codes"] = retry.codes;
  if (retry.backoff.count() > 0) made["backoff"] = fmt::format("{}ms", retry.backoff.count());
  return made;
}

Json dump_session(const route::Session& session) {
  Json made{{session.carrier == route::SessionCarrier::Cookie ? "cookie" : "header", session.name}};
  if (session.absolute_timeout) made["absoluteTimeout"] = fmt::format("{}s", session.absolute_timeout->count());
  if (session.lifetime == route::CookieLifetime::Permanent) made["permanent"] = true;
  return made;
}

/// One for all backends, or what each has.
void add_sessions(Json& out, const route::Rule& rule) {
  const auto& sessions = rule.sessions->by_backend;
  const bool same = std::ranges::adjacent_find(sessions, std::ranges::not_equal_to()) == sessions.end();
  if (same && !sessions.empty() && sessions.front()) {
    out["session"] = dump_session(*sessions.front());
    return;
  }
  const auto* forward = std::get_if<route::Forward>(&rule.action);
  for (std::size_t at = 0; forward != nullptr && at < sessions.size(); ++at)
    if (sessions[at]) out["session"][forward->backends[at].name] = dump_session(*sessions[at]);
}

}  // namespace

std::string rule_label(const route::RuleSource& source) {
  const std::string place = fmt::format("{} rule {}", source.route, source.index);
  return source.name.empty() ? place : fmt::format("{} ({})", place, source.name);
}

Json dump_match(const route::Match& match) {
  Json made = Json::object();
  switch (match.path.kind) {
    case route::PathKind::Exact:
      made["exact"] = match.path.value;
      break;
    case route::PathKind::Prefix:
      made["prefix"] = match.path.value;
      break;
    case route::PathKind::Regex:
      made["regex"] = match.path.regex ? match.path.regex->pattern() : match.path.value;
      break;
  }
  if (match.grpc) {
    made["grpc"] = true;
    if (match.path.kind == route::PathKind::Prefix && match.path.regex) made["path"] = match.path.regex->pattern();
  }
  if (!match.method.empty()) made["method"] = match.method;
  if (!match.headers.empty()) made["headers"] = dump_fields(match.headers);
  if (!match.queries.empty()) made["queries"] = dump_fields(match.queries);
  return made;
}

Json dump_rule(const route::Rule& rule) {
  Json made{{"rule", rule_label(rule.source)}};
  if (rule.source.kind != "HTTPRoute") made["kind"] = rule.source.kind;
  add_filters(made, rule.filters);
  if (const auto* forward = std::get_if<route::Forward>(&rule.action))
    made["forward"] = dump_forward(*forward);
  else if (const auto* redirect = std::get_if<route::Redirect>(&rule.action))
    made["redirect"] = dump_redirect(*redirect);
  else if (const auto* failure = std::get_if<route::Failure>(&rule.action))
    made["failure"] = dump_failure(*failure);
  Json timeouts = Json::object();
  add_timeout(timeouts, "request", rule.timeouts.request);
  add_timeout(timeouts, "backendRequest", rule.timeouts.backend_request);
  if (!timeouts.empty()) made["timeouts"] = std::move(timeouts);
  if (rule.retry) made["retry"] = dump_retry(*rule.retry);
  if (rule.sessions) add_sessions(made, rule);
  return made;
}

}  // namespace pintle::compile
