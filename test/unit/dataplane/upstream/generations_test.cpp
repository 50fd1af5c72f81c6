// Endpoints and backends that come and go while requests are under way.
#include <algorithm>

#include <gtest/gtest.h>

#include "test/unit/dataplane/upstream/bench.hpp"

namespace pintle::upstream {
namespace {

struct Generations : testing::Test {
  Acquired acquire(std::uint32_t id, const BackendPtr& backend, User& by) {
    return bench.upstreams->acquire(BackendId{id}, backend, by, Reuse::Pooled);
  }
  Link* open(std::uint32_t id, const BackendPtr& backend, User& by) {
    const Acquired acquired = acquire(id, backend, by);
    if (acquired.link != nullptr && !acquired.connected) EXPECT_TRUE(bench.run_until([&] { return by.opened > 0; }));
    return acquired.link;
  }
  Peer one;
  Peer two;
  Bench bench;
  User user;
  User other;
};

TEST_F(Generations, SamePointerLeavesThePoolAlone) {
  const BackendPtr backend = make_backend("shop/v1:80", {one.address()});
  bench.publish({backend});
  Link* link = open(0, backend, user);
  bench.release(link);
  bench.publish({backend});
  EXPECT_EQ(acquire(0, backend, other).link, link);
}

TEST_F(Generations, EndpointThatStaysKeepsItsConnections) {
  bench.publish({make_backend("shop/v1:80", {one.address()})});
  Link* link = bench.open(user);
  bench.release(link);
  bench.publish({make_backend("shop/v1:80", {one.address(), two.address()})});
  bench.publish({make_backend("shop/v1:80", {one.address()})});
  EXPECT_EQ(bench.open(other), link);
}

TEST_F(Generations, EndpointThatLeftKeepsWhatItHasAndGetsNothingNew) {
  const BackendPtr before = make_backend("shop/v1:80", {one.address()});
  bench.publish({before});
  Link* busy = bench.open(user);
  Link* idle = bench.open(other);
  bench.release(idle);
  bench.publish({make_backend("shop/v1:80", {two.address()})});
  EXPECT_EQ(bench.counts.closed, 1) << "the idle one";
  EXPECT_EQ(busy->connection().write(std::string_view("x")).status, net::IoStatus::Ok);
  // Even the request that pinned the older generation: the endpoint may be gone by now.
  User pinned;
  EXPECT_EQ(open(0, before, pinned)->address(), two.address());
  bench.release(busy);
  EXPECT_EQ(bench.counts.closed, 2) << "not pooled any more";
}

TEST_F(Generations, EndpointThatLeftWhileConnectingStillServesItsRequest) {
  bench.publish({make_backend("shop/v1:80", {one.address()})});
  const Acquired acquired = bench.acquire(user);
  bench.publish({make_backend("shop/v1:80", {two.address()})});
  ASSERT_TRUE(bench.run_until([&] { return user.opened == 1; }));
  EXPECT_EQ(acquired.link->address(), one.address());
  bench.release(acquired.link);
  EXPECT_EQ(bench.counts.closed, 1);
}

TEST_F(Generations, EndpointThatComesBackIsTheSameOne) {
  bench.publish({make_backend("shop/v1:80", {one.address()})});
  Link* link = bench.open(user);
  bench.publish({make_backend("shop/v1:80", {two.address()})});
  bench.publish({make_backend("shop/v1:80", {one.address()})});
  bench.release(link);
  EXPECT_EQ(bench.open(other), link);
}

TEST_F(Generations, EjectedEndpointThatLeavesIsCountedOut) {
  Peer dead(Peer::Kind::Refuses);
  bench.publish({make_backend("shop/v1:80", {dead.address()})});
  static_cast<void>(bench.acquire(user));
  ASSERT_TRUE(bench.run_until([&] { return user.failed == 1; }));
  EXPECT_EQ(bench.counts.ejected, 1);
  bench.publish({make_backend("shop/v1:80", {two.address()})});
  bench.settle();
  EXPECT_EQ(bench.counts.ejected, 0);
}

TEST_F(Generations, BackendThatLeftStillServesPinnedRequests) {
  const BackendPtr gone = make_backend("shop/v1:80", {one.address()});
  bench.publish({gone});
  Link* busy = bench.open(user);
  bench.publish({});
  Link* link = open(0, gone, other);
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->address(), one.address());
  bench.release(link);
  EXPECT_EQ(bench.counts.closed, 1) << "nothing is pooled for a backend that left";
  bench.release(busy);
  EXPECT_EQ(bench.counts.closed, 2);
  // The last connection is gone, and what was kept of the backend with it: it can still be asked for.
  bench.settle();
  User third;
  EXPECT_EQ(open(0, gone, third)->address(), one.address());
}

TEST_F(Generations, IdGivenToAnotherBackend) {
  const BackendPtr old_backend = make_backend("shop/v1:80", {one.address()});
  const BackendPtr new_backend = make_backend("shop/v2:80", {two.address()});
  bench.publish({old_backend});
  bench.release(bench.open(user));
  bench.publish({new_backend});
  User third;
  EXPECT_EQ(open(0, old_backend, other)->address(), one.address());
  EXPECT_EQ(open(0, new_backend, third)->address(), two.address());
}

TEST_F(Generations, IdGivenToAnotherBackendBeforeItWasEverUsed) {
  const BackendPtr old_backend = make_backend("shop/v1:80", {one.address()});
  bench.publish({old_backend});
  bench.publish({make_backend("shop/v2:80", {two.address()})});
  EXPECT_EQ(open(0, old_backend, other)->address(), one.address());
}

TEST_F(Generations, BackendThatComesBackWithAnotherIdBringsItsConnections) {
  const BackendPtr backend = make_backend("shop/v1:80", {one.address()});
  bench.publish({backend});
  Link* link = bench.open(user);
  bench.publish({});
  bench.publish({nullptr, backend});
  User third;
  Link* second = open(1, backend, third);
  bench.release(link);
  bench.release(second);
  EXPECT_EQ(acquire(1, backend, other).link, second);
  EXPECT_EQ(acquire(1, backend, user).link, link);
}

// Its idle connections speak the other protocol.
TEST_F(Generations, AnotherProtocolIsAnotherBackend) {
  bench.publish({make_backend("shop/v1:80", {one.address()})});
  bench.release(bench.open(user));
  auto changed = std::make_shared<runtime::Backend>(*make_backend("shop/v1:80", {one.address()}));
  changed->protocol = runtime::BackendProtocol::Http2;
  bench.publish({changed});
  EXPECT_EQ(bench.counts.closed, 1);
  EXPECT_FALSE(acquire(0, changed, other).connected);
}

TEST_F(Generations, ManyEndpointsInAnyOrder) {
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<runtime::SocketAddress> addresses;
  for (int i = 0; i < 8; ++i) {
    peers.push_back(std::make_unique<Peer>());
    addresses.push_back(peers.back()->address());
  }
  bench.publish({make_backend("shop/v1:80", addresses)});
  for (int i = 0; i < 8; ++i) {
    User each;
    bench.release(bench.open(each));
  }
  EXPECT_EQ(bench.counts.opened, 8);
  std::ranges::reverse(addresses);
  addresses.resize(4);
  bench.publish({make_backend("shop/v1:80", addresses)});
  EXPECT_EQ(bench.counts.closed, 4);
  for (int i = 0; i < 4; ++i) {
    User each;
    bench.release(bench.open(each));
  }
  EXPECT_EQ(bench.counts.opened, 8) << "those that stayed had a connection each";
}

TEST_F(Generations, AConnectionOfHttp2GoesWithItsLastStreamOfABackendThatLeft) {
  auto backend = std::make_shared<runtime::Backend>(*make_backend("shop/v1:80", {one.address()}));
  backend->protocol = runtime::BackendProtocol::Http2;
  for (const bool left : {false, true}) {
    bench.publish({left ? make_backend("shop/v2:80", {two.address()}) : backend});
    User asking;
    Link* link = open(0, backend, asking);
    ASSERT_NE(link, nullptr);
    const net::UniqueFd peer = one.accept();
    bench.abandon(link);
    bench.await_clock(Millis(2));
    EXPECT_EQ(bench.counts.opened - bench.counts.closed, left ? 0 : 1);
    bench.upstreams->drop_idle();
    bench.await_clock(Millis(2));
  }
}

}  // namespace
}  // namespace pintle::upstream
