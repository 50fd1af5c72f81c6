#include <set>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/worker/worker_pool.hpp"
#include "test/unit/dataplane/worker/line_server.hpp"

namespace pintle::worker {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

/// A loopback address of this process alone: on the common one, a port that a test has just closed may be another
/// program's at once.
runtime::SocketAddress own_loopback() {
  const auto pid = static_cast<unsigned>(::getpid());
  return {.ip = {127, static_cast<std::uint8_t>(1 + ((pid >> 14) & 0x7f)), static_cast<std::uint8_t>((pid >> 7) & 0x7f),
                 static_cast<std::uint8_t>(1 + (pid & 0x7f))}};
}
const runtime::SocketAddress any_port = own_loopback();

/// A port that is free now.
runtime::SocketAddress free_address() {
  return net::local_address(net::open_listening_sockets(any_port, 1).value().front().get());
}

struct Pool : testing::Test {
  explicit Pool(const PoolSettings& settings = {.threads = 2}) {
    pool = std::move(WorkerPool::make(control, settings, make_line_sessions(seen)).value());
  }
  /// Runs the control thread until `done`; false after five seconds.
  bool run_until(const std::function<bool()>& done) {
    const auto limit = std::chrono::steady_clock::now() + 5s;
    while (!done()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      control.restart();
      control.run_one_for(20ms);
    }
    return true;
  }
  static runtime::CompiledPtr make_compiled(std::uint64_t generation,
                                            const std::vector<runtime::SocketAddress>& addresses) {
    auto plan = std::make_shared<runtime::ListenerPlan>();
    for (const auto& address : addresses) {
      runtime::PlannedSocket socket;
      socket.id = SocketId{static_cast<std::uint32_t>(plan->sockets.size())};
      socket.address = address;
      socket.gateway = "default/edge";
      plan->sockets.push_back(std::move(socket));
    }
    auto compiled = std::make_shared<runtime::Compiled>();
    compiled->generation = Generation{generation};
    compiled->plan = std::move(plan);
    compiled->endpoints = std::make_shared<runtime::EndpointSet>();
    compiled->certs = std::make_shared<runtime::Certs>();
    return compiled;
  }
  runtime::ApplyReport publish(std::uint64_t generation, const std::vector<runtime::SocketAddress>& addresses) {
    std::optional<runtime::ApplyReport> report;
    pool->publish(make_compiled(generation, addresses), [&](const auto& told) { report = told; });
    EXPECT_FALSE(report) << "told before any worker could have answered";
    EXPECT_TRUE(run_until([&] { return report.has_value(); }));
    return report.value_or(runtime::ApplyReport{});
  }
  /// Runs `task` on each worker and waits for it.
  void on_workers(const std::function<void(Worker&)>& task) {
    std::atomic<unsigned> done{0};
    pool->post_to_all([&](Worker& worker) {
      task(worker);
      ++done;
    });
    EXPECT_TRUE(run_until([&] { return done == pool->threads(); }));
  }

  boost::asio::io_context control;
  Seen seen;
  std::unique_ptr<WorkerPool> pool;
};
struct OneWorker : Pool {
  OneWorker() : Pool({.threads = 1}) {}
};

TEST_F(Pool, ReportsWhatIsBoundWhenEveryWorkerServes) {
  const runtime::ApplyReport report = publish(7, {any_port});
  EXPECT_EQ(report.generation.value, 7u);
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.workers, 2u);
  ASSERT_EQ(report.sockets.size(), 1u);
  EXPECT_FALSE(report.sockets[0].error);
  EXPECT_NE(report.sockets[0].address.port, 0);
  std::set<char> workers;
  for (int i = 0; i < 100 && workers.size() < 2; ++i) {
    LineClient client(report.sockets[0].address);
    const std::string answer = client.ask("hello");
    ASSERT_FALSE(answer.empty());
    EXPECT_EQ(answer.substr(1), " 7 0 hello");
    workers.insert(answer[0]);
  }
  EXPECT_EQ(workers.size(), 2u) << "both workers accept";
}

TEST_F(Pool, PublishesAreCarriedOutInOrder) {
  std::vector<std::uint64_t> told;
  for (std::uint64_t generation = 1; generation <= 5; ++generation)
    pool->publish(make_compiled(generation, {any_port}), [&](const runtime::ApplyReport& report) {
      EXPECT_TRUE(report.complete());
      told.push_back(report.generation.value);
    });
  ASSERT_TRUE(run_until([&] { return told.size() == 5; }));
  EXPECT_THAT(told, ElementsAre(1, 2, 3, 4, 5));
  on_workers([](Worker& worker) { EXPECT_EQ(worker.context().current->generation.value, 5u); });
}

