// The request path must not touch the heap.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <pintle/route/lookup.hpp>

#include "test/unit/route/requests.hpp"
#include "test/unit/support/counted_allocations.hpp"

namespace pintle::route::testing {
namespace {

using pintle::testing::allocations;
using pintle::testing::counts_allocations;

PortTable make_port() {
  std::vector<Entry> entries;
  for (int i = 0; i < 100; ++i) {
    Match match;
    match.path = i % 2 == 0 ? prefix(fmt::format("/service/{}/with/a/long/path", i)) : exact(fmt::format("/e/{}", i));
    match.headers = {header("x-version", fmt::format("{}", i % 3)), header("x-tags", "a,b")};
    match.queries = {query("q", "a value of some length that does not fit in place")};
    entries.push_back(entry(match, {fmt::format("ns/r{}", i)}));
  }
  Match by_regex;
  by_regex.path = path_regex("/regex/[a-z]+");
  by_regex.headers = {header_regex("x-tags", "a+,b")};
  entries.push_back(entry(by_regex, {"ns/regex"}));
  std::vector<Listener> listeners;
  listeners.push_back(listener("l", "*", {{"*.example.com", host_table(std::move(entries))}, {"*", host_table({})}}));
  return PortTable(std::move(listeners));
}

TEST(FindRoute, UsesNoHeap) {
  if (!counts_allocations) GTEST_SKIP() << "the thread sanitizer keeps its operator new";
  const PortTable port = make_port();
  const std::string query = "?q=a+value%20of+some+length+that+does+not+fit+in+place";
  const Request requests[] = {
      {"GET",
       "a.b.example.com",
       "/service/98/with/a/long/path/x" + query,
       {{"X-Version", "2"}, {"X-Tags", "a"}, {"X-Tags", "b"}}},
      {"GET", "a.example.com", "/e/97" + query, {{"X-Version", "1"}, {"X-Tags", "a,b"}}},
      {"GET", "a.example.com", "/regex/abc", {{"X-Tags", "aaa"}, {"X-Tags", "b"}}},
      {"GET", "a.example.com", "/nothing/here", {{"X-Version", "1"}}},
      {"GET", "other.org", "/", {}},
  };
  const bool routed[] = {true, true, true, false, false};
  for (std::size_t i = 0; i < std::size(requests); ++i) {
    const RouteRequest request{requests[i].view(), nullptr};
    // RE2 builds states of its automaton when it first sees a text of some shape; that is its own memory.
    EXPECT_EQ(find_route(port, request).entry != nullptr, routed[i]) << i;
    const std::size_t before = allocations;
    const Decision decision = find_route(port, request);
    const std::size_t after = allocations;
    EXPECT_EQ(after - before, 0U) << "request " << i;
    EXPECT_EQ(decision.entry != nullptr, routed[i]) << i;
  }
}

TEST(FindRoute, TheCounterCounts) {
  if (!counts_allocations) GTEST_SKIP() << "the thread sanitizer keeps its operator new";
  const std::size_t before = allocations;
  const std::string text(100, 'x');
  EXPECT_GT(allocations, before) << text.size();
}

}  // namespace
}  // namespace pintle::route::testing
