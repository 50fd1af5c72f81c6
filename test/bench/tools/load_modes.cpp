#include "test/bench/tools/load_modes.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <memory>
#include <time.h>
#include <unistd.h>

#include "test/bench/tools/flags.hpp"
#include "test/bench/tools/sockets.hpp"

namespace pintle::bench {
namespace {

constexpr double nanoseconds = 1e9;
constexpr std::uint64_t most_errors = 10'000;  // a target that is gone must not be hammered for the whole run
constexpr std::size_t most_connecting = 64;    // below every backlog

std::int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

class Fleet {
 public:
  explicit Fleet(const Load& load) : epoll_(epoll_create1(0)) {
    for (std::size_t i = 0; i < load.connections; ++i) clients_.push_back(std::make_unique<Client>(load.target));
  }

  void connect(Client& client) {
    if (!client.connect(epoll_)) give_up("cannot connect");
  }
  /// Calls `visit(client, outcome)` for every client something became of within the time.
  template <class Visit>
  void turn(std::int64_t limit, Visit&& visit) {
    for (const epoll_event& event : wait_for_events(epoll_, room_, limit)) {
      auto& client = *static_cast<Client*>(event.data.ptr);
      const Client::Outcome outcome = client.advance();
      if (outcome != Client::Outcome::Pending) visit(client, outcome);
    }
  }
  /// Connects all, a few at a time; whoever is connected is visited. Gives up after 60 s or at the first failure.
  template <class Visit>
  void connect_all(Visit&& visit) {
    const std::int64_t deadline = now() + static_cast<std::int64_t>(60 * nanoseconds);
    std::size_t begun = 0;
    std::size_t connected = 0;
    while (connected < clients_.size()) {
      while (begun < clients_.size() && begun - connected < most_connecting) connect(*clients_[begun++]);
      if (now() > deadline) give_up("connections do not open");
      turn(static_cast<std::int64_t>(nanoseconds), [&](Client& client, Client::Outcome outcome) {
        if (outcome == Client::Outcome::Failed) give_up("a connection failed while all were opened");
        if (outcome == Client::Outcome::Connected) ++connected;
        visit(client, outcome);
      });
    }
  }
  [[nodiscard]] auto& clients() { return clients_; }

 private:
  int epoll_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::array<epoll_event, 256> room_{};
};

void count(Tally& tally, const Client& client) {
  if (client.answered_well())
    ++tally.answered;
  else
    ++tally.errors;
}

}  // namespace

Tally run_closed(const Load& load) {
  Fleet fleet(load);
  Tally tally;
  std::uint64_t asked = 0;
  const std::int64_t began = now();
  const std::int64_t deadline = began + static_cast<std::int64_t>(load.seconds * nanoseconds);
  const auto over = [&] {
    return load.requests != 0 ? tally.answered + tally.errors >= load.requests : now() >= deadline;
  };
  const auto ask = [&](Client& client) {
    if (load.requests != 0 && asked >= load.requests) return;
    ++asked;
    if (client.ask() != Client::Outcome::Failed) return;
    ++tally.errors;
    fleet.connect(client);
  };
  for (auto& client : fleet.clients()) fleet.connect(*client);
  while (!over() && tally.errors < most_errors) {
    fleet.turn(100'000'000, [&](Client& client, Client::Outcome outcome) {
      if (outcome == Client::Outcome::Answered) count(tally, client);
      if (outcome == Client::Outcome::Failed) ++tally.errors;
      const bool again = outcome == Client::Outcome::Failed ||
                         (outcome == Client::Outcome::Answered && load.reuse == Reuse::ConnectionEach);
      if (again)
        fleet.connect(client);
      else
        ask(client);
    });
  }
  tally.seconds = static_cast<double>(now() - began) / nanoseconds;
  return tally;
}

Tally run_at_rate(const Load& load) {
  Fleet fleet(load);
  Tally tally;
  std::vector<Client*> free;
  fleet.connect_all([&](Client& client, Client::Outcome) { free.push_back(&client); });
  std::deque<std::int64_t> waiting;
  const std::int64_t interval = 1'000'000'000LL / static_cast<std::int64_t>(load.rate);
  const std::int64_t began = now();
  const std::int64_t deadline = began + static_cast<std::int64_t>(load.seconds * nanoseconds);
  std::int64_t due = began;
  std::uint64_t open_requests = 0;
  tally.latencies_us.reserve(static_cast<std::size_t>(load.seconds * static_cast<double>(load.rate)) + 1);

  const auto send_waiting = [&] {
    while (!waiting.empty() && !free.empty()) {
      Client& client = *free.back();
      free.pop_back();
      client.intended = waiting.front();
      waiting.pop_front();
      ++open_requests;
      if (client.ask() != Client::Outcome::Failed) continue;
      ++tally.errors;
      --open_requests;
      client.intended = 0;
      fleet.connect(client);
    }
  };
  // What was due is awaited to the end: a request never answered would otherwise flatter the tail.
  while ((due < deadline || open_requests > 0 || !waiting.empty()) && tally.errors < most_errors &&
         now() < deadline + static_cast<std::int64_t>(10 * nanoseconds)) {
    for (const std::int64_t time = now(); due < deadline && due <= time; due += interval) waiting.push_back(due);
    send_waiting();
    const std::int64_t until_due = due < deadline ? std::max<std::int64_t>(due - now(), 0) : 100'000'000;
    fleet.turn(until_due, [&](Client& client, Client::Outcome outcome) {
      if (outcome == Client::Outcome::Answered) {
        tally.latencies_us.push_back(static_cast<std::uint32_t>((now() - client.intended) / 1000));
        count(tally, client);
      }
      if (client.intended != 0 && outcome != Client::Outcome::Connected) --open_requests;
      client.intended = 0;
      if (outcome == Client::Outcome::Failed) {
        // An idle connection may be closed at any time (RFC 9112 section 9.3.1): no request has failed then.
        if (client.state() != Client::State::Idle) ++tally.errors;
        std::erase(free, &client);
        fleet.connect(client);
      } else {
        free.push_back(&client);
      }
      send_waiting();
    });
  }
  tally.errors += open_requests + waiting.size();
  tally.seconds = static_cast<double>(now() - began) / nanoseconds;
  return tally;
}

Tally hold_idle(const Load& load) {
  Fleet fleet(load);
  Tally tally;
  auto next = fleet.clients().begin();
  // The next one begins when one is answered: were all asked at once, buffers of busy connections would be measured.
  const auto open_next = [&] {
    if (next != fleet.clients().end()) fleet.connect(**next++);
  };
  for (std::size_t i = 0; i < most_connecting; ++i) open_next();
  const std::int64_t deadline = now() + static_cast<std::int64_t>(60 * nanoseconds);
  while (tally.answered + tally.errors < load.connections && now() < deadline) {
    fleet.turn(100'000'000, [&](Client& client, Client::Outcome outcome) {
      if (outcome == Client::Outcome::Failed) give_up("a connection failed");
      if (outcome == Client::Outcome::Connected && client.ask() == Client::Outcome::Failed) give_up("a request failed");
      if (outcome != Client::Outcome::Answered) return;
      count(tally, client);
      open_next();
    });
  }
  if (tally.answered < load.connections) give_up("not every connection was answered");
  std::puts("ready");
  std::fflush(stdout);
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return tally;
}

}  // namespace pintle::bench