TEST_F(Pool, PublishFromInsideAReport) {
  bool second = false;
  pool->publish(make_compiled(1, {}), [&](const auto&) {
    pool->publish(make_compiled(2, {}), [&](const runtime::ApplyReport& report) {
      EXPECT_EQ(report.generation.value, 2u);
      second = true;
    });
  });
  EXPECT_TRUE(run_until([&] { return second; }));
}

TEST_F(Pool, BusyPortIsToldAndTriedAgain) {
  auto other = net::open_listening_sockets(any_port, 1).value();
  const runtime::SocketAddress busy = net::local_address(other.front().get());
  const runtime::SocketAddress free = free_address();
  runtime::ApplyReport report = publish(1, {busy, free});
  EXPECT_TRUE(report.complete());
  ASSERT_TRUE(report.sockets[0].error);
  EXPECT_EQ(report.sockets[0].error->code, ErrorCode::AddressInUse);
  EXPECT_EQ(report.sockets[0].socket, SocketId{0});
  EXPECT_FALSE(report.sockets[1].error) << "the others serve";
  EXPECT_EQ(LineClient(free).ask("x").substr(1), " 1 1 x");
  other.clear();
  report = publish(2, {busy, free});
  EXPECT_FALSE(report.sockets[0].error);
  EXPECT_EQ(LineClient(busy).ask("x").substr(1), " 2 0 x");
}

TEST_F(Pool, ConnectionOutlivesAnEdit) {
  const runtime::SocketAddress one = free_address();
  const runtime::SocketAddress two = free_address();
  publish(1, {one});
  LineClient client(one);
  EXPECT_EQ(client.ask("a").substr(1), " 1 0 a");
  publish(2, {two, one});
  EXPECT_EQ(client.ask("b").substr(1), " 2 1 b") << "same connection, new generation, new id";
}

TEST_F(Pool, AddressThatLeftIsClosed) {
  const runtime::SocketAddress kept = free_address();
  const runtime::SocketAddress gone = free_address();
  publish(1, {kept, gone});
  LineClient idle(gone);
  EXPECT_EQ(idle.ask("a").substr(1), " 1 1 a");
  LineClient in_flight(gone);
  EXPECT_FALSE(in_flight.ask("a").empty());
  in_flight.send("half a ");
  LineClient other(kept);
  EXPECT_FALSE(other.ask("a").empty());
  // Its worker has read the half line before it may be asked whether it is idle.
  ASSERT_TRUE(run_until([&] {
    std::atomic<int> busy{0};
    on_workers([&](Worker& worker) {
      worker.context().sessions.for_each([&](net::Session& session) { busy += session.is_idle() ? 0 : 1; });
    });
    return busy == 1;
  }));
  publish(2, {kept});
  EXPECT_FALSE(LineClient(gone).is_connected()) << "closed by the time it is told";
  EXPECT_TRUE(idle.is_ended());
  in_flight.send("line\n");
  EXPECT_EQ(in_flight.receive().substr(1), " 2 1 half a line") << "what is in flight is answered";
  EXPECT_TRUE(in_flight.is_ended());
  EXPECT_EQ(other.ask("b").substr(1), " 2 0 b");
}

TEST_F(Pool, AddressThatLeftCanComeBackAtOnce) {
  const runtime::SocketAddress address = free_address();
  std::vector<runtime::ApplyReport> reports;
  const auto keep = [&](const runtime::ApplyReport& report) { reports.push_back(report); };
  pool->publish(make_compiled(1, {address}), keep);
  pool->publish(make_compiled(2, {}), keep);
  pool->publish(make_compiled(3, {address}), keep);
  ASSERT_TRUE(run_until([&] { return reports.size() == 3; }));
  EXPECT_FALSE(reports[2].sockets[0].error);
  EXPECT_EQ(LineClient(address).ask("x").substr(1), " 3 0 x");
}

