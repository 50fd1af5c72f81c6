// No heap on the way of a request that finds a pooled connection. Counts every operator new of this binary.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "test/unit/dataplane/upstream/bench.hpp"

#ifndef __has_feature
#define __has_feature(name) 0
#endif

namespace {
std::size_t allocations = 0;
}

#if !__has_feature(thread_sanitizer)  // it brings an operator new that cannot be replaced
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace pintle::upstream {
namespace {

TEST(Allocation, NoneFromAcquireToRelease) {
  if (__has_feature(thread_sanitizer)) GTEST_SKIP() << "the thread sanitizer keeps its operator new";
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
