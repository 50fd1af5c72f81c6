#include "src/app/explain_rules.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "controller/compile/dump_rule.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

[[nodiscard]] std::string path_text(const route::PathMatch& path) {
  switch (path.kind) {
    case route::PathKind::Exact:
      return "exact " + path.value;
    case route::PathKind::Prefix:
      return "prefix " + path.value;
    case route::PathKind::Regex:
      return "regex " + (path.regex ? path.regex->pattern() : path.value);
  }
  return {};
}

[[nodiscard]] std::string field_text(const route::FieldMatch& field) {
  return field.regex ? fmt::format("{} ~ {}", field.name, field.regex->pattern())
                     : fmt::format("{} = {}", field.name, field.value);
}

/// The first value of a query parameter as sent.
[[nodiscard]] std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name) return equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return std::nullopt;
}

[[nodiscard]] std::string_view condition_name(route::Condition condition) noexcept {
  switch (condition) {
    case route::Condition::None:
      return "none";
    case route::Condition::Path:
      return "path";
    case route::Condition::Protocol:
      return "protocol";
    case route::Condition::Method:
      return "method";
    case route::Condition::Header:
      return "header";
    case route::Condition::Query:
      return "query";
  }
  return "none";
}

/// What the request has instead of what the first failed condition asks for. It stands beside the match.
[[nodiscard]] std::string failure_text(const route::Match& match, const route::MatchResult& result,
                                       const route::RequestView& view) {
  switch (result.failed) {
    case route::Condition::None:
      return {};
    case route::Condition::Path:
      return fmt::format("the path is {}", view.path);
    case route::Condition::Protocol:
      return "it is no gRPC request: its content-type is not application/grpc";
    case route::Condition::Method:
      return fmt::format("the method is {}", view.method);
    case route::Condition::Header: {
      const std::string& name = match.headers[result.index].name;
      const http::Field* found = view.headers.find(name);
      return found == nullptr ? fmt::format("there is no header {}", name)
                              : fmt::format("header {} is '{}'", name, view.headers.value(*found));
    }
    case route::Condition::Query: {
      const std::string& name = match.queries[result.index].name;
      const auto found = query_value(view.query, name);
      return found ? fmt::format("query {} is '{}'", name, *found) : fmt::format("there is no query {}", name);
    }
  }
  return {};
}

[[nodiscard]] const runtime::Backend* find_backend(const runtime::Compiled& compiled, BackendId backend) {
  return compiled.endpoints ? compiled.endpoints->find(backend) : nullptr;
}

[[nodiscard]] Json describe_endpoints(const runtime::Compiled& compiled, const route::WeightedBackend& backend) {
  Json list = Json::array();
  const runtime::Backend* found = find_backend(compiled, backend.backend);
  if (found != nullptr && !backend.failure)
    for (const runtime::SocketAddress& address : found->endpoints) list.push_back(to_string(address));
  return list;
}

/// Of an XBackendTrafficPolicy. Each worker counts for itself.
[[nodiscard]] std::string budget_text(const runtime::RetryConstraint& retries) {
  using Seconds = std::chrono::duration<double>;
  return fmt::format("{} % of the requests of {:.3g} s, at least {} in {:.3g} s", retries.percent,
                     Seconds(retries.interval).count(), retries.min_count, Seconds(retries.min_interval).count());
}

[[nodiscard]] std::string auth_text(const route::ExternalAuth& auth) {
  return fmt::format("{} ({})", auth.name, auth.protocol == route::ExternalAuth::Protocol::Http ? "HTTP" : "gRPC");
}

/// Nothing is asked by explaining: what the server would say is not known.
void describe_check(Json& out, const runtime::Compiled& compiled, const route::ExternalAuth& auth) {
  const runtime::Backend* found = find_backend(compiled, auth.backend);
  out["answer"]["if"] = fmt::format("the authorization server {} lets it through", auth_text(auth));
  if (found == nullptr || found->endpoints.empty()) {
    out["served"] = false;
    out["answer"] =
        failure_answer(403, Reason::ExtAuth, fmt::format("authorization server {} has no ready endpoint", auth.name));
  }
}

