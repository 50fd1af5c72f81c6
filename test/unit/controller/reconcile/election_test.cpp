// The election without network: what it asks, when it leads, and that two never do.
#include "controller/reconcile/election.hpp"

#include <deque>
#include <random>

#include <gtest/gtest.h>

namespace pintle::reconcile {
namespace {

using namespace std::chrono_literals;
using Ask = Election::Ask;
using Fate = Election::Fate;

Now at(Millis since, std::chrono::hours wall_jump = 0h) {
  const auto wall = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} + wall_jump;
  return {Monotonic{} + 1h + since, std::chrono::time_point_cast<std::chrono::microseconds>(wall + since)};
}

ElectionSettings named(std::string identity) {
  ElectionSettings settings;
  settings.identity = std::move(identity);
  return settings;
}

/// The Lease of an API server.
struct Lease {
  std::optional<LeaseRecord> record;
  int version = 0;

  Election::Answer answer(const Election::Step& step) {
    if (step.ask == Ask::Read)
      return record ? Election::Answer{Fate::Ok, *record} : Election::Answer{Fate::Missing, {}};
    const std::string present = record ? record->resource_version : "";
    if (step.record.resource_version != present) return {Fate::Conflict, {}};
    record = step.record;
    record->resource_version = std::to_string(++version);
    return {Fate::Ok, *record};
  }
};

/// Asks until it rests; the delay.
Millis run(Election& election, Lease& lease, Now now) {
  Election::Step step = election.wake(now);
  while (step.ask != Ask::Rest) step = election.on_answer(lease.answer(step), now, 0.5);
  return step.delay;
}

TEST(Election, AFreeLeaseIsTaken) {
  Lease lease;
  Election a(named("a"));
  EXPECT_FALSE(a.leads(at(0ms).steady));
  EXPECT_EQ(run(a, lease, at(0ms)), 2s);
  EXPECT_TRUE(a.leads(at(0ms).steady));
  EXPECT_EQ(lease.record->holder, "a");
  EXPECT_EQ(lease.record->duration, 15s);
  EXPECT_EQ(lease.record->renewed, "2026-06-01T00:00:00.000000Z");
  EXPECT_EQ(lease.record->transitions, 0);
}

TEST(Election, RenewingNeedsOneRequestAndKeepsTheRest) {
  Lease lease;
  Election a(named("a"));
  run(a, lease, at(0ms));
  const Election::Step step = a.wake(at(2s));
  EXPECT_EQ(step.ask, Ask::Update);
  EXPECT_EQ(step.record.resource_version, "1");
  EXPECT_EQ(step.record.acquired, "2026-06-01T00:00:00.000000Z");
  EXPECT_EQ(step.record.renewed, "2026-06-01T00:00:02.000000Z");
}

TEST(Election, ItLeadsNoLongerThanTheDeadlineAfterTheRenewalBegan) {
  Lease lease;
  Election a(named("a"));
  run(a, lease, at(0ms));
  const Election::Step step = a.wake(at(2s));
  static_cast<void>(a.on_answer(lease.answer(step), at(5s), 0));
  EXPECT_TRUE(a.leads(at(11999ms).steady));
  EXPECT_FALSE(a.leads(at(12s).steady));
}

TEST(Election, LostRenewalsEndTheTermByTheClockAlone) {
  Lease lease;
  Election a(named("a"));
  run(a, lease, at(0ms));
  for (Millis now = 2s; now < 10s; now += 2s) {
    static_cast<void>(a.wake(at(now)));
    EXPECT_EQ(a.on_answer({}, at(now), 0).ask, Ask::Rest);
    EXPECT_TRUE(a.leads(at(now).steady));
  }
  EXPECT_FALSE(a.leads(at(10s).steady));
  EXPECT_EQ(a.wake(at(10s)).ask, Ask::Read) << "and it begins as everybody";
}

TEST(Election, AHeldLeaseIsTakenOverOnlyWhenItStoodStillBeforeItsOwnEyes) {
  Lease lease;
  Election a(named("a"));
  Election b(named("b"));
  run(a, lease, at(0ms));
  run(b, lease, at(1s));
  EXPECT_FALSE(b.leads(at(1s).steady));
  run(b, lease, at(15900ms));
  EXPECT_FALSE(b.leads(at(15900ms).steady)) << "15 s since b saw it, not since a wrote it";
  run(b, lease, at(16s));
  EXPECT_TRUE(b.leads(at(16s).steady));
  EXPECT_EQ(lease.record->holder, "b");
  EXPECT_EQ(lease.record->transitions, 1);
  EXPECT_FALSE(a.leads(at(16s).steady));
}

TEST(Election, AConflictMeansReadingAgain) {
  Lease lease;
  Election a(named("a"));
  run(a, lease, at(0ms));
  lease.record->resource_version = "edited";
  Election::Step step = a.wake(at(2s));
  step = a.on_answer(lease.answer(step), at(2s), 0);
  EXPECT_EQ(step.ask, Ask::Rest);
  EXPECT_TRUE(a.leads(at(2s).steady)) << "its term is not over";
  EXPECT_EQ(a.wake(at(4s)).ask, Ask::Read);
}

TEST(Election, WhoeverReadsThatAnotherHoldsItStopsAtOnce) {
  Lease lease;
  Election a(named("a"));
  run(a, lease, at(0ms));
  lease.record->holder = "b";
  lease.record->resource_version = "stolen";
  run(a, lease, at(2s));  // a conflict
  run(a, lease, at(4s));
  EXPECT_FALSE(a.leads(at(4s).steady));
}

TEST(Election, ReleasedIsFreeAtOnce) {
  Lease lease;
  Election a(named("a"));
  Election b(named("b"));
  run(a, lease, at(0ms));
  run(b, lease, at(1s));
  const auto record = a.release(at(2s));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->holder, "");
  EXPECT_FALSE(a.leads(at(2s).steady));
  EXPECT_EQ(lease.answer({Ask::Update, *record, {}}).fate, Fate::Ok);
  run(b, lease, at(3s));
  EXPECT_TRUE(b.leads(at(3s).steady));
  EXPECT_FALSE(a.release(at(4s))) << "what is not held is not given back";
  EXPECT_EQ(a.wake(at(4s)).ask, Ask::Rest);
}

