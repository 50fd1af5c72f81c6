// One row per line of the precedence list (Gateway API, HTTPRouteRule.matches; docs/architecture.md section 6).
#include <functional>

#include <gtest/gtest.h>

#include <pintle/route/rank.hpp>

namespace pintle::route {
namespace {

struct Row {
  const char* line;
  std::function<void(Rank& winner, Rank& loser)> differ;
};

// Each row also gives the loser every advantage of the lines below, so that a wrong order of fields shows.
const Row rows[] = {
    {"an exact path before a regular expression",
     [](Rank& w, Rank& l) { w.path_kind = PathKind::Exact, l.path_kind = PathKind::Regex; }},
    {"a regular expression before a prefix",
     [](Rank& w, Rank& l) { w.path_kind = PathKind::Regex, l.path_kind = PathKind::Prefix; }},
    {"the longer prefix", [](Rank& w, Rank& l) { w.minus_path_length = -9, l.minus_path_length = -8; }},
    {"a method before none", [](Rank& w, Rank& l) { w.without_method = 0, l.without_method = 1; }},
    {"more header matches", [](Rank& w, Rank& l) { w.minus_header_matches = -2, l.minus_header_matches = -1; }},
    {"more query matches", [](Rank& w, Rank& l) { w.minus_query_matches = -2, l.minus_query_matches = -1; }},
    {"the oldest route", [](Rank& w, Rank& l) { w.created_at = 1, l.created_at = 2; }},
    {"namespace/name in alphabetical order", [](Rank& w, Rank& l) { w.route = "a/z", l.route = "b/a"; }},
    {"the first rule", [](Rank& w, Rank& l) { w.rule = 0, l.rule = 1; }},
    {"the first match", [](Rank& w, Rank& l) { w.match = 0, l.match = 1; }},
};

TEST(Rank, FollowsTheListLineByLine) {
  for (std::size_t line = 0; line < std::size(rows); ++line) {
    Rank winner;
    Rank loser;
    for (std::size_t below = line + 1; below < std::size(rows); ++below) rows[below].differ(loser, winner);
    rows[line].differ(winner, loser);
    EXPECT_LT(winner, loser) << rows[line].line;
    EXPECT_GT(loser, winner) << rows[line].line;
  }
}

TEST(Rank, EqualIsEqual) { EXPECT_EQ(Rank{}, Rank{}); }

}  // namespace
}  // namespace pintle::route
