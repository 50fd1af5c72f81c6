#include "src/app/observed_sessions.hpp"

#include <array>
#include <fcntl.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/app/route_hosts.hpp"
#include "test/unit/app/scene.hpp"

namespace pintle::app {
namespace {

using testing::HasSubstr;

/// A session that only exists.
class Idle final : public net::Session {
 public:
  using net::Session::Session;
  void drain() override { close(); }
  void close() override { end(); }
  [[nodiscard]] bool is_idle() const noexcept override { return true; }
  void on_events(std::uint32_t /*events*/) override {}
};

/// Starts such sessions; writes a record for each, as an exchange would.
class IdleFactory final : public net::SessionFactory {
 public:
  explicit IdleFactory(net::WorkerContext& context) : context_(context) {}
  void start(net::Connection&& /*connection*/, std::shared_ptr<const net::BoundSocket> socket) override {
    last = new Idle(context_, std::move(socket));
    observe::RequestRecord record;
    record.path = "/logged";
    record.was_started = false;
    record.started = record.ended = context_.now() - observe::AccessLog::interval;  // the line is due at the next tick
    context_.observe->on_request(record);
  }
  Idle* last = nullptr;

 private:
  net::WorkerContext& context_;
};

class ObservedSessionsTest : public testing::Test {
 protected:
  ObservedSessionsTest() : poller_(net::Poller::make().value()), context_(*poller_, 0, 1) {
    EXPECT_EQ(pipe2(pipe_.data(), O_CLOEXEC | O_NONBLOCK), 0);
    const worker::MakeSessions make = observe_sessions(
        [this](net::WorkerContext& context) -> std::unique_ptr<net::SessionFactory> {
          sink_at_make_ = context.observe;
          auto made = std::make_unique<IdleFactory>(context);
          inner_ = made.get();
          return made;
        },
        metrics_, observe::AccessLogSettings{.target = observe::AccessLogTarget::borrow(pipe_[1]), .query = {}});
    sessions_ = make(context_);
  }
  ~ObservedSessionsTest() override {
    sessions_.reset();
    EXPECT_EQ(context_.observe, nullptr);
    close(pipe_[0]);
    close(pipe_[1]);
  }
  [[nodiscard]] std::string written() const {
    std::array<char, 8192> bytes{};
    const ssize_t got = read(pipe_[0], bytes.data(), bytes.size());
    return {bytes.data(), static_cast<std::size_t>(got > 0 ? got : 0)};
  }
  std::array<int, 2> pipe_{};
  observe::Metrics metrics_{100};
  std::unique_ptr<net::Poller> poller_;
  net::WorkerContext context_;
  observe::WorkerSink* sink_at_make_ = nullptr;
  IdleFactory* inner_ = nullptr;
  std::unique_ptr<net::SessionFactory> sessions_;
};

TEST_F(ObservedSessionsTest, TheSinkIsThereBeforeTheSessions) {
  EXPECT_NE(context_.observe, nullptr);
  EXPECT_EQ(sink_at_make_, context_.observe);
}

TEST_F(ObservedSessionsTest, EachGenerationIsToldToTheCounters) {
  const net::SnapshotRef current(new net::Snapshot(std::make_shared<const runtime::Compiled>(make_scene()), nullptr));
  context_.apply_observers.for_each([&](net::ApplyObserver& observer) { observer.on_apply({}, current); });
  const observe::SocketSlot slot = context_.observe->on_connection_opened(SocketId{0});
  std::vector<std::string> opened;
  metrics_.for_each([&](const observe::Shard& shard) {
    shard.sockets.for_each([&](const observe::SocketSeries& series) {
      if (series.opened.value() != 0) opened.push_back(series.listener);
    });
  });
  EXPECT_THAT(opened, testing::ElementsAre("default/demo:80")) << "the socket is known by its generation";
  context_.observe->on_connection_closed(slot);
}

TEST_F(ObservedSessionsTest, LinesAreWrittenByTheTickAndAnIdleWorkerSleeps) {
  EXPECT_TRUE(context_.wheel.empty()) << "no tick before the first connection";
  sessions_->start(net::Connection(net::UniqueFd(), {}, {}), std::make_shared<net::BoundSocket>());
  EXPECT_EQ(written(), "") << "gathered first";
  Millis passed{0};
  const auto tick = [&] {
    passed += net::TimerWheel::slot_width;
    context_.wheel.advance(poller_->now() + passed);
  };
  tick();
  tick();
  EXPECT_THAT(written(), HasSubstr("\"url.path\":\"/logged\""));
  EXPECT_FALSE(context_.wheel.empty()) << "there is a session";
  inner_->last->close();
  poller_->end_turn();
  for (int i = 0; i < 5; ++i) tick();
  EXPECT_TRUE(context_.wheel.empty()) << "no session, no tick";
}

TEST(RouteHosts, FollowsBatches) {
  const auto route = [](std::string name, std::vector<std::string> hosts) {
    auto made = std::make_shared<api::HTTPRoute>();
    made->metadata.ns = "default";
    made->metadata.name = std::move(name);
    made->spec.hostnames = std::move(hosts);
    return source::Upsert{api::Ptr<api::HTTPRoute>(made)};
  };
  RouteHosts hosts;
  source::Batch batch;
  batch.changes = {route("a", {"a.test", "*.test"}), route("b", {"b.test", "a.test"})};
  hosts.apply(batch);
  EXPECT_THAT(hosts.names(), testing::ElementsAre("a.test", "b.test"));
  batch.changes = {route("a", {"c.test"}), source::Remove{{api::Kind::HTTPRoute, "default", "b"}}};
  hosts.apply(batch);
  EXPECT_THAT(hosts.names(), testing::ElementsAre("c.test"));
}

}  // namespace
}  // namespace pintle::app
