// Connecting that fails, and what that means for the endpoint and the requests after it.
#include <algorithm>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "test/unit/dataplane/upstream/bench.hpp"

namespace pintle::upstream {
namespace {

constexpr Settings quick{.eject_first = Millis(2), .eject_most = Millis(8)};

TEST(Connect, RefusedIsToldAndLeavesTheEndpointOut) {
  Peer peer(Peer::Kind::Refuses);
  Bench bench({.eject_first = Millis(60'000), .eject_most = Millis(60'000)});
  bench.publish({make_backend("shop/v1:80", {peer.address()})});
  User user;
  ASSERT_NE(bench.acquire(user).link, nullptr);
  ASSERT_TRUE(bench.run_until([&] { return user.failed == 1; }));
  EXPECT_EQ(user.failure, Reason::ConnectFailed);
  EXPECT_EQ(user.failure_detail, "connect to " + runtime::to_string(peer.address()) + ": Connection refused");
  EXPECT_EQ(user.opened, 0);
  EXPECT_EQ(bench.counts.ejected, 1);
  EXPECT_EQ(bench.counts.failed["shop/v1:80"], 1);
  const Acquired next = bench.acquire(user);
  EXPECT_EQ(next.link, nullptr);
  EXPECT_EQ(next.reason, Reason::NoHealthyEndpoint);
  EXPECT_FALSE(next.detail.empty());
}

TEST(Connect, EndpointIsTriedAgainAndASuccessBringsItBack) {
  Peer peer(Peer::Kind::Refuses);
  Bench bench(quick);
  bench.publish({make_backend("shop/v1:80", {peer.address()})});
  User user;
  for (int failures = 1; failures <= 6; ++failures) {
    ASSERT_NE(bench.acquire(user).link, nullptr) << failures;
    ASSERT_TRUE(bench.run_until([&] { return user.failed == failures; }));
    EXPECT_EQ(bench.acquire(user).reason, Reason::NoHealthyEndpoint);
    EXPECT_EQ(bench.counts.ejected, 1);
    bench.await_clock(quick.eject_most);  // never left out for longer than this
  }
  peer.listen();
  Link* link = bench.open(user);
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(bench.counts.ejected, 0);
  User other;
  EXPECT_NE(bench.open(other), nullptr);
}

TEST(Connect, OneRequestTriesTheOthersAreAnsweredAtOnce) {
  Peer peer(Peer::Kind::Refuses);
  Bench bench({.eject_first = Millis(200), .eject_most = Millis(200)});
  bench.publish({make_backend("shop/v1:80", {peer.address()})});
  User user;
  static_cast<void>(bench.acquire(user));
  ASSERT_TRUE(bench.run_until([&] { return user.failed == 1; }));
  bench.await_clock(Millis(200));
  EXPECT_NE(bench.acquire(user).link, nullptr);
  User other;
  EXPECT_EQ(bench.acquire(other).reason, Reason::NoHealthyEndpoint);
}

// The proxy acquires again from inside on_link_failed: it gets the other endpoint, each time.
TEST(Connect, DeadEndpointBesideLiveOneFailsNoRequest) {
  Peer dead(Peer::Kind::Refuses);
  Peer live;
  for (const Balance balance : {Balance::RoundRobin, Balance::LeastInFlight}) {
    Settings settings = quick;
    settings.balance = balance;
    Bench bench(settings);
    bench.publish({make_backend("shop/v1:80", {dead.address(), live.address()})});
    for (int i = 0; i < 200; ++i) {
      User user;
      Acquired last;
      user.when_failed = [&] { last = bench.acquire(user); };
      last = bench.acquire(user);
      ASSERT_NE(last.link, nullptr);
      if (!last.connected) ASSERT_TRUE(bench.run_until([&] { return user.opened == 1 || last.connected; }));
      ASSERT_NE(last.link, nullptr) << i;
      EXPECT_EQ(last.link->address(), live.address());
      EXPECT_LE(user.failed, 1);
      if (i % 2 == 0)
        bench.release(last.link);
      else
        bench.abandon(last.link);
      bench.settle();
    }
    EXPECT_GT(bench.counts.failed["shop/v1:80"], 0) << "the dead one was never tried";
  }
}

TEST(Connect, ManyRefusedAtOnceCountAsOne) {
  Peer peer(Peer::Kind::Refuses);
  Bench bench({.eject_first = Millis(5), .eject_most = Millis(60'000)});
  bench.publish({make_backend("shop/v1:80", {peer.address()})});
  std::vector<User> users(50);
  for (User& user : users) ASSERT_NE(bench.acquire(user).link, nullptr);
  ASSERT_TRUE(
      bench.run_until([&] { return std::ranges::all_of(users, [](const User& each) { return each.failed == 1; }); }));
  EXPECT_EQ(bench.counts.ejected, 1);
  bench.await_clock(Millis(5));
  EXPECT_NE(bench.acquire(users[0]).link, nullptr) << "not doubled fifty times";
}

TEST(Connect, NoAnswerWithinTheDeadline) {
  Peer peer(Peer::Kind::Hangs);
  Bench bench;
  bench.publish({make_backend("shop/v1:80", {peer.address()})});
  User user;
  ASSERT_NE(bench.acquire(user).link, nullptr);
  bench.settle();
  bench.pass(Millis(4800));
  EXPECT_EQ(user.failed, 0);
  bench.pass(Millis(5200));
  ASSERT_EQ(user.failed, 1);
  EXPECT_EQ(user.failure, Reason::ConnectFailed);
  EXPECT_EQ(user.failure_detail, "connect to " + runtime::to_string(peer.address()) + ": no answer within 5000 ms");
  EXPECT_EQ(bench.counts.ejected, 1);
  EXPECT_EQ(bench.counts.opened, 0);
}

TEST(Connect, TryOfALeftOutEndpointIsShort) {
  Peer peer(Peer::Kind::Hangs);
  Bench bench({.eject_first = Millis(1), .eject_most = Millis(300)});
  bench.publish({make_backend("shop/v1:80", {peer.address()})});
  User user;
  ASSERT_NE(bench.acquire(user).link, nullptr);
  bench.pass(Millis(5200));
  ASSERT_EQ(user.failed, 1);
  bench.await_clock(Millis(1));
  ASSERT_NE(bench.acquire(user).link, nullptr);
  bench.pass(Millis(5600));  // the wheel is ahead of the clock already
  EXPECT_EQ(user.failed, 2);
  EXPECT_TRUE(user.failure_detail.ends_with(": no answer within 300 ms")) << user.failure_detail;
}

TEST(Connect, AcquireFromInsideAFailureOfAnotherLink) {
  Peer dead(Peer::Kind::Refuses);
  Peer live;
  Bench bench;
  const BackendPtr other_backend = make_backend("shop/v2:80", {live.address()});
  bench.publish({make_backend("shop/v1:80", {dead.address()}), other_backend});
  User user;
  User other;
  Acquired acquired;
  user.when_failed = [&] { acquired = bench.upstreams->acquire(BackendId{1}, other_backend, other, Reuse::Pooled); };
  static_cast<void>(bench.acquire(user));
  ASSERT_TRUE(bench.run_until([&] { return other.opened == 1; }));
  EXPECT_EQ(acquired.link->address(), live.address());
}

TEST(Connect, UnreachableAtOnceTriesTheNextEndpoint) {
  Peer live;
  // A broadcast address is refused by connect() itself.
  const runtime::SocketAddress broadcast{.ip = {255, 255, 255, 255}, .port = 80};
  Bench bench({.eject_first = Millis(60'000), .eject_most = Millis(60'000)});
  bench.publish({make_backend("shop/v1:80", {live.address(), broadcast})});
  for (int i = 0; i < 4; ++i) {
    User user;
    Link* link = bench.open(user);
    ASSERT_NE(link, nullptr);
    EXPECT_EQ(link->address(), live.address());
    bench.abandon(link);
  }
  EXPECT_EQ(bench.counts.failed["shop/v1:80"], 1);
  bench.publish({make_backend("shop/v3:80", {broadcast})});
  User user;
  const Acquired failed = bench.acquire(user);
  EXPECT_EQ(failed.link, nullptr);
  EXPECT_EQ(failed.reason, Reason::ConnectFailed);
  EXPECT_TRUE(failed.detail.starts_with("connect to 255.255.255.255:80: ")) << failed.detail;
  EXPECT_EQ(bench.acquire(user).reason, Reason::NoHealthyEndpoint);
}

TEST(Connect, NoDescriptorsIsOverloadAndNotTheEndpointsFault) {
  Peer peer;
  Bench bench;
  bench.publish({make_backend("shop/v1:80", {peer.address()})});
  User user;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const Acquired refused = bench.acquire(user);
  const std::string detail(refused.detail);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(refused.link, nullptr);
  EXPECT_EQ(refused.reason, Reason::Overload);
  EXPECT_FALSE(detail.empty());
  EXPECT_EQ(bench.counts.ejected, 0);
  EXPECT_NE(bench.open(user), nullptr);
}

TEST(Connect, NoEndpoints) {
  Bench bench;
  bench.publish({make_backend("shop/v1:80", {}), nullptr});
  User user;
  EXPECT_EQ(bench.acquire(user).reason, Reason::NoEndpoints);
  EXPECT_EQ(bench.upstreams->acquire(BackendId{1}, nullptr, user, Reuse::Pooled).reason, Reason::NoEndpoints);
}

}  // namespace
}  // namespace pintle::upstream
