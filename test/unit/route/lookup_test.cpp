#include <gtest/gtest.h>

#include <pintle/route/lookup.hpp>

#include "test/unit/route/requests.hpp"

namespace pintle::route::testing {
namespace {

/// A listener whose one route serves "/" for its own hostname.
Listener serving(std::string name, const std::string& hostname, const std::string& route_host) {
  std::vector<Entry> entries;
  Match match;
  match.path = prefix("/");
  entries.push_back(entry(match, {"ns/" + name}));
  Listener made = listener(std::move(name), hostname, {{route_host, host_table(std::move(entries))}});
  made.protocol = Protocol::Https;
  return made;
}

const Listener* named(const PortTable& port, std::string_view name) {
  for (const Listener& candidate : port.listeners())
    if (candidate.name == name) return &candidate;
  return nullptr;
}

TEST(FindRoute, TlsConnectionsStayOnTheListenerOfTheirSni) {
  // The shape of the misdirected-request test of the conformance suite, with one listener that takes any name.
  std::vector<Listener> listeners;
  listeners.push_back(serving("catch-all", "*", "example.org"));
  listeners.push_back(serving("second", "second-example.org", "second-example.org"));
  listeners.push_back(serving("wildcard", "*.wildcard.org", "*.wildcard.org"));
  listeners.push_back(serving("fourth", "fourth-example.wildcard.org", "fourth-example.wildcard.org"));
  const PortTable port(std::move(listeners));
  const struct {
    const char* sni;
    const char* host;
    int status;  // 200: routed
    Reason reason;
    const char* listener;
  } rows[] = {
      {"example.org", "example.org", 200, Reason::Upstream, "catch-all"},
      {"example.org", "second-example.org", 421, Reason::Misdirected, "catch-all"},
      {"example.org", "unknown-example.org", 404, Reason::NoHost, "catch-all"},
      {"second-example.org", "second-example.org", 200, Reason::Upstream, "second"},
      {"second-example.org", "example.org", 421, Reason::Misdirected, "second"},
      {"second-example.org", "unknown-example.org", 421, Reason::Misdirected, "second"},
      {"third-example.wildcard.org", "third-example.wildcard.org", 200, Reason::Upstream, "wildcard"},
      {"third-example.wildcard.org", "fith-example.wildcard.org", 200, Reason::Upstream, "wildcard"},
      {"third-example.wildcard.org", "fourth-example.wildcard.org", 421, Reason::Misdirected, "wildcard"},
      {"third-example.wildcard.org", "second-example.org", 421, Reason::Misdirected, "wildcard"},
      {"third-example.wildcard.org", "unknown-example.org", 421, Reason::Misdirected, "wildcard"},
      {"fourth-example.wildcard.org", "fith-example.wildcard.org", 421, Reason::Misdirected, "fourth"},
      {"unknown-example.org", "example.org", 200, Reason::Upstream, "catch-all"},
      {"unknown-example.org", "unknown-example.org", 404, Reason::NoHost, "catch-all"},
  };
  for (const auto& row : rows) {
    const Request request("GET", row.host, "/");
    const Decision decision = find_route(port, {request.view(), port.find_listener(row.sni)});
    EXPECT_EQ(decision.entry != nullptr, row.status == 200) << row.sni << " -> " << row.host;
    EXPECT_EQ(decision.entry != nullptr ? 200 : decision.status, row.status) << row.sni << " -> " << row.host;
    EXPECT_EQ(decision.reason, row.reason) << row.sni << " -> " << row.host;
    ASSERT_NE(decision.listener, nullptr);
    EXPECT_EQ(decision.listener->name, row.listener) << row.sni << " -> " << row.host;
  }
}

TEST(FindRoute, AHostThatNoListenerHasIsNotFound) {
  std::vector<Listener> listeners;
  listeners.push_back(serving("one", "one.example", "one.example"));
  listeners.push_back(serving("two", "*.two.example", "*.two.example"));
  const PortTable port(std::move(listeners));
  const Request unknown("GET", "unknown.example", "/");
  const Request apex("GET", "two.example", "/");
  for (const Request* request : {&unknown, &apex}) {
    const Decision tls = find_route(port, {request->view(), named(port, "one")});
    EXPECT_EQ(tls.status, 404);
    EXPECT_EQ(tls.reason, Reason::NoListener);
    const Decision plain = find_route(port, {request->view(), nullptr});
    EXPECT_EQ(plain.status, 404);
    EXPECT_EQ(plain.reason, Reason::NoListener);
    EXPECT_EQ(plain.listener, nullptr);
  }
}

TEST(FindRoute, PlainHttpListenersAreIsolated) {
  // GatewayHTTPListenerIsolation: only the routes of the most specific listener count, even when none of them matches.
  const auto route = [](const char* name, const char* path) {
    std::vector<Entry> entries;
    Match match;
    match.path = prefix(path);
    entries.push_back(entry(match, {name}));
    return host_table(std::move(entries));
  };
  std::vector<Listener> listeners;
  listeners.push_back(listener("empty", "*", {{"*", route("ns/empty", "/empty")}}));
  listeners.push_back(listener("wild", "*.example.com", {{"*.example.com", route("ns/wild", "/wild")}}));
  const PortTable port(std::move(listeners));
  const struct {
    const char* host;
    const char* path;
    const char* winner;
    Reason reason;
  } rows[] = {
      {"bar.com", "/empty", "ns/empty/0/0", Reason::Upstream},
      {"bar.com", "/wild", "none", Reason::NoRoute},
      {"bar.example.com", "/wild", "ns/wild/0/0", Reason::Upstream},
      {"bar.example.com", "/empty", "none", Reason::NoRoute},
      {"example.com", "/empty", "ns/empty/0/0", Reason::Upstream},
  };
  for (const auto& row : rows) {
    const Request request("GET", row.host, row.path);
    const Decision decision = find_route(port, {request.view(), nullptr});
    EXPECT_EQ(name_of(decision.entry), row.winner) << row.host << row.path;
    EXPECT_EQ(decision.reason, row.reason) << row.host << row.path;
    if (decision.entry == nullptr) EXPECT_EQ(decision.status, 404);
  }
}

TEST(FindRoute, AListenerWithoutTableHasNoHost) {
  Listener bare;
  bare.name = "bare";
  bare.hostname = "*";
  std::vector<Listener> listeners;
  listeners.push_back(std::move(bare));
  const PortTable port(std::move(listeners));
  const Request request("GET", "h", "/");
  EXPECT_EQ(find_route(port, {request.view(), nullptr}).reason, Reason::NoHost);
  EXPECT_TRUE(explain_route(port, {request.view(), nullptr}).candidates.empty());
}

TEST(ExplainRoute, ShowsLosersAndWinner) {
  std::vector<Entry> specific;
  Match get;
  get.path = prefix("/a");
  get.method = "GET";
  specific.push_back(entry(get, {"ns/get"}));
  std::vector<Entry> wild;
  Match any;
  any.path = prefix("/a");
  wild.push_back(entry(any, {"ns/any"}));
  Match other;
  other.path = exact("/b");
  wild.push_back(entry(other, {"ns/other"}));
  std::vector<Listener> listeners;
  listeners.push_back(listener("l", "*",
                               {{"x.example.com", host_table(std::move(specific))},
                                {"*.example.com", host_table(std::move(wild))},
                                {"*.other.com", host_table({})}}));
  const PortTable port(std::move(listeners));
  const Request request("PUT", "x.example.com", "/a/1");
  const Walk walk = explain_route(port, {request.view(), nullptr});
  ASSERT_EQ(walk.candidates.size(), 3U);
  EXPECT_EQ(walk.candidates[0].result.failed, Condition::Method);
  EXPECT_EQ(walk.candidates[0].host_pattern, "x.example.com");
  EXPECT_EQ(walk.candidates[1].result.failed, Condition::Path);
  EXPECT_TRUE(walk.candidates[2].result.matched());
  EXPECT_TRUE(walk.candidates[2].winner);
  EXPECT_FALSE(walk.candidates[0].winner || walk.candidates[1].winner);
  EXPECT_EQ(walk.uncovered_hosts, std::vector<std::string>{"*.other.com"});
  EXPECT_EQ(name_of(walk.decision.entry), "ns/any/0/0");
}

TEST(ExplainRoute, SaysNothingAboutRoutesWhenTheListenerDecides) {
  std::vector<Listener> listeners;
  listeners.push_back(serving("one", "one.example", "one.example"));
  listeners.push_back(serving("two", "two.example", "two.example"));
  const PortTable port(std::move(listeners));
  const Request request("GET", "two.example", "/");
  const Walk walk = explain_route(port, {request.view(), named(port, "one")});
  EXPECT_EQ(walk.decision.status, 421);
  EXPECT_TRUE(walk.candidates.empty());
}

}  // namespace
}  // namespace pintle::route::testing
