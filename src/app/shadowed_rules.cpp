#include "src/app/shadowed_rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "controller/compile/dump_rule.hpp"

namespace pintle::app {
namespace {

[[nodiscard]] std::string_view text_of(const route::FieldMatch& field) {
  return field.regex ? std::string_view(field.regex->pattern()) : std::string_view(field.value);
}
[[nodiscard]] bool same_condition(const route::FieldMatch& a, const route::FieldMatch& b) {
  return a.name == b.name && a.regex.has_value() == b.regex.has_value() && text_of(a) == text_of(b);
}
/// Every condition of `a` stands in `b` too, or is an expression that the exact value of `b` satisfies.
[[nodiscard]] bool is_wider(const SharedList<route::FieldMatch>& a, const SharedList<route::FieldMatch>& b) {
  return std::ranges::all_of(a, [&](const route::FieldMatch& wide) {
    return std::ranges::any_of(b, [&](const route::FieldMatch& narrow) {
      if (same_condition(wide, narrow)) return true;
      return wide.name == narrow.name && wide.regex && !narrow.regex && wide.regex->matches(narrow.value);
    });
  });
}

/// For an expression of the form "/plain/text.*": the text. What other expressions match is not told in general.
[[nodiscard]] std::optional<std::string_view> literal_prefix(std::string_view pattern) {
  if (!pattern.ends_with(".*")) return std::nullopt;
  pattern.remove_suffix(2);
  return pattern.find_first_of("\\^$.|?*+()[]{}") == std::string_view::npos ? std::optional(pattern) : std::nullopt;
}

[[nodiscard]] bool covers_path(const route::PathMatch& a, const route::PathMatch& b) {
  if (a.kind == b.kind && a.value == b.value) return true;
  switch (a.kind) {
    case route::PathKind::Exact:
      return false;
    case route::PathKind::Regex: {
      if (b.kind == route::PathKind::Exact) return a.regex && a.regex->matches(b.value);
      const auto literal = literal_prefix(a.value);
      return b.kind == route::PathKind::Prefix && literal && b.value.starts_with(*literal);
    }
    case route::PathKind::Prefix:
      return b.kind != route::PathKind::Regex && route::matches_path(a, b.value);
  }
  return false;
}

/// The first field of the ranks that differs decides (rank.hpp).
[[nodiscard]] std::string_view why_first(const route::Rank& winner, const route::Rank& loser) {
  if (winner.path_kind != loser.path_kind) return "an expression comes before a prefix";
  if (winner.created_at != loser.created_at) return "its route is older";
  if (winner.route != loser.route) return "its route is as old and its name sorts first";
  if (winner.rule != loser.rule) return "it stands before it in the route";
  return winner.match != loser.match ? "the match stands before it in the rule" : "it is more specific";
}

using MatchKey = std::tuple<std::string, std::uint32_t, std::uint32_t>;  ///< route, rule, match

/// What became of one match over all hosts it stands in.
struct Fate {
  const route::Rule* rule = nullptr;
  bool wins_somewhere = false;
  const route::Rule* winner = nullptr;
  std::string_view why;
  std::string host;
};

class Survey {
 public:
  void look_at(const std::string& host, const route::HostTable& table) {
    // A wider match of higher precedence has the same kind of path at least (Rank puts narrower paths first), so
    // candidates are those of equal path, and expressions.
    std::unordered_map<std::string_view, std::vector<const route::Entry*>> by_path;
    std::vector<const route::Entry*> expressions;
    for (const route::Entry& entry : table.entries()) {
      const route::Entry* winner = nullptr;
      auto& equal = by_path[entry.match->path.value];
      for (const auto* candidates : {&std::as_const(equal), &std::as_const(expressions)})
        for (const route::Entry* candidate : *candidates)
          if (winner == nullptr && covers(*candidate->match, *entry.match)) winner = candidate;
      note(host, entry, winner);
      equal.push_back(&entry);
      if (entry.match->path.kind == route::PathKind::Regex) expressions.push_back(&entry);
    }
  }

  [[nodiscard]] std::vector<Shadowed> finish() const {
    std::vector<Shadowed> found;
    std::set<const route::Rule*> alive;
    for (const auto& [key, fate] : fates_)
      if (fate.wins_somewhere) alive.insert(fate.rule);
    std::set<const route::Rule*> told;
    for (const auto& [key, fate] : fates_) {
      if (fate.wins_somewhere) continue;
      const bool whole = !alive.contains(fate.rule);
      if (whole && !told.insert(fate.rule).second) continue;
      found.push_back({.rule = fate.rule->source,
                       .match = whole ? std::nullopt : std::optional(std::get<2>(key)),
                       .winner = compile::rule_label(fate.winner->source),
                       .why = std::string(fate.why),
                       .host = fate.host});
    }
    return found;
  }

 private:
  void note(const std::string& host, const route::Entry& entry, const route::Entry* winner) {
    const route::RuleSource& source = entry.rule->source;
    Fate& fate = fates_[{source.route, source.index, entry.match->rank.match}];
    fate.rule = entry.rule.get();
    if (winner == nullptr) {
      fate.wins_somewhere = true;
    } else if (fate.winner == nullptr) {
      fate.winner = winner->rule.get();
      fate.why = why_first(winner->match->rank, entry.match->rank);
      fate.host = host;
    }
  }
  std::map<MatchKey, Fate> fates_;
};

}  // namespace

bool covers(const route::Match& a, const route::Match& b) {
  return covers_path(a.path, b.path) && (a.method.empty() || a.method == b.method) && is_wider(a.headers, b.headers) &&
         is_wider(a.queries, b.queries);
}

std::vector<Shadowed> find_shadowed(const runtime::Compiled& compiled) {
  if (!compiled.table) return {};
  Survey survey;
  std::set<const route::ListenerTable*> seen;  // both address families of a Gateway share their tables
  for (const auto& port : compiled.table->ports()) {
    if (!port) continue;
    for (const route::Listener& listener : port->listeners())
      if (listener.table && seen.insert(listener.table.get()).second)
        for (const auto& [host, table] : listener.table->hosts()) survey.look_at(host, *table);
  }
  return survey.finish();
}

}  // namespace pintle::app
