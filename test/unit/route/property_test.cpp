// find_route against the oracle, on generated tables and requests from small alphabets, so that ties, overlaps and near
// misses are the rule. The seed is fixed; PINTLE_SEED and PINTLE_CASES widen a run.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <pintle/route/lookup.hpp>

#include "test/unit/route/oracle.hpp"
#include "test/unit/route/requests.hpp"

namespace pintle::route::testing {
namespace {

constexpr int requests_per_table = 250;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::vector<oracle::Listener> listeners() {
    std::vector<std::string> hostnames = {
        "*", "*.example.com", "*.a.example.com", "a.example.com", "b.a.example.com", "other.org"};
    std::shuffle(hostnames.begin(), hostnames.end(), random_);
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

  oracle::Request request(const std::vector<oracle::Listener>& listeners) {
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

 private:
  std::uint32_t below(std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random_);
  }
  std::string pick(std::initializer_list<const char*> texts) {
    return texts.begin()[below(static_cast<std::uint32_t>(texts.size()))];
  }
  std::string value() { return pick({"1", "2", "a b", "", "1,2", "b", "curl"}); }

  std::string path(bool trailing) {
    std::string made;
    const std::uint32_t segments = below(4);
    for (std::uint32_t i = 0; i < segments; ++i) made += "/" + pick({"a", "b", "ab", "A"});
    if (made.empty() || (trailing && below(4) == 0)) made += '/';
    return made;
  }

  const oracle::KnownRegex* regex() {
    const auto& known = oracle::known_regexes();
    return &known[below(static_cast<std::uint32_t>(known.size()))];
  }
  std::vector<oracle::Field> fields(std::vector<std::string> names) {
    std::shuffle(names.begin(), names.end(), random_);
    names.resize(below(3) == 0 ? 1 + below(2) : 0);
    std::vector<oracle::Field> made;
    for (std::string& name : names) made.push_back({std::move(name), value(), below(3) == 0 ? regex() : nullptr});
    return made;
  }
  oracle::Match match() {
    oracle::Match made;
    made.kind = static_cast<oracle::Kind>(below(3));
    made.path = path(made.kind == oracle::Kind::Exact);
    if (made.kind == oracle::Kind::Regex) made.regex = regex();
    if (below(3) == 0) made.method = pick({"GET", "POST"});
    made.headers = fields({"x", "y", "user-agent"});
    made.queries = fields({"q", "r"});
    return made;
  }
  void add_route(oracle::Listener& listener, std::uint32_t number) {
    std::vector<std::string> hosts = {"*", "*.example.com", "*.a.example.com", "a.example.com", "b.a.example.com"};
    std::shuffle(hosts.begin(), hosts.end(), random_);
    hosts.resize(1 + below(2));
    const std::int64_t created_at = below(2);
    const std::uint32_t rules = 1 + below(3);
    for (std::uint32_t rule = 0; rule < rules; ++rule) {
      const std::uint32_t matches = 1 + below(2);
      for (std::uint32_t at = 0; at < matches; ++at)
        listener.candidates.push_back({match(), created_at, fmt::format("ns{}/r", number), rule, at, hosts});
    }
  }

  std::mt19937_64 random_;
};

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
  for (const oracle::Field& field : candidate.match.headers) match.headers.push_back(built(field));
  for (const oracle::Field& field : candidate.match.queries) {
    match.queries.push_back(built(field));
    match.queries.back().id = http::HeaderId::Other;
  }
  return entry(std::move(match), {candidate.route, candidate.rule, candidate.number, candidate.created_at});
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

/// The first candidate that matched is the winner, and nothing else is.
void expect_walk_agrees(const Walk& walk, const Decision& decision) {
  EXPECT_EQ(walk.decision.entry, decision.entry);
  EXPECT_EQ(walk.decision.status, decision.status);
  EXPECT_EQ(walk.decision.reason, decision.reason);
  EXPECT_EQ(walk.decision.listener, decision.listener);
  const Entry* first = nullptr;
  int winners = 0;
  for (const route::Candidate& candidate : walk.candidates) {
    if (first == nullptr && candidate.result.matched()) {
      first = candidate.entry;
      EXPECT_TRUE(candidate.winner);
    }
    winners += candidate.winner ? 1 : 0;
  }
  EXPECT_EQ(first, decision.entry);
  EXPECT_EQ(winners, decision.entry != nullptr ? 1 : 0);
}

TEST(FindRouteProperty, AgreesWithTheOracle) {
  const std::uint64_t seed = from_environment("PINTLE_SEED", 20260601);
  const std::uint64_t cases = from_environment("PINTLE_CASES", 110'000);
  std::map<int, int> statuses;
  for (std::uint64_t done = 0; done < cases; done += requests_per_table) {
    Generator generator(seed + done);
    const std::vector<oracle::Listener> listeners = generator.listeners();
    const PortTable port = built(listeners);
    for (int i = 0; i < requests_per_table; ++i) {
      const oracle::Request wanted = generator.request(listeners);
      const oracle::Answer answer = oracle::decide(listeners, wanted);
      ++statuses[answer.status];

      const Request request(wanted.method, wanted.host, wanted.path + (wanted.query.empty() ? "" : "?" + wanted.query),
                            wanted.headers);
      const RouteRequest asked{request.view(), named(port, wanted.tls_listener)};
      const Decision decision = find_route(port, asked);
      ASSERT_EQ(name_of(decision.entry), answer.winner) << shown(wanted) << " seed " << seed + done;
      ASSERT_EQ(decision.entry != nullptr ? 200 : decision.status, answer.status) << shown(wanted);
      ASSERT_EQ(decision.host_pattern, answer.host_pattern) << shown(wanted);
      expect_walk_agrees(explain_route(port, asked), decision);
      if (HasFailure()) FAIL() << "explain disagrees: " << shown(wanted) << " seed " << seed + done;
    }
  }
  // A generator that makes only one kind of answer would prove nothing.
  EXPECT_GT(statuses[200], static_cast<int>(cases / 10));
  EXPECT_GT(statuses[404], static_cast<int>(cases / 10));
  EXPECT_GT(statuses[421], static_cast<int>(cases / 50));
}

}  // namespace
}  // namespace pintle::route::testing
