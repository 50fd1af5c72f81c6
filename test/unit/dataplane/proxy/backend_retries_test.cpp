#include "dataplane/proxy/backend_retries.hpp"

#include <gtest/gtest.h>

namespace pintle::proxy {
namespace {

using namespace std::chrono_literals;

constexpr Monotonic start{1000h};

/// So many that are let through at `now`.
int let_through(BackendRetries& retries, Monotonic now, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += retries.begin_retry(now) ? 1 : 0;
  return count;
}

TEST(RecentCount, ForgetsWhatIsOlderThanItsInterval) {
  RecentCount count(10s);
  for (int second = 0; second < 10; ++second) count.add(start + std::chrono::seconds(second));
  EXPECT_EQ(count.total(start + 9s), 10U);
  EXPECT_EQ(count.total(start + 10s), 9U);
  EXPECT_EQ(count.total(start + 15s), 4U);
  count.add(start + 15s);
  EXPECT_EQ(count.total(start + 18s), 2U);
  EXPECT_EQ(count.total(start + 25s), 0U);
  count.add(start + 1000h);
  EXPECT_EQ(count.total(start + 1000h), 1U);
}

TEST(RecentCount, AgreesWithACountByHand) {
  RecentCount count(1s);
  std::vector<std::int64_t> steps;  // of 100 ms
  std::uint32_t state = 7;
  Monotonic now = start;
  for (int i = 0; i < 5000; ++i) {
    state = state * 1664525U + 1013904223U;
    now += std::chrono::milliseconds(state >> 24U);
    const std::int64_t step = now.time_since_epoch() / 100ms;
    if ((state & 0x10000U) != 0) count.add(now), steps.push_back(step);
    const auto recent = std::count_if(steps.begin(), steps.end(), [&](std::int64_t one) { return one > step - 10; });
    ASSERT_EQ(count.total(now), static_cast<std::uint64_t>(recent)) << i;
  }
}

// GEP-3388: of 1000 requests in the past 10 seconds, 200 may be retries at 20 %.
TEST(BackendRetries, AreAShareOfTheRequestsOfTheInterval) {
  BackendRetries retries({.percent = 20, .interval = 10s, .min_count = 1, .min_interval = 1ms});
  for (int i = 0; i < 800; ++i) retries.on_request(start + 1ms * i);
  EXPECT_EQ(let_through(retries, start + 5s, 1000), 200) << "of 1000, themselves among them";
  for (int i = 0; i < 80; ++i) retries.on_request(start + 7s);
  EXPECT_EQ(let_through(retries, start + 7s, 1000), 20);
  EXPECT_EQ(let_through(retries, start + 60s, 1000), 1) << "the past counts no more, the least does";
}

TEST(BackendRetries, HaveALeastWhateverTheShare) {
  BackendRetries retries({.percent = 0, .interval = 10s, .min_count = 5, .min_interval = 1s});
  for (int i = 0; i < 10'000; ++i) retries.on_request(start);
  EXPECT_EQ(let_through(retries, start, 100), 5);
  EXPECT_EQ(let_through(retries, start + 900ms, 100), 0);
  EXPECT_EQ(let_through(retries, start + 1s, 100), 5);
}

TEST(BackendRetries, AllOfThemAtAHundredPercent) {
  BackendRetries retries({.percent = 100, .interval = 1s, .min_count = 1, .min_interval = 1s});
  retries.on_request(start);
  EXPECT_EQ(let_through(retries, start, 100), 100);
}

TEST(BackendRetryTable, KeepsWhatItCountedWhileTheConstraintStays) {
  BackendRetryTable table;
  runtime::Backend backend;
  backend.name = "default/a:80";
  backend.retries = std::make_shared<const runtime::RetryConstraint>(
      runtime::RetryConstraint{.percent = 0, .interval = 10s, .min_count = 2, .min_interval = 10s});
  EXPECT_EQ(let_through(table.of({3}, backend), start, 9), 2);
  runtime::Backend same = backend;
  same.retries = std::make_shared<const runtime::RetryConstraint>(*backend.retries);
  EXPECT_EQ(let_through(table.of({3}, same), start, 9), 0);
  EXPECT_EQ(let_through(table.of({0}, backend), start, 9), 2) << "another id";
  runtime::Backend other = backend;
  other.name = "default/b:80";
  EXPECT_EQ(let_through(table.of({3}, other), start, 9), 2);
  same.retries = std::make_shared<const runtime::RetryConstraint>(
      runtime::RetryConstraint{.percent = 0, .interval = 10s, .min_count = 4, .min_interval = 10s});
  EXPECT_EQ(let_through(table.of({0}, same), start, 9), 4);
}

}  // namespace
}  // namespace pintle::proxy
