// Rules that can never win. Precedence is total and a match of equal or wider conditions with higher precedence takes
// every request of the other; what decides is computed on the very tables that serve. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <pintle/runtime/compiled.hpp>

namespace pintle::app {

struct Shadowed {
  route::RuleSource rule;
  /// Index in spec.rules[].matches; nullopt: no match of the rule can win.
  std::optional<std::uint32_t> match;
  std::string winner;  ///< "default/shop rule 0"
  std::string why;     ///< what gives it precedence: "its route is older"
  std::string host;    ///< where that was seen
};

/// Whether every request that `b` matches is matched by `a` as well; false when that cannot be told (expressions that
/// differ).
[[nodiscard]] bool covers(const route::Match& a, const route::Match& b);

/// By route, rule and match.
[[nodiscard]] std::vector<Shadowed> find_shadowed(const runtime::Compiled& compiled);

}  // namespace pintle::app
