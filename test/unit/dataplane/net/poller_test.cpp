#include "dataplane/net/poller.hpp"

#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/dataplane/net/sockets.hpp"

namespace pintle::net {
namespace {

using testing::ElementsAre;

struct Task final : TurnTask {
  explicit Task(std::function<void()> work) : work_(std::move(work)) {}
  void on_turn_end() override { work_(); }

 private:
  std::function<void()> work_;
};

struct Sink final : EventSink {
  void on_events(std::uint32_t events) override {
    seen.push_back(events);
    if (when_told) when_told();
  }
  std::vector<std::uint32_t> seen;
  std::function<void()> when_told;
};

struct PollerTest : testing::Test {
  std::unique_ptr<Poller> poller = std::move(Poller::make().value());
  std::vector<std::string> log;
  auto note(std::string what) {
    return [this, what = std::move(what)] { log.push_back(what); };
  }
};

TEST_F(PollerTest, FirstEventTellsTheStateThereIs) {
  SocketPair pair;
  Sink sink;
  send_text(pair.theirs, "x");
  ASSERT_TRUE(poller->add(pair.ours.get(), sink));
  EXPECT_EQ(poller->wait(Millis(1000)), 1u);
  ASSERT_EQ(sink.seen.size(), 1u);
  EXPECT_EQ(sink.seen[0], event_readable | event_writable);
  poller->remove(pair.ours.get(), sink);
}

TEST_F(PollerTest, AnEventIsToldOnceUnlessAskedForAgain) {
  SocketPair pair;
  Sink sink;
  ASSERT_TRUE(poller->add(pair.ours.get(), sink));
  EXPECT_EQ(poller->wait(Millis(1000)), 1u);
  send_text(pair.theirs, "x");
  EXPECT_EQ(poller->wait(Millis(1000)), 1u);
  EXPECT_EQ(poller->wait(Millis(0)), 0u) << "unread, but told";
  poller->rearm(pair.ours.get(), sink);
  EXPECT_EQ(poller->wait(Millis(1000)), 1u);
  EXPECT_TRUE(sink.seen.back() & event_readable);
  pair.theirs.reset();
  EXPECT_EQ(poller->wait(Millis(1000)), 1u);
  EXPECT_TRUE(sink.seen.back() & event_peer_closed);
  poller->remove(pair.ours.get(), sink);
}

TEST_F(PollerTest, FlushComesAfterAllEventsAndReapAfterThat) {
  SocketPair pairs[2];
  Sink sinks[2];
  Task flush(note("flush"));
  Task reap(note("reap"));
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(poller->add(pairs[i].ours.get(), sinks[i]));
    sinks[i].when_told = [&] {
      log.emplace_back("event");
      poller->reap_later(reap);
      poller->flush_later(flush);
      poller->flush_later(flush);  // no matter how often
    };
  }
  EXPECT_EQ(poller->wait(Millis(1000)), 2u);
  EXPECT_THAT(log, ElementsAre("event", "event", "flush", "reap"));
  for (int i = 0; i < 2; ++i) poller->remove(pairs[i].ours.get(), sinks[i]);
}

TEST_F(PollerTest, WorkAddedAtTheEndOfTheTurnIsDoneInIt) {
  Task third(note("flush of the dying"));
  Task second(note("flush of flush"));
  Task dying([&] {
    log.emplace_back("reap");
    poller->flush_later(third);
  });
  Task first([&] {
    log.emplace_back("flush");
    poller->flush_later(second);
    poller->reap_later(dying);
  });
  poller->begin_turn();
  poller->flush_later(first);
  poller->end_turn();
  EXPECT_THAT(log, ElementsAre("flush", "flush of flush", "reap", "flush of the dying"));
}

TEST_F(PollerTest, ATaskThatIsDestroyedLeavesItsList) {
  auto task = std::make_unique<Task>(note("never"));
  poller->flush_later(*task);
  auto victim = std::make_unique<Task>(note("never"));
  Task murderer([&] { victim.reset(); });
  poller->reap_later(murderer);
  poller->reap_later(*victim);
  task.reset();
  poller->end_turn();
  EXPECT_THAT(log, ElementsAre());
}

// Both have their event in the same epoll_wait; whoever comes first ends the other.
TEST_F(PollerTest, RemovedInsideTheTurnIsNotToldAnyMore) {
  SocketPair pairs[2];
  Sink sinks[2];
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(poller->add(pairs[i].ours.get(), sinks[i]));
    sinks[i].when_told = [&, other = 1 - i] {
      EXPECT_TRUE(poller->has_pending_event(sinks[other]));
      EXPECT_FALSE(poller->has_pending_event(sinks[1 - other])) << "its own was told";
      poller->remove(pairs[other].ours.get(), sinks[other]);
      EXPECT_FALSE(poller->has_pending_event(sinks[other]));
      pairs[other].ours.reset();
    };
  }
  EXPECT_EQ(poller->wait(Millis(1000)), 2u);
  EXPECT_EQ(sinks[0].seen.size() + sinks[1].seen.size(), 1u);
  for (int i = 0; i < 2; ++i)
    if (pairs[i].ours) poller->remove(pairs[i].ours.get(), sinks[i]);
}

TEST_F(PollerTest, RemovesItselfInsideItsEvent) {
  SocketPair pair;
  Sink sink;
  ASSERT_TRUE(poller->add(pair.ours.get(), sink));
  sink.when_told = [&] { poller->remove(pair.ours.get(), sink); };
  EXPECT_EQ(poller->wait(Millis(1000)), 1u);
  send_text(pair.theirs, "x");
  EXPECT_EQ(poller->wait(Millis(0)), 0u);
}

TEST_F(PollerTest, DrainSaysWhetherAnythingMayBeLeft) {
  SocketPair pair;
  Sink sink;
  ASSERT_TRUE(poller->add(pair.ours.get(), sink));
  sink.when_told = [&] { poller->rearm(pair.ours.get(), sink); };
  EXPECT_FALSE(poller->drain(5));
  EXPECT_EQ(sink.seen.size(), 5u);
  sink.when_told = nullptr;
  EXPECT_TRUE(poller->drain(5));
  EXPECT_EQ(sink.seen.size(), 6u);
  poller->remove(pair.ours.get(), sink);
}

TEST_F(PollerTest, WhatCannotBeWatchedIsAnError) {
  Sink sink;
  const auto added = poller->add(-1, sink);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::Exhausted);
}

TEST_F(PollerTest, MoreEventsThanOneBatchHolds) {
  constexpr std::size_t count = 300;
  std::vector<SocketPair> pairs(count);
  std::vector<Sink> sinks(count);
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(poller->add(pairs[i].ours.get(), sinks[i]));
  EXPECT_TRUE(poller->drain(16));
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(sinks[i].seen.size(), 1u);
    poller->remove(pairs[i].ours.get(), sinks[i]);
  }
}

}  // namespace
}  // namespace pintle::net
