#include "controller/resolve/matches.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include <pintle/http/headers.hpp>
#include <pintle/http/target.hpp>

#include "controller/api/document.hpp"
#include "controller/resolve/age.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

using OpenPath = api::OpenEnum<api::PathMatchType>;

/// Numbers in the spec.
struct Place {
  std::uint32_t rule = 0;
  std::uint32_t match = 0;
};

/// Reads one HTTPRouteMatch; what is wrong with it goes to the problems of the rule.
class MatchReader {
 public:
  MatchReader(const api::HTTPRouteMatch& spec, Place place, Problems& problems)
      : spec_(spec), place_(place), problems_(problems) {}

  /// nullopt after a problem.
  std::optional<route::Match> read() {
    const std::size_t before = problems_.size();
    route::Match match;
    read_path(match.path);
    match.headers = read_headers();
    match.queries = read_queries();
    read_method(match.method);
    if (problems_.size() != before) return std::nullopt;
    return match;
  }

 private:
  void refuse(const std::string& field, std::string message) {
    problems_.push_back({fmt::format("spec.rules[{}].matches[{}]{}", place_.rule, place_.match, field),
                         std::string(reason::unsupported_value), std::move(message)});
  }

  std::optional<route::Regex> read_regex(const std::string& pattern, const std::string& field) {
    Result<route::Regex> regex = route::Regex::compile(pattern);
    if (regex) return std::move(*regex);
    refuse(field, fmt::format("{}: {}", api::quote(pattern), regex.error().context));
    return std::nullopt;
  }

  /// As the path of a request is before it is matched (req 32), so that "/%7Eme" and "/~me" are one in both.
  std::string normalise(std::string_view value) {
    std::string text(value.empty() ? "/" : value);
    const http::NormalisedPath path = http::normalise_path(text, http::PathRules{});
    if (path.refusal) {
      refuse(".path.value", fmt::format("no request can have the path {}", api::quote(value)));
      return {};
    }
    return std::string(path.path);
  }

  void read_path(route::PathMatch& path) {
    const std::string& value = spec_.path.value;
    switch (spec_.path.type.value) {
      case api::PathMatchType::PathPrefix:
        path.kind = route::PathKind::Prefix;
        path.value = normalise(value);
        if (path.value.size() > 1 && path.value.ends_with('/')) path.value.pop_back();
        break;
      case api::PathMatchType::Exact:
        path.kind = route::PathKind::Exact;
        path.value = normalise(value);
        break;
      case api::PathMatchType::RegularExpression:
        path.kind = route::PathKind::Regex;
        path.value = value;
        path.regex = read_regex(value, ".path.value");
        break;
      case api::PathMatchType::Unknown:
        refuse(".path.type", fmt::format("path match type {} is not supported; use Exact, PathPrefix or "
                                         "RegularExpression",
                                         api::quote(spec_.path.type.text())));
        break;
    }
  }

  template <class T>
  void read_value(const T& spec, const std::string& field, route::FieldMatch& out) {
    switch (spec.type.value) {
      case api::ValueMatchType::Exact:
        out.value = spec.value;
        break;
      case api::ValueMatchType::RegularExpression:
        out.value = spec.value;
        out.regex = read_regex(spec.value, field + ".value");
        break;
      case api::ValueMatchType::Unknown:
        refuse(field + ".type", fmt::format("match type {} is not supported; use Exact or RegularExpression",
                                            api::quote(spec.type.text())));
        break;
    }
  }

