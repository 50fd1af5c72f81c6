// The loop of a worker: events and timers reach their owners, and stop() ends it.
#include "dataplane/net/loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "dataplane/net/poller.hpp"
#include "dataplane/net/timer_wheel.hpp"

namespace pintle::net {
namespace {

struct LoopTest : testing::Test, EventSink {
  void on_events(std::uint32_t events) override {
    if ((events & event_readable) == 0) return;
    ++told;
    loop.stop();
  }
  void on_timer() {
    fired = std::chrono::steady_clock::now();
    if (more-- > 0)
      wheel.arm(timer, fired + TimerWheel::slot_width);
    else
      loop.stop();
  }
  void signal() const {
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(fd.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }
  std::unique_ptr<Poller> poller = std::move(Poller::make().value());
  TimerWheel wheel{poller->now()};
  Loop loop{*poller, wheel};
  UniqueFd fd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  MemberTimer<LoopTest, &LoopTest::on_timer> timer{*this};
  Monotonic fired{};
  int more = 0;
  int told = 0;
};

TEST_F(LoopTest, AnEventIsTold) {
  ASSERT_TRUE(poller->add(fd.get(), *this));
  signal();
  loop.run();
  EXPECT_EQ(told, 1);
}

TEST_F(LoopTest, TimersFireWithoutAnEventAndAfterTheirDeadline) {
  const Monotonic deadline = std::chrono::steady_clock::now() + Millis(10);
  wheel.arm(timer, deadline);
  more = 2;
  loop.run();
  EXPECT_EQ(more, -1);
  EXPECT_GE(fired, deadline + 2 * TimerWheel::slot_width);
}

TEST_F(LoopTest, ATimerArmedByAnEventWakesAWheelThatSleeps) {
  struct Arms final : EventSink {
    explicit Arms(LoopTest& the_test) : test(the_test) {}
    void on_events(std::uint32_t) override { test.wheel.arm(test.timer, test.poller->now() + Millis(1)); }
    LoopTest& test;
  } arms(*this);
  ASSERT_TRUE(poller->add(fd.get(), arms));
  signal();
  loop.run();
  EXPECT_NE(fired, Monotonic{});
}

TEST_F(LoopTest, TimersFireAmongEventsWithoutEnd) {
  struct Again final : EventSink {
    explicit Again(LoopTest& the_test) : test(the_test) {}
    void on_events(std::uint32_t) override { test.poller->rearm(test.fd.get(), *this); }
    LoopTest& test;
  } again(*this);
  ASSERT_TRUE(poller->add(fd.get(), again));
  wheel.arm(timer, poller->now() + Millis(1));
  loop.run();
  EXPECT_NE(fired, Monotonic{});
}

}  // namespace
}  // namespace pintle::net