TEST_F(Pool, DrainWaitsForWhatIsInFlight) {
  const runtime::SocketAddress address = free_address();
  publish(1, {address});
  LineClient idle(address);
  EXPECT_FALSE(idle.ask("a").empty());
  LineClient in_flight(address);
  in_flight.send("half a ");
  ASSERT_TRUE(run_until([&] { return seen.started == 2; }));
  ASSERT_TRUE(run_until([&] {
    std::atomic<int> busy{0};
    on_workers([&](Worker& worker) {
      worker.context().sessions.for_each([&](net::Session& session) { busy += session.is_idle() ? 0 : 1; });
    });
    return busy == 1;
  }));
  int done = 0;
  pool->drain({.delay = 0ms, .max = 30s}, [&] { ++done; });
  ASSERT_TRUE(run_until([&] { return seen.ended == 1; }));
  on_workers([](Worker&) {});  // the other worker has closed its socket too
  EXPECT_TRUE(idle.is_ended());
  EXPECT_FALSE(LineClient(address).is_connected());
  EXPECT_EQ(done, 0);
  in_flight.send("line\n");
  EXPECT_EQ(in_flight.receive().substr(1), " 1 0 half a line");
  EXPECT_TRUE(in_flight.is_ended());
  ASSERT_TRUE(run_until([&] { return done > 0; }));
  EXPECT_EQ(done, 1);
  const runtime::ApplyReport late = publish(2, {address});
  ASSERT_TRUE(late.sockets[0].error) << "nothing is bound any more";
  EXPECT_EQ(late.sockets[0].error->code, ErrorCode::Closed);
}

TEST_F(Pool, DrainGoesOnAcceptingForItsDelay) {
  const runtime::SocketAddress address = free_address();
  publish(1, {address});
  bool done = false;
  pool->drain({.delay = 60s, .max = 60s}, [&] { done = true; });
  on_workers([](Worker& worker) { EXPECT_TRUE(worker.context().draining); });
  LineClient client(address);
  EXPECT_EQ(client.ask("x").substr(1), " 1 0 x");
  EXPECT_TRUE(client.is_ended()) << "with its next answer";
  EXPECT_FALSE(done);
}

TEST_F(Pool, DrainCutsWhatTakesTooLong) {
  const runtime::SocketAddress address = free_address();
  publish(1, {address});
  LineClient stuck(address);
  EXPECT_FALSE(stuck.ask("a").empty());
  stuck.send("half a line");
  bool done = false;
  pool->drain({.delay = 0ms, .max = 50ms}, [&] { done = true; });
  ASSERT_TRUE(run_until([&] { return done; }));
  EXPECT_TRUE(stuck.is_ended());
}

TEST_F(Pool, EndClosesWhatIsOpen) {
  const runtime::SocketAddress address = free_address();
  publish(1, {address});
  LineClient client(address);
  EXPECT_FALSE(client.ask("a").empty());
  pool.reset();
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(seen.started, seen.ended);
  EXPECT_FALSE(LineClient(address).is_connected());
}

TEST_F(Pool, EndWithPublishesUnderWayCallsNobody) {
  bool called = false;
  for (std::uint64_t i = 1; i <= 3; ++i)
    pool->publish(make_compiled(i, {any_port}), [&](const auto&) { called = true; });
  pool.reset();
  control.restart();
  control.run_for(1ms);
  EXPECT_FALSE(called);
}

struct Watcher final : net::ApplyObserver {
  void on_apply(const net::SnapshotRef& previous, const net::SnapshotRef& current) override {
    applied.push_back((previous ? previous->generation.value : 0) * 100 + current->generation.value);
  }
  void on_pressure(net::Pressure pressure) override { pressures.push_back(pressure); }
  std::vector<std::uint64_t> applied;
  std::vector<net::Pressure> pressures;
};

TEST_F(OneWorker, ObserversSeeEachSwapAndEachLevel) {
  Watcher watcher;
  on_workers([&](Worker& worker) { worker.context().apply_observers.push_back(watcher); });
  publish(1, {});
  publish(2, {});
  on_workers([](Worker& worker) { worker.set_pressure(net::Pressure::ShedIdle); });
  on_workers([](Worker& worker) { worker.set_pressure(net::Pressure::None); });
  on_workers([&](Worker&) { static_cast<net::ListHook<net::ApplyObserver>&>(watcher).unlink(); });
  EXPECT_THAT(watcher.applied, ElementsAre(1, 102));
  EXPECT_THAT(watcher.pressures, ElementsAre(net::Pressure::ShedIdle, net::Pressure::None));
}

