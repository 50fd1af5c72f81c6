// Everything at once, in random order: requests, ends of every kind, peers that die and come back, generations. What
// must hold all the time is checked: a user is told once, never of a link it has given back, and all balances close.
#include <algorithm>
#include <sys/socket.h>
#include <vector>

#include <gtest/gtest.h>

#include "test/unit/dataplane/upstream/bench.hpp"

namespace pintle::upstream {
namespace {

/// A request: at most one link at a time.
struct Request final : LinkUser {
  enum class State : std::uint8_t { None, Connecting, Open };
  explicit Request(Bench& the_bench) : bench(the_bench) {}

  void start(BackendId id, const BackendPtr& which, Reuse reuse) {
    backend_id = id;
    backend = which;
    inside = true;
    const Acquired acquired = bench.upstreams->acquire(id, which, *this, reuse);
    inside = false;
    link = acquired.link;
    state = link == nullptr ? State::None : acquired.connected ? State::Open : State::Connecting;
    if (link != nullptr) EXPECT_TRUE(acquired.connected == link->is_reused());
  }
  void on_link_open(Link& opened) override {
    EXPECT_FALSE(inside);
    EXPECT_EQ(state, State::Connecting);
    EXPECT_EQ(&opened, link);
    state = State::Open;
    if (bench.context.random.below(8) == 0) finish();
  }
  void on_link_failed(Reason reason, std::string_view detail) override {
    EXPECT_FALSE(inside);
    EXPECT_EQ(state, State::Connecting);
    EXPECT_EQ(reason, Reason::ConnectFailed);
    EXPECT_FALSE(detail.empty());
    state = State::None;
    link = nullptr;
    ++failures;
    if (bench.context.random.below(2) == 0) start(backend_id, backend, Reuse::Pooled);
  }
  void on_link_events(std::uint32_t) override {
    EXPECT_EQ(state, State::Open);
    if (bench.context.random.below(2) == 0) finish();
  }
  void finish() {
    if (state == State::None) return;
    Link* const ended = std::exchange(link, nullptr);
    const State was = std::exchange(state, State::None);
    inside = true;
    if (was == State::Open && bench.context.random.below(3) > 0)
      bench.upstreams->release(*ended, bench.context.random.below(2) == 0 ? Unread::Nothing : Unread::Unknown);
    else
      bench.upstreams->abandon(*ended);
    inside = false;
  }

  Bench& bench;
  BackendId backend_id;
  BackendPtr backend;
  Link* link = nullptr;
  State state = State::None;
  bool inside = false;
  int failures = 0;
};

void run_storm(Balance balance, std::uint64_t seed) {
  std::vector<std::unique_ptr<Peer>> peers;
  peers.reserve(4);
  for (int i = 0; i < 4; ++i) peers.push_back(std::make_unique<Peer>());
  Peer dead(Peer::Kind::Refuses);
  std::vector<net::UniqueFd> served;
  Bench bench({.max_idle_per_endpoint = 3, .balance = balance, .eject_first = Millis(1), .eject_most = Millis(4)});
  bench.context.random = net::Random(seed);
  net::Random& random = bench.context.random;
  std::vector<std::unique_ptr<Request>> requests;
  requests.reserve(30);
  for (int i = 0; i < 30; ++i) requests.push_back(std::make_unique<Request>(bench));

  // Requests may pin any generation there was.
  std::vector<std::vector<BackendPtr>> generations;
  const auto publish = [&] {
    std::vector<BackendPtr> backends;
    for (int id = 0; id < 3; ++id) {
      std::vector<runtime::SocketAddress> endpoints;
      for (const auto& peer : peers)
        if (random.below(2) == 0) endpoints.push_back(peer->address());
      if (random.below(3) == 0) endpoints.push_back(dead.address());
      const std::string name = "shop/v" + std::to_string(random.below(4)) + ":80";
      backends.push_back(random.below(6) == 0 ? nullptr : make_backend(name, std::move(endpoints)));
    }
    generations.push_back(backends);
    bench.publish(std::move(backends));
  };
  publish();
  int failures = 0;
  int reused = 0;
  for (int step = 0; step < 3'000; ++step) {
    Request& request = *requests[random.below(30)];
    const auto& pinned =
        generations[generations.size() - 1 - std::min<std::size_t>(random.below(3), generations.size() - 1)];
    const std::uint32_t id = random.below(3);
    switch (random.below(10)) {
      case 0:
        publish();
        break;
      case 1:
        for (const auto& peer : peers)
          while (net::UniqueFd fd = peer->accept_waiting()) served.push_back(std::move(fd));
        break;
      case 2:
        if (!served.empty()) served.erase(served.begin() + random.below(static_cast<std::uint32_t>(served.size())));
        break;
      case 3:
        if (!served.empty()) {
          const auto& fd = served[random.below(static_cast<std::uint32_t>(served.size()))];
          static_cast<void>(!::send(fd.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
        }
        break;
      case 4:
        if (random.below(10) == 0) bench.upstreams->drop_idle();
        break;
      default:
        if (request.state == Request::State::None)
          request.start(BackendId{id}, pinned[id], random.below(5) == 0 ? Reuse::Fresh : Reuse::Pooled);
        else
          request.finish();
        if (request.link != nullptr && request.link->is_reused()) ++reused;
    }
    if (random.below(3) == 0) static_cast<void>(bench.poller->wait(Millis(0)));
    int open = 0;
    for (const auto& each : requests) open += each->state == Request::State::Open ? 1 : 0;
    ASSERT_EQ(bench.counts.busy, open);
  }
  for (const auto& request : requests) {
    request->finish();
    failures += request->failures;
  }
  bench.upstreams->drop_idle();
  bench.settle();
  EXPECT_EQ(bench.counts.opened, bench.counts.closed) << "nothing is forgotten anywhere";
  EXPECT_GT(failures, 0);
  EXPECT_GT(reused, 0);
  EXPECT_GT(bench.counts.opened, 100);
}

TEST(Storm, RoundRobin) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) run_storm(Balance::RoundRobin, seed);
}
TEST(Storm, LeastInFlight) {
  for (std::uint64_t seed = 11; seed <= 15; ++seed) run_storm(Balance::LeastInFlight, seed);
}

}  // namespace
}  // namespace pintle::upstream
