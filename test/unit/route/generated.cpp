#include "test/unit/route/generated.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "test/unit/route/requests.hpp"

namespace pintle::route::testing {
namespace {

/// Regexes are compiled once: their cost is not what is tested here.
const Regex& compiled(const oracle::KnownRegex* known) {
  static std::map<std::string, Regex> cache;
  const auto [at, fresh] = cache.try_emplace(known->pattern);
  if (fresh) at->second = regex(known->pattern);
  return at->second;
}

FieldMatch built(const oracle::Field& field) {
  FieldMatch made = header(field.name, field.value);
  if (field.regex != nullptr) made.regex = compiled(field.regex);
  return made;
}

Entry built(const oracle::Candidate& candidate) {
  Match match;
  switch (candidate.match.kind) {
    case oracle::Kind::Exact:
      match.path = exact(candidate.match.path);
      break;
    case oracle::Kind::Prefix:
      match.path = prefix(candidate.match.path);
      break;
    case oracle::Kind::Regex:
      match.path = {PathKind::Regex, candidate.match.regex->pattern, compiled(candidate.match.regex)};
      break;
  }
  match.method = candidate.match.method;
  std::vector<FieldMatch> headers;
  for (const oracle::Field& field : candidate.match.headers) headers.push_back(built(field));
  match.headers = std::move(headers);
  std::vector<FieldMatch> queries;
  for (const oracle::Field& field : candidate.match.queries) {
    queries.push_back(built(field));
    queries.back().id = http::HeaderId::Other;
  }
  match.queries = std::move(queries);
  return entry(std::move(match), {candidate.route, candidate.rule, candidate.number, candidate.created_at});
}

}  // namespace

std::vector<oracle::Listener> Generator::listeners() {
  std::vector<std::string> hostnames = {
      "*", "*.example.com", "*.a.example.com", "a.example.com", "b.a.example.com", "other.org"};
  shuffle(hostnames);
  hostnames.resize(1 + below(4));
  std::vector<oracle::Listener> made;
  for (const std::string& hostname : hostnames) {
    oracle::Listener listener{fmt::format("l{}", made.size()), hostname, {}};
    const std::uint32_t routes = below(6);
    for (std::uint32_t i = 0; i < routes; ++i) add_route(listener, i);
    made.push_back(std::move(listener));
  }
  return made;
}

oracle::Request Generator::request(const std::vector<oracle::Listener>& listeners) {
  oracle::Request made;
  made.method = pick({"GET", "POST", "PUT"});
  made.host = pick({"a.example.com", "b.a.example.com", "x.a.example.com", "x.y.a.example.com", "b.example.com",
                    "example.com", "aexample.com", "other.org", "x.other.org", ""});
  made.path = path(true);
  const std::uint32_t lines = below(4);
  for (std::uint32_t i = 0; i < lines; ++i) made.headers.emplace_back(pick({"X", "x", "y", "User-Agent"}), value());
  const std::uint32_t pairs = below(4);
  for (std::uint32_t i = 0; i < pairs; ++i) {
    if (i > 0) made.query += '&';
    made.query += pick({"q", "r", "%71", "Q"});
    if (below(5) > 0) made.query += "=" + pick({"1", "2", "%31", "a+b", "a%20b", "%", "", "1,b"});
  }
  if (below(3) == 0) made.tls_listener = listeners[below(static_cast<std::uint32_t>(listeners.size()))].name;
  return made;
}

std::string Generator::pick(std::initializer_list<const char*> texts) {
  return texts.begin()[below(static_cast<std::uint32_t>(texts.size()))];
}

std::string Generator::value() { return pick({"1", "2", "a b", "", "1,2", "b", "curl"}); }

std::string Generator::path(bool trailing) {
  std::string made;
  const std::uint32_t segments = below(4);
  for (std::uint32_t i = 0; i < segments; ++i) made += "/" + pick({"a", "b", "ab", "A"});
  if (made.empty() || (trailing && below(4) == 0)) made += '/';
  return made;
}

const oracle::KnownRegex* Generator::regex() {
  const auto& known = oracle::known_regexes();
  return &known[below(static_cast<std::uint32_t>(known.size()))];
}
std::vector<oracle::Field> Generator::fields(std::vector<std::string> names) {
  shuffle(names);
  names.resize(below(3) == 0 ? 1 + below(2) : 0);
  std::vector<oracle::Field> made;
  for (std::string& name : names) made.push_back({std::move(name), value(), below(3) == 0 ? regex() : nullptr});
  return made;
}
oracle::Match Generator::match() {
  oracle::Match made;
  made.kind = static_cast<oracle::Kind>(below(3));
  made.path = path(made.kind == oracle::Kind::Exact);
  if (made.kind == oracle::Kind::Regex) made.regex = regex();
  if (below(3) == 0) made.method = pick({"GET", "POST"});
  made.headers = fields({"x", "y", "user-agent"});
  made.queries = fields({"q", "r"});
  return made;
}
void Generator::add_route(oracle::Listener& listener, std::uint32_t number) {
  std::vector<std::string> hosts = {"*", "*.example.com", "*.a.example.com", "a.example.com", "b.a.example.com"};
  shuffle(hosts);
  hosts.resize(1 + below(2));
  const std::int64_t created_at = below(2);
  const std::uint32_t rules = 1 + below(3);
  for (std::uint32_t rule = 0; rule < rules; ++rule) {
    const std::uint32_t matches = 1 + below(2);
    for (std::uint32_t at = 0; at < matches; ++at)
      listener.candidates.push_back({match(), created_at, fmt::format("ns{}/r", number), rule, at, hosts});
  }
}

void Generator::shuffle(std::vector<std::string>& texts) {
  for (std::size_t left = texts.size(); left > 1; --left)
    std::swap(texts[left - 1], texts[below(static_cast<std::uint32_t>(left))]);
}

PortTable built(const std::vector<oracle::Listener>& listeners) {
  std::vector<Listener> made;
  for (const oracle::Listener& source : listeners) {
    std::map<std::string, std::vector<Entry>> by_host;
    for (const oracle::Candidate& candidate : source.candidates)
      for (const std::string& host : candidate.hosts) by_host[host].push_back(built(candidate));
    std::vector<std::pair<std::string, HostTablePtr>> hosts;
    for (auto& [host, entries] : by_host) hosts.emplace_back(host, host_table(std::move(entries)));
    made.push_back(listener(source.name, source.hostname, std::move(hosts)));
  }
  return PortTable(std::move(made));
}

const Listener* named(const PortTable& port, const std::optional<std::string>& name) {
  if (!name) return nullptr;
  for (const Listener& candidate : port.listeners())
    if (candidate.name == *name) return &candidate;
  return nullptr;
}

std::string shown(const oracle::Request& request) {
  std::string text = fmt::format("{} '{}' {}?{} tls={}", request.method, request.host, request.path, request.query,
                                 request.tls_listener.value_or("-"));
  for (const auto& [name, value] : request.headers) text += fmt::format(" [{}: {}]", name, value);
  return text;
}

}  // namespace pintle::route::testing
