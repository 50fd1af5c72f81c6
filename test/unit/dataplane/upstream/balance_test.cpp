// Which endpoint gets how many.
#include <map>

#include <gtest/gtest.h>

#include "test/unit/dataplane/upstream/bench.hpp"

namespace pintle::upstream {
namespace {

struct Balanced : testing::Test {
  std::vector<runtime::SocketAddress> addresses() {
    std::vector<runtime::SocketAddress> all;
    all.reserve(peers.size());
    for (const Peer& peer : peers) all.push_back(peer.address());
    return all;
  }
  std::vector<Peer> peers = std::vector<Peer>(4);
};

TEST_F(Balanced, RoundRobinIsEven) {
  Bench bench;
  bench.publish({make_backend("shop/v1:80", addresses())});
  std::map<runtime::SocketAddress, int> got;
  for (int i = 0; i < 40; ++i) {
    User user;
    Link* link = bench.open(user);
    ++got[link->address()];
    bench.release(link);
  }
  ASSERT_EQ(got.size(), 4u);
  for (const auto& [address, count] : got) EXPECT_EQ(count, 10) << runtime::to_string(address);
  EXPECT_EQ(bench.counts.opened, 4) << "one connection each was enough";
}

TEST_F(Balanced, WorkersBeginAtDifferentEndpoints) {
  std::map<runtime::SocketAddress, int> first;
  for (int i = 0; i < 40; ++i) {
    Bench bench;
    bench.context.random = net::Random(static_cast<std::uint64_t>(i));
    bench.publish({make_backend("shop/v1:80", addresses())});
    User user;
    ++first[bench.open(user)->address()];
  }
  EXPECT_EQ(first.size(), 4u);
}

// With one endpoint that never finishes, the others must get nearly everything.
TEST_F(Balanced, LeastInFlightAvoidsTheBusyOne) {
  Bench bench({.balance = Balance::LeastInFlight});
  bench.publish({make_backend("shop/v1:80", {peers[0].address()})});
  std::vector<User> stuck(20);
  for (User& user : stuck) static_cast<void>(bench.open(user));
  bench.publish({make_backend("shop/v1:80", addresses())});
  std::map<runtime::SocketAddress, int> got;
  for (int i = 0; i < 300; ++i) {
    User user;
    Link* link = bench.open(user);
    ++got[link->address()];
    bench.release(link);
  }
  EXPECT_EQ(got[peers[0].address()], 0) << "each pair holds an idle one";
  for (int i = 1; i < 4; ++i) EXPECT_GT(got[peers[static_cast<std::size_t>(i)].address()], 50);
}

TEST_F(Balanced, LeastInFlightSpreadsWhatStaysOpen) {
  Bench bench({.balance = Balance::LeastInFlight});
  bench.publish({make_backend("shop/v1:80", addresses())});
  std::vector<User> users(80);
  std::map<runtime::SocketAddress, int> got;
  for (User& user : users) ++got[bench.open(user)->address()];
  for (const auto& [address, count] : got) EXPECT_NEAR(count, 20, 5) << runtime::to_string(address);
}

}  // namespace
}  // namespace pintle::upstream
