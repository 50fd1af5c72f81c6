#include "test/unit/route/requests.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pintle::route::testing {
namespace {

/// A regex ranks by no length (the API leaves the order among regexes to the ties); exact paths are unique.
std::int32_t ranked_length(const PathMatch& path) {
  return path.kind == PathKind::Regex ? 0 : -static_cast<std::int32_t>(path.value.size());
}

}  // namespace

Request::Request(std::string method, std::string host, std::string target, const Lines& headers)
    : method_(std::move(method)), host_(std::move(host)) {
  const std::size_t mark = target.find('?');
  path_ = target.substr(0, mark);
  if (mark != std::string::npos) query_ = target.substr(mark + 1);
  for (const auto& [name, value] : headers) {
    http::Field field;
    field.name_offset = static_cast<std::uint32_t>(bytes_.size());
    field.name_length = static_cast<std::uint16_t>(name.size());
    field.id = http::find_header_id(name);
    bytes_ += name + ": ";
    field.value_offset = static_cast<std::uint32_t>(bytes_.size());
    field.value_length = static_cast<std::uint32_t>(value.size());
    bytes_ += value + "\r\n";
    fields_.push_back(field);
  }
}

RequestView Request::view() const { return {host_, method_, path_, query_, {bytes_.data(), fields_}}; }

Regex regex(std::string_view pattern) {
  Result<Regex> compiled = Regex::compile(pattern);
  if (!compiled) ADD_FAILURE() << "pattern " << pattern << ": " << compiled.error().context;
  return compiled.value_or(Regex());
}

FieldMatch header(std::string name, std::string value) {
  const http::HeaderId id = http::find_header_id(name);
  return {std::move(name), id, std::move(value), std::nullopt};
}
FieldMatch header_regex(std::string name, std::string_view pattern) {
  FieldMatch match = header(std::move(name), "");
  match.regex = regex(pattern);
  return match;
}
FieldMatch query(std::string name, std::string value) {
  return {std::move(name), http::HeaderId::Other, std::move(value), std::nullopt};
}
FieldMatch query_regex(std::string name, std::string_view pattern) {
  return {std::move(name), http::HeaderId::Other, "", regex(pattern)};
}

PathMatch exact(std::string path) { return {PathKind::Exact, std::move(path), std::nullopt}; }
PathMatch prefix(std::string path) { return {PathKind::Prefix, std::move(path), std::nullopt}; }
PathMatch path_regex(std::string_view pattern) { return {PathKind::Regex, std::string(pattern), regex(pattern)}; }

Match ranked(Match match, const Place& place) {
  match.rank.path_kind = match.path.kind;
  match.rank.minus_path_length = ranked_length(match.path);
  match.rank.without_method = match.method.empty() ? 1 : 0;
  match.rank.minus_header_matches = -static_cast<std::int32_t>(match.headers.size());
  match.rank.minus_query_matches = -static_cast<std::int32_t>(match.queries.size());
  match.rank.created_at = place.created_at;
  match.rank.route = place.route;
  match.rank.rule = place.rule;
  match.rank.match = place.match;
  return match;
}

Entry entry(Match match, const Place& place) {
  auto rule = std::make_shared<Rule>();
  rule->source.route = place.route;
  rule->source.index = place.rule;
  return {std::make_shared<const Match>(ranked(std::move(match), place)), std::move(rule)};
}

std::string name_of(const Entry* entry) {
  if (entry == nullptr) return "none";
  return fmt::format("{}/{}/{}", entry->match->rank.route, entry->match->rank.rule, entry->match->rank.match);
}

HostTablePtr host_table(std::vector<Entry> entries) { return std::make_shared<const HostTable>(std::move(entries)); }

Listener listener(std::string name, std::string hostname, std::vector<std::pair<std::string, HostTablePtr>> hosts) {
  Listener made;
  made.gateway = "default/gw";
  made.name = std::move(name);
  made.hostname = std::move(hostname);
  made.port = made.public_port = 80;
  made.table = std::make_shared<const ListenerTable>(std::move(hosts));
  return made;
}

}  // namespace pintle::route::testing
