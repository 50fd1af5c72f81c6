// No heap on the way of a request that finds a pooled connection.
#include <gtest/gtest.h>

#include "test/unit/dataplane/upstream/bench.hpp"
#include "test/unit/support/counted_allocations.hpp"

namespace pintle::upstream {
namespace {

using testing::allocations;
using testing::counts_allocations;

TEST(Allocation, NoneFromAcquireToRelease) {
  if (!counts_allocations) GTEST_SKIP() << "the thread sanitizer keeps its operator new";
  for (const Balance balance : {Balance::RoundRobin, Balance::LeastInFlight}) {
    Peer one;
    Peer two;
    Bench bench({.balance = balance});
    bench.publish({make_backend("shop/v1:80", {one.address(), two.address()})});
    User users[8];
    Link* links[8];
    for (int i = 0; i < 8; ++i) links[i] = bench.open(users[i]);
    for (Link* link : links) bench.release(link);
    const std::size_t before = allocations;
    EXPECT_GT(before, 0u) << "the counter does not count";
    int reused = 0;
    for (int i = 0; i < 100; ++i) {
      const Acquired acquired = bench.acquire(users[0]);
      reused += acquired.connected ? 1 : 0;
      bench.upstreams->release(*acquired.link, i % 2 == 0 ? Unread::Nothing : Unread::Unknown);
    }
    EXPECT_EQ(allocations - before, 0u);
    EXPECT_EQ(reused, 100);
  }
}

}  // namespace
}  // namespace pintle::upstream
