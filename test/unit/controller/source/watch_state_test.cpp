#include "controller/source/watch_state.hpp"

#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pintle::source {
namespace {

using std::chrono::seconds;

constexpr Monotonic start = Monotonic{} + std::chrono::hours(1);

[[nodiscard]] kube::ApiStatus status(int code, std::string reason = {}) {
  kube::ApiStatus out;
  out.code = code;
  out.reason = std::move(reason);
  return out;
}
[[nodiscard]] kube::ApiStatus lagging() {
  kube::ApiStatus out = status(504, "Timeout");
  out.future_version = true;
  return out;
}
[[nodiscard]] Declined declined(int code) { return {status(code)}; }

/// "list", "list T", "watch V", "wait 800"; "+complete" or "+empty" behind it.
[[nodiscard]] std::string text_of(const Step& step) {
  std::string out = "nothing";
  if (const auto* page = std::get_if<ListPage>(&step.action))
    out = page->continue_token.empty() ? "list" : "list " + page->continue_token;
  if (const auto* watch = std::get_if<Watch>(&step.action)) out = "watch " + watch->version;
  if (const auto* wait = std::get_if<Wait>(&step.action)) out = fmt::format("wait {}", wait->delay.count());
  if (step.verdict == Verdict::Complete) out += " +complete";
  if (step.verdict == Verdict::Empty) out += " +empty";
  return out;
}

struct Machine {
  std::string operator()(const Happening& happening, Millis later = Millis{0}) {
    now += later;
    return text_of(step(state, happening, {.now = now, .chance = chance}));
  }
  /// Listed and watching since long.
  static Machine watching() {
    Machine machine;
    machine(Due{});
    machine(PageRead{.version = "7", .continue_token = {}});
    machine(Opened{});
    machine.now += seconds(30);
    return machine;
  }
  /// Asked for the first page.
  static Machine listing() {
    Machine machine;
    machine(Due{});
    return machine;
  }
  WatchState state;
  Monotonic now = start;
  double chance = 0;
};

TEST(WatchState, ListsPageByPageThenWatchesFromTheVersionOfTheList) {
  Machine machine;
  EXPECT_EQ(machine(Due{}), "list");
  EXPECT_EQ(machine.state.phase, Phase::InitPage);
  EXPECT_EQ(machine(PageRead{.version = "5", .continue_token = "p2"}), "list p2");
  EXPECT_EQ(machine(PageRead{.version = "5", .continue_token = "p3"}), "list p3");
  EXPECT_FALSE(machine.state.whole);
  EXPECT_EQ(machine(PageRead{.version = "6", .continue_token = {}}), "watch 6 +complete");
  EXPECT_TRUE(machine.state.whole);
  EXPECT_EQ(machine.state.phase, Phase::InitListed);
  EXPECT_EQ(machine(Opened{}), "nothing");
  EXPECT_EQ(machine.state.phase, Phase::Watching);
  EXPECT_EQ(machine.state.health, Health::Live);
}

TEST(WatchState, AWatchThatEndsGoesOnFromTheLastVersionSeen) {
  Machine machine = Machine::watching();
  EXPECT_EQ(machine(Moved{"opaque-9"}), "nothing");
  EXPECT_EQ(machine(Moved{""}), "nothing");  // an event without one says nothing
  EXPECT_EQ(machine(Ended{}), "wait 0");
  EXPECT_EQ(machine(Due{}), "watch opaque-9");
}

TEST(WatchState, WatchesThatEndAtOnceAreOpenedOnceASecond) {
  Machine machine = Machine::watching();
  EXPECT_EQ(machine(Ended{}), "wait 0");
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(machine(Due{}), "watch 7");
    machine(Opened{});
    EXPECT_EQ(machine(Broken{"reset"}, Millis{10}), "wait 990") << "it never grows: the server answers";
    machine.now += Millis{990};
  }
  EXPECT_EQ(machine.state.health, Health::Live);
}

TEST(WatchState, TimeoutsAreSpreadOverFiveToTenMinutes) {
  for (const auto& [chance, wanted] : std::vector<std::pair<double, int>>{{0.0, 300}, {0.5, 450}, {0.999, 599}}) {
    Machine machine = Machine::listing();
    machine.chance = chance;
    const Step next = step(machine.state, PageRead{.version = "1", .continue_token = {}}, {start, chance});
    EXPECT_EQ(std::get<Watch>(next.action).timeout.count(), wanted);
  }
}

struct Row {
  const char* name;
  Machine from;
  Happening happening;
  const char* action;
  Phase phase;
  const char* then;  ///< after the wait
};