void describe_forward(Json& out, const runtime::Compiled& compiled, const route::Forward& forward) {
  Json list = Json::array();
  bool any_works = false;
  std::optional<Json> fault;
  for (const route::WeightedBackend& backend : forward.backends) {
    Json one{{"backend", backend.name},
             {"weight", backend.weight},
             {"percent", static_cast<double>(backend.weight) * 100 / static_cast<double>(forward.total_weight)},
             {"endpoints", describe_endpoints(compiled, backend)}};
    Json failure;
    if (backend.failure)
      failure = failure_answer(backend.failure->status, backend.failure->reason, backend.failure->detail);
    else if (one["endpoints"].empty())
      failure = failure_answer(503, Reason::NoEndpoints, fmt::format("{} has no ready endpoint", backend.name));
    if (backend.filters.auth) one["externalAuth"] = auth_text(*backend.filters.auth);
    if (const runtime::Backend* found = find_backend(compiled, backend.backend); found != nullptr && found->retries)
      one["retryBudget"] = budget_text(*found->retries);
    if (failure.is_null()) {
      any_works = any_works || backend.weight > 0;
    } else {
      one["failure"] = failure;
      if (backend.weight > 0 && !fault) fault = failure;
    }
    list.push_back(std::move(one));
  }
  out["backends"] = std::move(list);
  out["served"] = any_works;
  if (any_works) {
    out["answer"] = Json{{"reason", to_string(Reason::Upstream)}, {"meaning", describe(Reason::Upstream)}};
    if (fault) out["answer"]["partly"] = *fault;
  } else {
    out["answer"] = fault.value_or(failure_answer(500, Reason::RefInvalid, {}));
  }
}

}  // namespace

Json failure_answer(std::uint16_t status, Reason reason, std::string_view detail) {
  Json made{{"status", status}, {"reason", to_string(reason)}, {"meaning", describe(reason)}};
  if (!detail.empty()) made["detail"] = detail;
  return made;
}

void for_each_failure(Json& out, const std::function<void(Json&)>& change) {
  if (out["served"] == false) change(out["answer"]);
  if (out["answer"].contains("partly")) change(out["answer"]["partly"]);
  if (!out.contains("backends")) return;
  for (Json& backend : out["backends"])
    if (backend.contains("failure")) change(backend["failure"]);
}

std::string match_text(const route::Match& match) {
  std::string text = path_text(match.path);
  if (match.grpc) {
    if (match.path.kind == route::PathKind::Prefix && match.path.regex) text = "path " + match.path.regex->pattern();
    text += ", gRPC";
  }
  if (!match.method.empty()) text += ", method " + match.method;
  for (const route::FieldMatch& field : match.headers) text += ", header " + field_text(field);
  for (const route::FieldMatch& field : match.queries) text += ", query " + field_text(field);
  return text;
}

Json describe_candidates(const route::Walk& walk, const route::RequestView& view) {
  Json list = Json::array();
  for (const route::Candidate& candidate : walk.candidates) {
    Json one{{"rule", compile::rule_label(candidate.entry->rule->source)},
             {"host", candidate.host_pattern},
             {"match", match_text(*candidate.entry->match)}};
    if (candidate.winner) {
      one["result"] = "won";
    } else if (candidate.result.matched()) {
      one["result"] = "lost";
      one["because"] = "matches too, but comes later";
    } else {
      one["result"] = "lost";
      one["failed"] = condition_name(candidate.result.failed);
      one["because"] = failure_text(*candidate.entry->match, candidate.result, view);
    }
    list.push_back(std::move(one));
  }
  return list;
}

void describe_action(Json& out, const runtime::Compiled& compiled, const route::Walk& walk,
                     const http::RequestHead& head) {
  const route::Rule& rule = *walk.decision.entry->rule;
  Json dumped = compile::dump_rule(rule);
  out["rule"] = dumped["rule"];
  Json filters = Json::object();
  for (const char* key : {"requestHeaders", "responseHeaders", "urlRewrite", "cors", "mirrors", "externalAuth",
                          "timeouts", "retry", "session"})
    if (dumped.contains(key)) filters[key] = dumped[key];
  if (rule.filters.rewrite) filters["forwardedPath"] = route::modify_path(rule.filters.rewrite->path, head.path);
  if (!filters.empty()) out["filters"] = std::move(filters);

  if (rule.filters.cors && route::is_preflight(head.method_text, head.headers)) {
    out["served"] = true;
    out["answer"] = Json{{"status", 204},
                         {"reason", to_string(Reason::Direct)},
                         {"meaning", describe(Reason::Direct)},
                         {"detail", "CORS preflight"}};
  } else if (const auto* forward = std::get_if<route::Forward>(&rule.action)) {
    describe_forward(out, compiled, *forward);
  } else if (const auto* redirect = std::get_if<route::Redirect>(&rule.action)) {
    const route::Listener* listener = walk.decision.listener;
    out["served"] = true;
    out["answer"] = Json{
        {"status", redirect->status},
        {"reason", to_string(Reason::Redirect)},
        {"location", route::make_location(*redirect, {.scheme = route::ends_tls(listener->protocol) ? "https" : "http",
                                                      .host = head.host(),
                                                      .path = head.path,
                                                      .query = head.query,
                                                      .listener_port = listener->public_port})}};
  } else if (const auto* failure = std::get_if<route::Failure>(&rule.action)) {
    out["served"] = false;
    out["answer"] = failure_answer(failure->status, failure->reason, failure->detail);
  }
  if (rule.filters.auth && out["served"] == true && out["answer"]["reason"] != to_string(Reason::Direct))
    describe_check(out, compiled, *rule.filters.auth);
}

}  // namespace pintle::app
