// Verdicts into the conditions an object carries, by the rules of GatewayStatus.conditions: read, change, write back.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <pintle/base/clock.hpp>

#include "controller/status/conditions.hpp"

namespace pintle::status {

/// What all conditions of one object are written with.
struct Stamp {
  std::int64_t generation = 0;  ///< of the spec that was judged
  Wall now;
};

/// Conditions whose type is not in `owned` stay as they are and where they are; one of ours keeps its place, is dropped
/// when there is no verdict of its type, and is left alone when it has seen a newer generation than `stamp`. The time
/// moves only when the status does. New ones follow in the order of `verdicts`.
[[nodiscard]] std::vector<api::Condition> merge_conditions(const std::vector<api::Condition>& previous,
                                                           std::span<const Verdict> verdicts,
                                                           std::span<const std::string_view> owned, Stamp stamp);

}  // namespace pintle::status
