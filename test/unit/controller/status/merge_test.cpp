#include "controller/status/merge.hpp"

#include <gtest/gtest.h>

#include "test/unit/controller/status/reports.hpp"

namespace pintle::status {
namespace {

using api::ConditionStatus;
using testing::at;
using testing::condition;
using testing::shown;

std::vector<api::Condition> merge(const std::vector<api::Condition>& previous, const std::vector<Verdict>& verdicts,
                                  std::int64_t generation = 2) {
  return merge_conditions(previous, verdicts, gateway::owned, {.generation = generation, .now = at(100)});
}

TEST(MergeConditions, TimeMovesOnlyWithTheStatus) {
  const std::vector<api::Condition> before{condition("Accepted", ConditionStatus::True, "Accepted"),
                                           condition("Programmed", ConditionStatus::False, "Pending")};
  const auto after = merge(before, {gateway::accepted_in_part("x"), gateway::programmed("y")});
  EXPECT_EQ(shown(after), "Accepted=True/ListenersNotValid Programmed=True/Programmed");
  EXPECT_EQ(after[0].last_transition_time, at(0));  // True before and after, though the reason moved
  EXPECT_EQ(after[0].message, "x");
  EXPECT_EQ(after[1].last_transition_time, at(100));
  for (const api::Condition& one : after) EXPECT_EQ(one.observed_generation, 2);
}

TEST(MergeConditions, ConditionsOfOthersKeepTheirPlace) {
  const api::Condition theirs = condition("example.com/Audited", ConditionStatus::Unknown, "Later", 9, at(5));
  const auto after = merge({condition("ResolvedRefs", ConditionStatus::True, "ResolvedRefs"), theirs,
                            condition("Accepted", ConditionStatus::True, "Accepted")},
                           {gateway::accepted("a"), gateway::programmed("p"), gateway::resolved_refs("r")});
  EXPECT_EQ(shown(after),
            "ResolvedRefs=True/ResolvedRefs example.com/Audited=Unknown/Later Accepted=True/Accepted "
            "Programmed=True/Programmed");
  EXPECT_EQ(after[1], theirs);
}

TEST(MergeConditions, OursGoWhenTheyNoLongerHold) {
  EXPECT_EQ(shown(merge({condition("ResolvedRefs", ConditionStatus::True, "ResolvedRefs")}, {gateway::pending("p")})),
            "Accepted=Unknown/Pending");
}

TEST(MergeConditions, ANewerJudgementIsLeftAlone) {
  const api::Condition newer = condition("Accepted", ConditionStatus::False, "Invalid", 3);
  const auto after = merge({newer}, {gateway::accepted("a"), gateway::programmed("p")});
  EXPECT_EQ(shown(after), "Accepted=False/Invalid Programmed=True/Programmed");
  EXPECT_EQ(after[0], newer);
  EXPECT_EQ(merge({newer}, {})[0], newer);
}

TEST(MergeConditions, ReplacesWhatTheApiServerFillsIn) {
  const std::vector<api::Condition> defaults{condition("Accepted", ConditionStatus::Unknown, "Pending", 0, Wall{}),
                                             condition("Programmed", ConditionStatus::Unknown, "Pending", 0, Wall{})};
  const auto after = merge(defaults, {gateway::accepted("a"), gateway::programmed("p")});
  EXPECT_EQ(shown(after), "Accepted=True/Accepted Programmed=True/Programmed");
  EXPECT_EQ(after[0].last_transition_time, at(100));
}

TEST(MergeConditions, ATypeWrittenTwiceIsWrittenOnce) {
  const api::Condition one = condition("Accepted", ConditionStatus::True, "Accepted");
  EXPECT_EQ(shown(merge({one, one}, {gateway::accepted("a")})), "Accepted=True/Accepted");
}

}  // namespace
}  // namespace pintle::status
