#include "dataplane/net/timer_wheel.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/net/worker_context.hpp"

namespace pintle::net {
namespace {

const Monotonic start = Monotonic(std::chrono::hours(5));
Monotonic at(int ms) { return start + Millis(ms); }

struct Alarm final : Timer {
  void on_timer() override {
    ++fired;
    if (when_fired) when_fired();
  }
  int fired = 0;
  std::function<void()> when_fired;
};

struct Wheel : testing::Test {
  TimerWheel wheel{start};
  Alarm alarm;
};

TEST_F(Wheel, FiresAtItsDeadlineOrOneSlotLaterNeverBefore) {
  for (const int deadline : {1, 99, 100, 101, 250, 5'000}) {
    TimerWheel fresh(start);
    Alarm each;
    fresh.arm(each, at(deadline));
    fresh.advance(at(deadline - 1));
    EXPECT_EQ(each.fired, 0) << deadline;
    EXPECT_TRUE(each.is_armed());
    fresh.advance(at(deadline + 100));
    EXPECT_EQ(each.fired, 1) << deadline;
    EXPECT_FALSE(each.is_armed());
    fresh.advance(at(deadline + 100'000));
    EXPECT_EQ(each.fired, 1) << deadline;
  }
}

TEST_F(Wheel, LaterDeadlineReplacesTheOldOne) {
  wheel.arm(alarm, at(300));
  wheel.advance(at(200));
  wheel.arm(alarm, at(900));
  wheel.advance(at(899));
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(at(1000));
  EXPECT_EQ(alarm.fired, 1);
}

TEST_F(Wheel, EarlierDeadlineReplacesTheOldOne) {
  wheel.arm(alarm, at(30'000));
  wheel.arm(alarm, at(300));
  wheel.advance(at(400));
  EXPECT_EQ(alarm.fired, 1);
  wheel.advance(at(40'000));
  EXPECT_EQ(alarm.fired, 1);
}

TEST_F(Wheel, DeadlineThatIsOverFiresAtTheNextSlot) {
  wheel.advance(at(10'000));
  wheel.arm(alarm, at(5'000));
  EXPECT_EQ(alarm.fired, 0) << "never from inside arm()";
  wheel.advance(at(10'100));
  EXPECT_EQ(alarm.fired, 1);
}

TEST_F(Wheel, BeyondTheHorizon) {
  constexpr int hour = 3'600'000;
  wheel.arm(alarm, at(hour));
  for (int now = 0; now < hour; now += 7'000) wheel.advance(at(now));
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(at(hour + 100));
  EXPECT_EQ(alarm.fired, 1);
}

TEST_F(Wheel, LongSleepFiresAllThatIsDueOnce) {
  std::vector<Alarm> alarms(40);
  for (std::size_t i = 0; i < alarms.size(); ++i) wheel.arm(alarms[i], at(static_cast<int>(i) * 7'000));
  wheel.advance(at(140'001));
  for (std::size_t i = 0; i < alarms.size(); ++i) EXPECT_EQ(alarms[i].fired, i <= 20 ? 1 : 0) << i;
  wheel.advance(at(400'000));
  for (const Alarm& each : alarms) EXPECT_EQ(each.fired, 1);
}

TEST_F(Wheel, DisarmedDoesNotFire) {
  wheel.arm(alarm, at(100));
  alarm.disarm();
  wheel.advance(at(1'000));
  EXPECT_EQ(alarm.fired, 0);
  EXPECT_TRUE(wheel.empty());
  wheel.arm(alarm, at(1'200));
  wheel.advance(at(1'300));
  EXPECT_EQ(alarm.fired, 1);
}

TEST_F(Wheel, RearmsItself) {
  alarm.when_fired = [&] { wheel.arm(alarm, at(alarm.fired * 200 + 100)); };
  wheel.arm(alarm, at(100));
  for (int now = 0; now <= 1'000; now += 50) wheel.advance(at(now));
  EXPECT_EQ(alarm.fired, 5);
}

TEST_F(Wheel, ArmedForThePastInsideItsCallFiresOnceASlotNotForever) {
  alarm.when_fired = [&] { wheel.arm(alarm, at(0)); };
  wheel.arm(alarm, at(100));
  wheel.advance(at(200));
  EXPECT_EQ(alarm.fired, 2);
}

TEST_F(Wheel, TimersMayDestroyAndDisarmEachOther) {
  auto destroyed = std::make_unique<Alarm>();
  auto* watched = destroyed.get();
  Alarm disarmed;
  int fired = 0;
  watched->when_fired = [&] { ++fired; };
  alarm.when_fired = [&] {
    destroyed.reset();
    disarmed.disarm();
  };
  wheel.arm(alarm, at(50));
  wheel.arm(*destroyed, at(60));
  wheel.arm(disarmed, at(70));
  wheel.advance(at(1'000));
  EXPECT_EQ(alarm.fired, 1);
  EXPECT_EQ(fired, 0);
  EXPECT_EQ(disarmed.fired, 0);
}

TEST_F(Wheel, WakesItsDriverOnceForAnEmptyWheel) {
  int woken = 0;
  wheel.on_wake([&] { ++woken; });
  Alarm other;
  wheel.arm(alarm, at(100));
  wheel.arm(other, at(100));
  EXPECT_EQ(woken, 1);
  wheel.advance(at(200));
  EXPECT_TRUE(wheel.empty());
  wheel.arm(alarm, at(300));
  EXPECT_EQ(woken, 1) << "the driver was not asleep";
  wheel.advance(at(400));
  wheel.sleep();
  wheel.arm(alarm, at(500));
  EXPECT_EQ(woken, 2);
}

// Against the rule itself: random deadlines, moves and steps.
TEST_F(Wheel, KeepsItsPromiseWhateverTheOrder) {
  Random random(7);
  struct Watched {
    Alarm alarm;
    int deadline = 0;
    int expected = 0;
  };
  std::vector<std::unique_ptr<Watched>> all;
  all.reserve(200);
  for (int i = 0; i < 200; ++i) all.push_back(std::make_unique<Watched>());
  int now = 0;
  for (int step = 0; step < 3'000; ++step) {
    Watched& one = *all[random.below(200)];
    if (random.below(8) == 0 && one.alarm.is_armed()) {
      one.alarm.disarm();
      one.expected = one.alarm.fired;
    } else {
      one.deadline = now + 1 + static_cast<int>(random.below(80'000));
      wheel.arm(one.alarm, at(one.deadline));
      one.expected = one.alarm.fired + 1;
    }
    now += static_cast<int>(random.below(400));
    wheel.advance(at(now));
    for (const auto& each : all) {
      if (each->deadline <= now - 100) ASSERT_EQ(each->alarm.fired, each->expected) << each->deadline;
      if (each->deadline > now && each->alarm.is_armed()) ASSERT_EQ(each->alarm.fired, each->expected - 1);
    }
  }
}

}  // namespace
}  // namespace pintle::net
