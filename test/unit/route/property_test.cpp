// find_route against the oracle, on generated tables and requests from small alphabets, so that ties, overlaps and near
// misses are the rule. The seed is fixed; PINTLE_SEED and PINTLE_CASES widen a run.
#include <cstdlib>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include <pintle/route/lookup.hpp>

#include "test/unit/route/generated.hpp"
#include "test/unit/route/oracle.hpp"
#include "test/unit/route/requests.hpp"

namespace pintle::route::testing {
namespace {

constexpr int requests_per_table = 250;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
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
    std::mt19937_64 random(seed + done);
    Generator generator(
        [&](std::uint32_t bound) { return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random); });
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