TEST(Election, TheWallClockDecidesNothing) {
  Lease lease;
  Election a(named("a"));
  Election b(named("b"));
  run(a, lease, at(0ms));
  run(b, lease, at(1s, 24h * 365));
  EXPECT_FALSE(b.leads(at(1s).steady));
  run(a, lease, at(2s, -24h * 365));
  EXPECT_TRUE(a.leads(at(3s).steady));
  run(b, lease, at(4s, 24h * 365));
  EXPECT_FALSE(b.leads(at(4s).steady));
}

/// Replicas with slow and lossy ways to one lease, stopped for whole minutes now and then (req 74).
TEST(Election, TwoNeverLead) {
  struct Replica {
    Election election;
    std::optional<Election::Step> asked;  ///< under way
    Election::Answer answer;
    Millis due{0};          ///< when it wakes, or the answer is there
    Millis lease_at{-1ms};  ///< when the request reaches the lease; -1: has
    Millis stopped_until{0};
  };
  std::size_t led = 0;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
    Lease lease;
    std::vector<Replica> replicas;
    for (const char* name : {"a", "b", "c"})
      replicas.push_back({.election = Election(named(name)), .asked = {}, .answer = {}});
    for (Millis now = 0ms; now < 10min; now += 100ms) {
      for (Replica& one : replicas) {
        if (one.lease_at >= 0ms && now >= one.lease_at) {  // what was sent arrives whether the sender lives or not
          one.answer = lease.answer(*one.asked);
          if (below(5) == 0) one.answer = {};  // it went through, and the answer is lost
          one.lease_at = -1ms;
        }
        if (now < one.stopped_until || now < one.due) continue;
        if (below(400) == 0) {
          one.stopped_until = now + 1s * below(60);
          continue;
        }
        const Election::Step step =
            one.asked ? one.election.on_answer(one.answer, at(now), 0.001 * below(1000)) : one.election.wake(at(now));
        one.asked.reset();
        if (step.ask == Ask::Rest) {
          one.due = now + step.delay;
          continue;
        }
        one.asked = step;
        one.answer = {};
        one.lease_at = below(8) == 0 ? -1ms : now + 100ms * below(30);
        one.due = std::max(now, one.lease_at) + 100ms * below(30);
      }
      std::size_t leaders = 0;
      for (const Replica& one : replicas) leaders += one.election.leads(at(now).steady) ? 1 : 0;
      ASSERT_LE(leaders, 1U) << "seed " << seed << " at " << now.count() << " ms";
      led += leaders;
    }
  }
  EXPECT_GT(led, 30U * 6000 / 2) << "and mostly one does";
}

}  // namespace
}  // namespace pintle::reconcile