TEST_F(OneWorker, PressureShedsIdleThenStopsAccepting) {
  const runtime::SocketAddress address = free_address();
  publish(1, {address});
  LineClient idle(address);
  EXPECT_FALSE(idle.ask("a").empty());
  on_workers([](Worker& worker) { worker.set_pressure(net::Pressure::ShedIdle); });
  EXPECT_TRUE(idle.is_ended());
  on_workers([](Worker& worker) { worker.set_pressure(net::Pressure::CloseKeepAlive); });
  LineClient once(address);
  EXPECT_FALSE(once.ask("a").empty());
  EXPECT_TRUE(once.is_ended());
  on_workers([](Worker& worker) { worker.set_pressure(net::Pressure::StopAccepting); });
  const int before = seen.started;
  LineClient waiting(address);
  EXPECT_TRUE(waiting.is_connected()) << "in the backlog";
  waiting.send("b\n");
  on_workers([](Worker&) {});
  EXPECT_EQ(seen.started, before);
  on_workers([](Worker& worker) { worker.set_pressure(net::Pressure::None); });
  EXPECT_EQ(waiting.receive(), "0 1 0 b");
}

struct Small : Pool {
  Small() : Pool({.threads = 1, .max_connections = 2}) {}
};
TEST_F(Small, OneIdleConnectionMakesRoomForANewOne) {
  const runtime::SocketAddress address = free_address();
  publish(1, {address});
  LineClient first(address);
  EXPECT_FALSE(first.ask("a").empty());
  LineClient second(address);
  EXPECT_FALSE(second.ask("a").empty());
  LineClient third(address);
  EXPECT_EQ(third.ask("a"), "0 1 0 a");
  EXPECT_TRUE(first.is_ended()) << "the one that has been here for longest";
  EXPECT_EQ(second.ask("b"), "0 1 0 b");
}

TEST_F(Small, ACrowdOfSilentConnectionsPushesOutNobodyAtWork) {
  const runtime::SocketAddress address = free_address();
  publish(1, {address});
  LineClient at_work(address);
  std::vector<std::unique_ptr<LineClient>> crowd;
  for (int joined = 1; joined <= 20; ++joined) {
    EXPECT_EQ(at_work.ask("a"), "0 1 0 a");
    crowd.push_back(std::make_unique<LineClient>(address));
    ASSERT_TRUE(run_until([&] { return seen.started == joined + 1; }));
  }
  EXPECT_EQ(at_work.ask("a"), "0 1 0 a");
  EXPECT_TRUE(crowd.front()->is_ended());
}

/// Owns itself: net::Session.
struct IdleFlow final : net::Session {
  explicit IdleFlow(net::WorkerContext& context) : Session(context, std::make_shared<net::BoundSocket>(), Kind::Flow) {}
  void on_events(std::uint32_t) override {}
  void drain() override { end(); }
  void close() override { end(); }
  [[nodiscard]] bool is_idle() const noexcept override { return true; }
};
TEST_F(Small, FlowsOfDatagramsTakeNoPlaceOfConnections) {
  on_workers([](Worker& worker) {
    for (int i = 0; i < 3; ++i) new IdleFlow(worker.context());
  });
  const runtime::SocketAddress address = free_address();
  publish(1, {address});
  LineClient first(address);
  EXPECT_FALSE(first.ask("a").empty());
  LineClient second(address);
  EXPECT_FALSE(second.ask("a").empty());
  EXPECT_EQ(first.ask("b"), "0 1 0 b");
  LineClient third(address);
  EXPECT_FALSE(third.ask("a").empty());
  on_workers([](Worker& worker) {
    EXPECT_EQ(worker.context().session_count, 2U);
    EXPECT_EQ(worker.context().flow_count, 3U) << "a connection makes room for a connection";
    worker.set_pressure(net::Pressure::ShedIdle);
    EXPECT_EQ(worker.context().flow_count, 0U);
  });
}

struct Capped : Pool {
  Capped() : Pool({.threads = 1, .memory_cap = 1}) {}
};
TEST_F(Capped, MemoryIsWatched) {
  ASSERT_TRUE(run_until([&] { return pool->pressure() == net::Pressure::StopAccepting; }));
  on_workers([](Worker& worker) { EXPECT_EQ(worker.context().pressure, net::Pressure::StopAccepting); });
  const runtime::ApplyReport report = publish(1, {any_port});
  LineClient client(report.sockets[0].address);
  client.send("x\n");
  on_workers([](Worker&) {});
  EXPECT_EQ(seen.started, 0) << "sockets opened meanwhile hold back too";
}

}  // namespace
}  // namespace pintle::worker
