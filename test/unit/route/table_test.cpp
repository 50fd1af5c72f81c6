#include <fmt/format.h>
#include <gtest/gtest.h>

#include <pintle/route/table.hpp>

#include "test/unit/route/requests.hpp"

namespace pintle::route::testing {
namespace {

Match of_path(PathMatch path) {
  Match match;
  match.path = std::move(path);
  return match;
}

TEST(HostTable, PathOrder) {
  // Given in the wrong order on purpose.
  const HostTable table([] {
    std::vector<Entry> entries;
    entries.push_back(entry(of_path(prefix("/")), {"ns/root"}));
    entries.push_back(entry(of_path(prefix("/match/")), {"ns/prefix-slash"}));
    entries.push_back(entry(of_path(prefix("/match/prefix/one")), {"ns/longest"}));
    entries.push_back(entry(of_path(prefix("/match/prefix")), {"ns/longer"}));
    entries.push_back(entry(of_path(path_regex("/match/r.*")), {"ns/regex"}));
    entries.push_back(entry(of_path(exact("/match/regex")), {"ns/exact"}));
    return entries;
  }());
  const struct {
    const char* path;
    const char* winner;
  } rows[] = {
      {"/match/regex", "ns/exact/0/0"},
      {"/match/rest", "ns/regex/0/0"},
      {"/match/regex/", "ns/regex/0/0"},
      {"/match/prefix/one/x", "ns/longest/0/0"},
      {"/match/prefix/one", "ns/longest/0/0"},
      {"/match/prefix/one/", "ns/longest/0/0"},
      {"/match/prefix/ones", "ns/longer/0/0"},
      {"/match/prefix", "ns/longer/0/0"},
      {"/match/pre", "ns/prefix-slash/0/0"},
      {"/match", "ns/prefix-slash/0/0"},
      {"/matches", "ns/root/0/0"},
      {"/", "ns/root/0/0"},
      {"/MATCH/prefix", "ns/root/0/0"},
  };
  for (const auto& row : rows) {
    const Request request("GET", "h", row.path);
    EXPECT_EQ(name_of(table.find(request.view())), row.winner) << row.path;
  }
  std::vector<std::string> order;
  for (const Entry& e : table.entries()) order.push_back(e.match->rank.route);
  EXPECT_EQ(order, (std::vector<std::string>{"ns/exact", "ns/regex", "ns/longest", "ns/longer", "ns/prefix-slash",
                                             "ns/root"}));
}

TEST(HostTable, WithoutAMatchThereIsNone) {
  const HostTable empty({});
  EXPECT_EQ(empty.find(Request("GET", "h", "/").view()), nullptr);
  std::vector<Entry> entries;
  entries.push_back(entry(of_path(prefix("/foo"))));
  const HostTable table(std::move(entries));
  EXPECT_EQ(table.find(Request("GET", "h", "/bar").view()), nullptr);
  EXPECT_EQ(table.find(Request("GET", "h", "").view()), nullptr);
}

TEST(HostTable, ARestThatFailsGivesWayToTheNextPath) {
  std::vector<Entry> entries;
  Match deep = of_path(prefix("/a/b"));
  deep.headers = {header("v", "2")};
  entries.push_back(entry(deep, {"ns/deep"}));
  Match get = of_path(exact("/a/b"));
  get.method = "GET";
  entries.push_back(entry(get, {"ns/get"}));
  entries.push_back(entry(of_path(prefix("/a")), {"ns/shallow"}));
  const HostTable table(std::move(entries));
  EXPECT_EQ(name_of(table.find(Request("GET", "h", "/a/b").view())), "ns/get/0/0");
  EXPECT_EQ(name_of(table.find(Request("PUT", "h", "/a/b", {{"V", "2"}}).view())), "ns/deep/0/0");
  EXPECT_EQ(name_of(table.find(Request("PUT", "h", "/a/b").view())), "ns/shallow/0/0");
}

TEST(HostTable, ManyPathsUseTheHash) {
  std::vector<Entry> entries;
  for (int i = 0; i < 500; ++i) {
    entries.push_back(entry(of_path(exact(fmt::format("/e/{}", i))), {fmt::format("ns/e{}", i)}));
    entries.push_back(entry(of_path(prefix(fmt::format("/p/{}", i))), {fmt::format("ns/p{}", i)}));
  }
  const HostTable table(std::move(entries));
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(name_of(table.find(Request("GET", "h", fmt::format("/e/{}", i)).view())), fmt::format("ns/e{}/0/0", i));
    EXPECT_EQ(name_of(table.find(Request("GET", "h", fmt::format("/p/{}/x", i)).view())), fmt::format("ns/p{}/0/0", i));
  }
  EXPECT_EQ(table.find(Request("GET", "h", "/e/500").view()), nullptr);
}

TEST(ListenerTable, HostPrecedenceAndFallThrough) {
  const auto only = [](const char* route, const char* path) {
    std::vector<Entry> entries;
    entries.push_back(entry(of_path(prefix(path)), {route}));
    return host_table(std::move(entries));
  };
  std::vector<std::pair<std::string, HostTablePtr>> hosts;
  hosts.emplace_back("*", only("ns/any", "/any"));
  hosts.emplace_back("*.example.com", only("ns/wild", "/wild"));
  hosts.emplace_back("*.shop.example.com", only("ns/wilder", "/wilder"));
  hosts.emplace_back("a.shop.example.com", only("ns/exact", "/exact"));
  const ListenerTable table(std::move(hosts));

  const struct {
    const char* host;
    const char* path;
    LookupOutcome outcome;
    const char* winner;
    const char* pattern;
  } rows[] = {
      {"a.shop.example.com", "/exact", LookupOutcome::Found, "ns/exact/0/0", "a.shop.example.com"},
      // A host whose routes do not match falls through to the next less specific one.
      {"a.shop.example.com", "/wilder", LookupOutcome::Found, "ns/wilder/0/0", "*.shop.example.com"},
      {"a.shop.example.com", "/wild", LookupOutcome::Found, "ns/wild/0/0", "*.example.com"},
      {"a.shop.example.com", "/any", LookupOutcome::Found, "ns/any/0/0", "*"},
      {"a.shop.example.com", "/none", LookupOutcome::NoRoute, "none", "a.shop.example.com"},
      {"b.shop.example.com", "/exact", LookupOutcome::NoRoute, "none", "*.shop.example.com"},
      {"x.y.z.example.com", "/wild", LookupOutcome::Found, "ns/wild/0/0", "*.example.com"},
      {"shop.example.com", "/wild", LookupOutcome::Found, "ns/wild/0/0", "*.example.com"},
      {"shop.example.com", "/wilder", LookupOutcome::NoRoute, "none", "*.example.com"},
      {"example.com", "/wild", LookupOutcome::NoRoute, "none", "*"},  // not the apex
      {"badexample.com", "/wild", LookupOutcome::NoRoute, "none", "*"},
      {".example.com", "/wild", LookupOutcome::NoRoute, "none", "*"},
      {"", "/any", LookupOutcome::Found, "ns/any/0/0", "*"},
  };
  for (const auto& row : rows) {
    const Request request("GET", row.host, row.path);
    const Lookup found = table.find(request.view());
    EXPECT_EQ(found.outcome, row.outcome) << row.host << row.path;
    EXPECT_EQ(name_of(found.entry), row.winner) << row.host << row.path;
    EXPECT_EQ(found.host_pattern, row.pattern) << row.host << row.path;
  }
  std::vector<std::string> order;
  for (const auto& [pattern, hosts_of] : table.hosts()) order.push_back(pattern);
  EXPECT_EQ(order, (std::vector<std::string>{"a.shop.example.com", "*.shop.example.com", "*.example.com", "*"}));
}

TEST(ListenerTable, WithoutACoveringHostThereIsNone) {
  std::vector<std::pair<std::string, HostTablePtr>> hosts;
  hosts.emplace_back("*.example.com", host_table({}));
  const ListenerTable table(std::move(hosts));
  EXPECT_EQ(table.find(Request("GET", "other.org", "/").view()).outcome, LookupOutcome::NoHost);
  EXPECT_EQ(table.find(Request("GET", "", "/").view()).outcome, LookupOutcome::NoHost);
  EXPECT_EQ(ListenerTable({}).find(Request("GET", "h", "/").view()).outcome, LookupOutcome::NoHost);
}

TEST(PortTable, TheMostSpecificListenerOwnsAHost) {
  std::vector<Listener> listeners;
  listeners.push_back(listener("any", "*", {}));
  listeners.push_back(listener("wild", "*.example.com", {}));
  listeners.push_back(listener("wilder", "*.foo.example.com", {}));
  listeners.push_back(listener("exact", "abc.foo.example.com", {}));
  const PortTable port(std::move(listeners));
  const struct {
    const char* host;
    const char* owner;
  } rows[] = {
      {"bar.com", "any"},
      {"example.com", "any"},
      {"bar.example.com", "wild"},
      {"foo.example.com", "wild"},
      {"bar.foo.example.com", "wilder"},
      {"x.y.foo.example.com", "wilder"},
      {"abc.foo.example.com", "exact"},
      {"abcd.foo.example.com", "wilder"},
      {"", "any"},
  };
  for (const auto& row : rows) {
    ASSERT_NE(port.find_listener(row.host), nullptr) << row.host;
    EXPECT_EQ(port.find_listener(row.host)->name, row.owner) << row.host;
  }
  std::vector<Listener> one;
  one.push_back(listener("wild", "*.example.com", {}));
  EXPECT_EQ(PortTable(std::move(one)).find_listener("example.com"), nullptr);
}

}  // namespace
}  // namespace pintle::route::testing
