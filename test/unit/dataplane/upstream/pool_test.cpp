// Pooling: which connection is used again, and which never.
#include <gtest/gtest.h>

#include "test/unit/dataplane/upstream/bench.hpp"

namespace pintle::upstream {
namespace {

struct Pool : testing::Test {
  void SetUp() override { bench.publish({make_backend("shop/v1:80", {peer.address()})}); }
  Peer peer;
  Bench bench;
  User user;
};

TEST_F(Pool, OpensConnectionAndTellsTheEndpoint) {
  const Acquired acquired = bench.acquire(user);
  ASSERT_NE(acquired.link, nullptr);
  EXPECT_FALSE(acquired.connected);
  EXPECT_EQ(user.opened, 0) << "called from inside acquire()";
  ASSERT_TRUE(bench.run_until([&] { return user.opened == 1; }));
  EXPECT_EQ(acquired.link->address(), peer.address());
  EXPECT_FALSE(acquired.link->is_reused());
  EXPECT_GT(acquired.link->connect_time().count(), 0);
  EXPECT_EQ(acquired.link->connection().write(std::string_view("ping")).status, net::IoStatus::Ok);
  const net::UniqueFd server = peer.accept();
  send_text(server, "pong");
  ASSERT_TRUE(bench.run_until([&] { return (user.events & net::event_readable) != 0; }));
  EXPECT_EQ(bench.counts.opened, 1);
  EXPECT_EQ(bench.counts.busy, 1);
  bench.abandon(acquired.link);
  EXPECT_EQ(bench.counts.busy, 0);
  EXPECT_EQ(bench.counts.closed, 1);
}

TEST_F(Pool, ReleasedConnectionIsUsedAgain) {
  Link* first = bench.open(user);
  bench.release(first);
  EXPECT_EQ(bench.counts.busy, 0);
  User other;
  const Acquired again = bench.acquire(other);
  EXPECT_EQ(again.link, first);
  EXPECT_TRUE(again.connected);
  EXPECT_TRUE(again.link->is_reused());
  EXPECT_EQ(again.link->connect_time().count(), 0);
  EXPECT_EQ(bench.counts.opened, 1);
  EXPECT_EQ(bench.counts.busy, 1);
  EXPECT_EQ(other.opened, 0) << "nothing to wait for";
}

TEST_F(Pool, EventsGoToThePresentUser) {
  Link* link = bench.open(user);
  const net::UniqueFd server = peer.accept();
  bench.release(link);
  User other;
  ASSERT_EQ(bench.acquire(other).link, link);
  user.events = 0;
  send_text(server, "x");
  ASSERT_TRUE(bench.run_until([&] { return other.events != 0; }));
  EXPECT_EQ(user.events, 0u);
}

TEST_F(Pool, LastReleasedIsTakenFirst) {
  User other;
  Link* first = bench.open(user);
  Link* second = bench.open(other);
  ASSERT_NE(first, second);
  bench.release(first);
  bench.release(second);
  EXPECT_EQ(bench.acquire(user).link, second);
  EXPECT_EQ(bench.acquire(other).link, first);
}

TEST_F(Pool, FreshNeverTakesPooledConnection) {
  Link* pooled = bench.open(user);
  bench.release(pooled);
  User other;
  Link* fresh = bench.open(other, Reuse::Fresh);
  EXPECT_NE(fresh, pooled);
  EXPECT_FALSE(fresh->is_reused());
}

TEST_F(Pool, IdleConnectionWithAByteIsDropped) {
  bench.release(bench.open(user));
  const net::UniqueFd server = peer.accept();
  send_text(server, "H");
  ASSERT_TRUE(bench.run_until([&] { return bench.counts.closed == 1; }));
  EXPECT_TRUE(is_closed_by_us(server));
  EXPECT_FALSE(bench.acquire(user).connected);
}

TEST_F(Pool, IdleConnectionAtEofIsDropped) {
  bench.release(bench.open(user));
  peer.accept().reset();
  ASSERT_TRUE(bench.run_until([&] { return bench.counts.closed == 1; }));
  EXPECT_FALSE(bench.acquire(user).connected);
}

// Two connections get their events in one turn; whoever is told first acquires while the other one's byte still waits.
// It must not be handed out: the byte would be taken for an answer (req 19).
TEST_F(Pool, ByteOfThisTurnIsNeverSeenByTheNextUser) {
  User other;
  Link* busy = bench.open(user);
  const net::UniqueFd busy_server = peer.accept();
  Link* idle = bench.open(other);
  const net::UniqueFd idle_server = peer.accept();
  bench.settle();
  User third;
  Acquired taken;
  user.when_events = [&](std::uint32_t) {
    if (taken.link == nullptr) taken = bench.acquire(third);
  };
  bench.release(idle);
  send_text(busy_server, "a");
  send_text(idle_server, "stale");
  ASSERT_TRUE(bench.run_until([&] { return taken.link != nullptr; }));
  EXPECT_NE(taken.link, idle);
  EXPECT_FALSE(taken.connected);
  bench.abandon(busy);
}

TEST_F(Pool, ReleaseLooksForUnreadBytes) {
  Link* link = bench.open(user);
  const net::UniqueFd server = peer.accept();
  bench.release(link, Unread::Unknown);
  EXPECT_EQ(bench.counts.closed, 0) << "nothing was there";
  ASSERT_EQ(bench.acquire(user).link, link);
  send_text(server, "HTTP/1.1 200 OK");
  ASSERT_TRUE(bench.run_until([&] { return (user.events & net::event_readable) != 0; }));
  bench.release(link, Unread::Unknown);
  EXPECT_EQ(bench.counts.closed, 1);
  EXPECT_FALSE(bench.acquire(user).connected);
}

TEST_F(Pool, ConnectionItsPeerClosedIsNotPooled) {
  Link* link = bench.open(user);
  peer.accept().reset();
  ASSERT_TRUE(bench.run_until([&] { return (user.events & net::event_peer_closed) != 0; }));
  bench.release(link, Unread::Nothing);
  EXPECT_EQ(bench.counts.closed, 1);
}

TEST_F(Pool, ConnectionItsUserClosedIsNotPooled) {
  Link* link = bench.open(user);
  link->connection().abort();
  bench.release(link, Unread::Nothing);
  EXPECT_EQ(bench.counts.closed, 1);
  EXPECT_FALSE(bench.acquire(user).connected);
}

TEST_F(Pool, IdleTimeoutCloses) {
  bench.release(bench.open(user));
  bench.pass(Millis(59'000));
  EXPECT_EQ(bench.counts.closed, 0);
  bench.pass(Millis(60'200));
  EXPECT_EQ(bench.counts.closed, 1);
}

TEST_F(Pool, ConnectionInUseHasNoIdleTimeout) {
  Link* link = bench.open(user);
  bench.release(link);
  ASSERT_EQ(bench.acquire(user).link, link);
  bench.pass(Millis(120'000));
  EXPECT_EQ(bench.counts.closed, 0);
}

TEST_F(Pool, PressureEmptiesThePool) {
  User other;
  Link* kept = bench.open(other);
  bench.release(bench.open(user));
  bench.context.pressure = net::Pressure::ShedIdle;
  bench.context.apply_observers.for_each(
      [&](net::ApplyObserver& observer) { observer.on_pressure(bench.context.pressure); });
  EXPECT_EQ(bench.counts.closed, 1);
  bench.release(kept);
  EXPECT_EQ(bench.counts.closed, 2) << "nothing is pooled while it lasts";
  bench.context.pressure = net::Pressure::None;
  Link* link = bench.open(user);
  bench.release(link);
  EXPECT_EQ(bench.acquire(user).link, link);
}

TEST(PoolLimit, OldestIdleConnectionMakesRoom) {
  Peer peer;
  Bench bench({.max_idle_per_endpoint = 2});
  bench.publish({make_backend("shop/v1:80", {peer.address()})});
  User users[3];
  Link* links[3];
  for (int i = 0; i < 3; ++i) links[i] = bench.open(users[i]);
  for (Link* link : links) bench.release(link);
  EXPECT_EQ(bench.counts.closed, 1);
  EXPECT_EQ(bench.acquire(users[0]).link, links[2]);
  EXPECT_EQ(bench.acquire(users[1]).link, links[1]);
  EXPECT_FALSE(bench.acquire(users[2]).connected);
}

TEST_F(Pool, AbandonWorksInEachState) {
  const Acquired connecting = bench.acquire(user);
  bench.abandon(connecting.link);
  bench.settle();
  EXPECT_EQ(user.opened + user.failed, 0);
  bench.abandon(bench.open(user));
  bench.settle();
  EXPECT_EQ(bench.counts.closed, 1);
  // From inside its own events.
  Link* link = bench.open(user);
  user.when_events = [&](std::uint32_t) { bench.abandon(link); };
  static_cast<void>(peer.accept());  // the abandoned ones wait in front
  static_cast<void>(peer.accept());
  send_text(peer.accept(), "x");
  ASSERT_TRUE(bench.run_until([&] { return bench.counts.closed == 2; }));
  user.when_events = nullptr;
  user.when_open = [&](Link& opened) { bench.abandon(&opened); };
  static_cast<void>(bench.open(user));
  EXPECT_EQ(bench.counts.closed, 3);
}

// The first event of a connection tells both that it is open and that its peer has spoken: its user hears of both.
TEST_F(Pool, PeerThatSpeaksFirstIsHeard) {
  const Acquired acquired = bench.acquire(user);
  const net::UniqueFd server = peer.accept();
  send_text(server, "220 ready");
  ASSERT_TRUE(bench.run_until([&] { return user.events != 0; }));
  EXPECT_EQ(user.opened, 1);
  EXPECT_TRUE(user.events & net::event_readable);
  bench.abandon(acquired.link);
}

TEST(PoolEnd, DestructionClosesLinksInEveryState) {
  Peer peer;
  Peer hanging(Peer::Kind::Hangs);
  User users[4];
  net::UniqueFd server;
  {
    Bench bench;
    bench.publish({make_backend("shop/v1:80", {peer.address()}), make_backend("shop/v2:80", {hanging.address()})});
    static_cast<void>(bench.open(users[0]));
    server = peer.accept();
    Link* idle = bench.open(users[1]);
    Link* closed = bench.open(users[2]);
    bench.release(idle);
    static_cast<void>(
        bench.upstreams->acquire(BackendId{1}, bench.context.current->endpoints->backends[1], users[3], Reuse::Pooled));
    bench.abandon(closed);
  }
  EXPECT_TRUE(is_closed_by_us(server));
  for (const User& user : users) EXPECT_EQ(user.failed, 0) << "users are not told: they are gone by then";
}

}  // namespace
}  // namespace pintle::upstream