  /// Of equal names, whatever their case, only the first counts (HTTPRouteMatch.headers).
  std::vector<route::FieldMatch> read_headers() {
    std::vector<route::FieldMatch> out;
    for (std::size_t at = 0; at < spec_.headers.size(); ++at) {
      const api::HTTPHeaderMatch& spec = spec_.headers[at];
      const auto same = [&](const route::FieldMatch& one) { return http::name_equals(one.name, spec.name); };
      if (std::ranges::any_of(out, same)) continue;
      route::FieldMatch& field = out.emplace_back();
      field.name = spec.name;
      std::ranges::transform(field.name, field.name.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
      field.id = http::find_header_id(field.name);
      read_value(spec, fmt::format(".headers[{}]", at), field);
    }
    return out;
  }

  /// Names count case here; of equal ones only the first counts too (HTTPRouteMatch.queryParams).
  std::vector<route::FieldMatch> read_queries() {
    std::vector<route::FieldMatch> out;
    for (std::size_t at = 0; at < spec_.query_params.size(); ++at) {
      const api::HTTPQueryParamMatch& spec = spec_.query_params[at];
      if (std::ranges::find(out, spec.name, &route::FieldMatch::name) != out.end()) continue;
      route::FieldMatch& field = out.emplace_back();
      field.name = spec.name;
      read_value(spec, fmt::format(".queryParams[{}]", at), field);
    }
    return out;
  }

  void read_method(std::string& out) {
    if (!spec_.method) return;
    if (spec_.method->is_unknown())
      refuse(".method", fmt::format("method {} is not supported", api::quote(spec_.method->text())));
    else
      out = api::to_string(spec_.method->value);
  }

  const api::HTTPRouteMatch& spec_;
  Place place_;
  Problems& problems_;
};

void rank(route::Match& match, const api::ObjectMeta& metadata, const std::string& name, Place place) {
  route::Rank& rank = match.rank;
  rank.path_kind = match.path.kind;
  rank.minus_path_length =
      match.path.kind == route::PathKind::Prefix ? -static_cast<std::int32_t>(match.path.value.size()) : 0;
  rank.without_method = match.method.empty() ? 1 : 0;
  rank.minus_header_matches = -static_cast<std::int32_t>(match.headers.size());
  rank.minus_query_matches = -static_cast<std::int32_t>(match.queries.size());
  rank.created_at = birth_of(metadata).time_since_epoch().count();
  rank.route = name;
  rank.rule = place.rule;
  rank.match = place.match;
}

// ---- gRPC -----------------------------------------------------------------------------------------------------------

constexpr std::string_view any_segment = "[^/]+";

/// The match of a POST of /service/method that says the same. Of an exact method in every service the path is narrowed
/// later.
api::HTTPRouteMatch http_match_of(const api::GRPCRouteMatch& spec) {
  api::HTTPRouteMatch made;
  made.method = api::HTTPMethod::POST;
  made.headers = spec.headers;
  if (!spec.method) return made;
  const auto& [type, service, method] = *spec.method;
  switch (type.value) {
    case api::ValueMatchType::Exact:
      if (service) made.path.value = method ? fmt::format("/{}/{}", *service, *method) : "/" + *service;
      if (service && method) made.path.type = api::PathMatchType::Exact;
      break;
    case api::ValueMatchType::RegularExpression:
      made.path.type = api::PathMatchType::RegularExpression;
      made.path.value = fmt::format("/(?:{})/(?:{})", service.value_or(std::string(any_segment)),
                                    method.value_or(std::string(any_segment)));
      break;
    case api::ValueMatchType::Unknown:
      made.path.type = OpenPath::unknown(std::string(type.text()));
      break;
  }
  return made;
}

/// An exact method of any service: longer than every path, shorter than every service.
void narrow_to_method(route::Match& match, const std::string& method) {
  // A method is letters, digits and '_', as the schema demands; '.' would be another service.
  Result<route::Regex> regex = route::Regex::compile(fmt::format("/{}/{}", any_segment, method));
  if (regex) match.path.regex = std::move(*regex);
  match.rank.minus_grpc_method = -static_cast<std::int32_t>(method.size());
}

/// ".path.value" of the match that stands for it is ".method" in the route.
void name_grpc_field(std::string& field) {
  if (const std::size_t at = field.find(".path"); at != std::string::npos)
    field.replace(at, std::string::npos, ".method");
}

/// Each pattern by itself: "a[" is none, but would be one together with what stands behind it.
void check_patterns(const api::GRPCMethodMatch& method, const Place& place, Problems& problems) {
  const auto check = [&](const std::optional<std::string>& pattern, std::string_view field) {
    if (!pattern) return;
    const Result<route::Regex> regex = route::Regex::compile(*pattern);
    if (regex) return;
    problems.push_back({fmt::format("spec.rules[{}].matches[{}].method.{}", place.rule, place.match, field),
                        std::string(reason::unsupported_value),
                        fmt::format("{}: {}", api::quote(*pattern), regex.error().context)});
  };
  check(method.service, "service");
  check(method.method, "method");
}

[[nodiscard]] std::optional<route::Match> read_match(const api::HTTPRouteMatch& spec, const Place& place,
                                                     Problems& problems) {
  return MatchReader(spec, place, problems).read();
}

[[nodiscard]] std::optional<route::Match> read_match(const api::GRPCRouteMatch& spec, const Place& place,
                                                     Problems& problems) {
  const std::size_t before = problems.size();
  if (spec.method && spec.method->type == api::ValueMatchType::RegularExpression)
    check_patterns(*spec.method, place, problems);
  if (problems.size() != before) return std::nullopt;
  std::optional<route::Match> match = read_match(http_match_of(spec), place, problems);
  for (std::size_t at = before; at < problems.size(); ++at) name_grpc_field(problems[at].field_path);
  if (!match) return match;
  match->grpc = true;
  const auto& method = spec.method;
  if (method && method->type == api::ValueMatchType::Exact && method->method && !method->service)
    narrow_to_method(*match, *method->method);
  return match;
}

/// No match at all stands for every request.
template <class Route, class Spec>
RuleMatches resolve_all(const Route& route, const SharedList<Spec>& written, const std::string& name,
                        std::uint32_t rule) {
  static const SharedList<Spec> every_request{Spec{}};
  const auto& specs = written.empty() ? every_request : written;
  RuleMatches made;
  made.matches.reserve(specs.size());
  for (std::uint32_t at = 0; at < specs.size(); ++at) {
    const Place place{rule, at};
    std::optional<route::Match> match = read_match(specs[at], place, made.problems);
    if (!match) continue;
    rank(*match, route.metadata, name, place);
    made.matches.push_back(std::move(*match));
  }
  made.only_one = specs.size() <= 1;
  return made;
}

}  // namespace

RuleMatches resolve_matches(const api::HTTPRoute& route, const std::string& name, std::uint32_t rule) {
  return resolve_all(route, route.spec.rules[rule].matches, name, rule);
}

RuleMatches resolve_matches(const api::GRPCRoute& route, const std::string& name, std::uint32_t rule) {
  return resolve_all(route, route.spec.rules[rule].matches, name, rule);
}

}  // namespace pintle::resolve