TEST(WatchState, WhatEachFailureLeadsTo) {
  const std::vector<Row> rows{
      {"410 to a watch", Machine::watching(), declined(410), "wait 0", Phase::Empty, "list"},
      {"410 inside a watch", Machine::watching(), ErrorEvent{status(410, "Expired")}, "wait 0", Phase::Empty, "list"},
      {"too large version to a watch", Machine::watching(), Declined{lagging()}, "wait 0", Phase::Empty, "list"},
      {"too large version in a watch", Machine::watching(), ErrorEvent{lagging()}, "wait 0", Phase::Empty, "list"},
      {"410 to a page", Machine::listing(), declined(410), "wait 0", Phase::Empty, "list"},
      {"a line that is none", Machine::watching(), Garbled{"x"}, "wait 0", Phase::Empty, "list"},
      {"a page that is none", Machine::listing(), Garbled{"x"}, "wait 0", Phase::Empty, "list"},
      {"a page too large", Machine::listing(), Oversized{"x"}, "wait 800", Phase::Empty, "list"},
      {"429 to a list", Machine::listing(), declined(429), "wait 800", Phase::InitPage, "list"},
      {"500 to a list", Machine::listing(), declined(500), "wait 800", Phase::InitPage, "list"},
      {"no answer to a list", Machine::listing(), Broken{"x"}, "wait 800", Phase::InitPage, "list"},
      {"500 inside a watch", Machine::watching(), ErrorEvent{status(500)}, "wait 800", Phase::InitListed, "watch 7"},
      {"a watch breaks", Machine::watching(), Broken{"x"}, "wait 0", Phase::InitListed, "watch 7"},
      {"401", Machine::listing(), declined(401), "wait 0", Phase::InitPage, "list"},
      {"403", Machine::listing(), declined(403), "wait 800", Phase::InitPage, "list"},
      {"404", Machine::listing(), declined(404), "wait 20000 +empty", Phase::Empty, "list"},
      {"404 to a watch", Machine::watching(), declined(404), "wait 800", Phase::Empty, "list"},
  };
  for (Row row : rows) {
    const bool was_whole = row.from.state.whole;
    EXPECT_EQ(row.from(row.happening), row.action) << row.name;
    EXPECT_EQ(row.from.state.phase, row.phase) << row.name;
    if (std::string_view(row.name) != "404") EXPECT_EQ(row.from.state.whole, was_whole) << row.name;
    EXPECT_EQ(row.from(Due{}), row.then) << row.name;
  }
}

TEST(WatchState, APageIsAskedForAgainAfterAFailureWithItsToken) {
  Machine machine = Machine::listing();
  machine(PageRead{.version = "5", .continue_token = "p2"});
  EXPECT_EQ(machine(declined(503)), "wait 800");
  EXPECT_EQ(machine(Due{}), "list p2");
  EXPECT_EQ(machine(Broken{"reset"}), "wait 800");
  EXPECT_EQ(machine(Due{}), "list p2");
  EXPECT_EQ(machine(declined(410)), "wait 0") << "the token has expired: from the beginning";
  EXPECT_EQ(machine(Due{}), "list");
}

[[nodiscard]] std::vector<std::int64_t> waits(Machine machine, const Happening& happening, int times) {
  std::vector<std::int64_t> out;
  for (int i = 0; i < times; ++i) {
    const Step next = step(machine.state, happening, {.now = machine.now, .chance = machine.chance});
    out.push_back(std::get<Wait>(next.action).delay.count());
    machine(Due{}, Millis{out.back()});
  }
  return out;
}

TEST(WatchState, WaitsGrowToTheirLimit) {
  using Waits = std::vector<std::int64_t>;
  EXPECT_EQ(waits(Machine::listing(), declined(503), 8), (Waits{800, 1600, 3200, 6400, 12800, 20000, 20000, 20000}));
  EXPECT_EQ(waits(Machine::listing(), declined(429), 3), (Waits{800, 1600, 3200}));
  EXPECT_EQ(waits(Machine::listing(), declined(403), 3), (Waits{800, 1600, 3200}));
  // back soon after the server is back
  EXPECT_EQ(waits(Machine::listing(), Broken{"x"}, 5), (Waits{800, 1600, 2666, 2666, 2666}));
  // at once the first time
  EXPECT_EQ(waits(Machine::listing(), declined(410), 5), (Waits{0, 800, 1600, 2666, 2666}));
  EXPECT_EQ(waits(Machine::listing(), declined(401), 7), (Waits{0, 800, 1600, 3200, 6400, 12800, 20000}));
  Machine unlucky = Machine::listing();
  unlucky.chance = 0.999999;
  EXPECT_EQ(waits(unlucky, declined(503), 7), (Waits{1199, 2399, 4799, 9599, 19199, 29999, 29999}));
}

