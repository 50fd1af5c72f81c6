#include "controller/status/merge.hpp"

#include <algorithm>

namespace pintle::status {
namespace {

[[nodiscard]] api::Condition stamped(const Verdict& verdict, const api::Condition* before, Stamp stamp) {
  const bool moved = before == nullptr || before->status != verdict.status;
  return {.type = std::string(verdict.type),
          .status = verdict.status,
          .observed_generation = stamp.generation,
          .last_transition_time = moved ? stamp.now : before->last_transition_time,
          .reason = std::string(verdict.reason),
          .message = verdict.message};
}

}  // namespace

std::vector<api::Condition> merge_conditions(const std::vector<api::Condition>& previous,
                                             std::span<const Verdict> verdicts, std::span<const std::string_view> owned,
                                             Stamp stamp) {
  std::vector<api::Condition> merged;
  const auto holds = [&merged](std::string_view type) {
    return std::ranges::find(merged, type, &api::Condition::type) != merged.end();
  };
  for (const api::Condition& before : previous) {
    const bool ours = std::ranges::find(owned, before.type) != owned.end();
    if (!ours || before.observed_generation > stamp.generation) {
      merged.push_back(before);
      continue;
    }
    const auto verdict = std::ranges::find(verdicts, before.type, &Verdict::type);
    if (verdict != verdicts.end() && !holds(before.type)) merged.push_back(stamped(*verdict, &before, stamp));
  }
  for (const Verdict& verdict : verdicts)
    if (!holds(verdict.type)) merged.push_back(stamped(verdict, nullptr, stamp));
  return merged;
}

}  // namespace pintle::status