TEST(WatchState, TwoMinutesOfCalmEndARowOfFailures) {
  Machine machine = Machine::listing();
  EXPECT_EQ(machine(declined(503)), "wait 800");
  EXPECT_EQ(machine(declined(503), seconds(119)), "wait 1600");
  EXPECT_EQ(machine(declined(503), seconds(120)), "wait 800");
}

TEST(WatchState, AFailureOfAnotherSortBeginsARow) {
  Machine machine = Machine::listing();
  for (int i = 0; i < 6; ++i) machine(Broken{"x"});
  EXPECT_EQ(machine(declined(503)), "wait 800") << "the server is back: its first words cost no long wait";
}

TEST(WatchState, RetryAfterIsObeyedWithinReason) {
  const auto told = [](seconds wait) {
    Machine machine = Machine::listing();
    Declined later = declined(429);
    later.status.retry_after = wait;
    return machine(later);
  };
  EXPECT_EQ(told(seconds(7)), "wait 7000");
  EXPECT_EQ(told(seconds(0)), "wait 800");
  EXPECT_EQ(told(seconds(100'000)), "wait 300000");
}

TEST(WatchState, AKindThatIsNotInstalledIsWholeAndEmptyAndAskedAgain) {
  Machine machine = Machine::listing();
  EXPECT_EQ(machine(declined(404)), "wait 20000 +empty");
  EXPECT_TRUE(machine.state.whole);
  EXPECT_EQ(machine.state.health, Health::Absent);
  machine.chance = 0.999999;
  EXPECT_EQ(machine(Due{}, seconds(20)), "list");
  EXPECT_EQ(machine(declined(404)), "wait 29999 +empty");
  EXPECT_EQ(machine(Due{}, seconds(30)), "list");
  EXPECT_EQ(machine(PageRead{.version = "3", .continue_token = {}}), "watch 3 +complete");
  EXPECT_EQ(machine.state.health, Health::Live);
}

TEST(WatchState, AKindThatWasThereIsAbsentOnlyWhenThatIsSaidThreeTimes) {
  Machine machine = Machine::watching();
  EXPECT_EQ(machine(declined(404)), "wait 800");  // of the watch
  EXPECT_EQ(machine(Due{}, Millis{800}), "list");
  EXPECT_EQ(machine(declined(404)), "wait 1600");
  EXPECT_EQ(machine(Due{}, Millis{1600}), "list");
  EXPECT_EQ(machine(declined(404)), "wait 20000 +empty");
}

TEST(WatchState, OnlyAKindThatIsNotNeededMayBeForbidden) {
  Machine needed = Machine::listing();
  EXPECT_EQ(needed(declined(403)), "wait 800");
  EXPECT_FALSE(needed.state.whole);
  EXPECT_EQ(needed.state.health, Health::Forbidden);
  Machine optional = Machine::listing();
  optional.state.need = Need::Optional;
  EXPECT_EQ(optional(declined(403)), "wait 800 +empty");
  EXPECT_TRUE(optional.state.whole);
  Machine spare = Machine::listing();
  spare.state.need = Need::Spare;
  for (const char* said : {"wait", "wait", "+empty"}) {
    EXPECT_FALSE(spare.state.whole);
    EXPECT_NE(spare(declined(403)).find(said), std::string::npos) << said;
    spare(Due{});
  }
  EXPECT_TRUE(spare.state.whole);
  Machine held = Machine::watching();
  held.state.need = Need::Optional;
  EXPECT_EQ(held(declined(403)), "wait 800") << "what was read stays";
}

TEST(WatchState, ErrorEventsThatStayLeadToAList) {
  Machine machine = Machine::watching();
  for (const char* then : {"watch 7", "watch 7", "list"}) {
    machine(ErrorEvent{status(500)});
    EXPECT_EQ(machine(Due{}), then);
    machine(Opened{});
  }
}

TEST(WatchState, SmallerPagesAfterOneThatWasTooLarge) {
  Machine machine = Machine::listing();
  for (const std::uint32_t limit : {62U, 7U, 1U, 1U}) {
    machine(Oversized{"x"});
    const Step next = step(machine.state, Due{}, {machine.now, 0});
    EXPECT_EQ(std::get<ListPage>(next.action).limit, limit);
  }
}

TEST(WatchState, WhatIsCuredAtOnceIsNotTold) {
  Machine machine = Machine::watching();
  machine(declined(410));
  EXPECT_EQ(machine.state.health, Health::Live);
  machine(Due{});
  machine(declined(410));
  EXPECT_EQ(machine.state.health, Health::Refused);
  EXPECT_EQ(machine.state.error, "410");
  EXPECT_EQ(machine.state.failing_since, machine.now);
}

}  // namespace
}  // namespace pintle::source
