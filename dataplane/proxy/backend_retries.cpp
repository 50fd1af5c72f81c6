#include "dataplane/proxy/backend_retries.hpp"

#include <algorithm>

namespace pintle::proxy {

RecentCount::RecentCount(Millis interval) noexcept
    : step_(std::max(std::chrono::nanoseconds(interval) / static_cast<std::int64_t>(steps),
                     std::chrono::nanoseconds(1))) {}

/// Empties the steps that have become too old.
void RecentCount::move_to(Monotonic now) noexcept {
  const std::int64_t to = now.time_since_epoch() / step_;
  if (to - at_ >= static_cast<std::int64_t>(steps)) {
    counts_ = {};
    total_ = 0;
    at_ = to;
  }
  for (; at_ < to; ++at_) {
    std::uint32_t& oldest = counts_[static_cast<std::size_t>(at_ + 1) % steps];
    total_ -= oldest;
    oldest = 0;
  }
}

void RecentCount::add(Monotonic now) noexcept {
  move_to(now);
  ++counts_[static_cast<std::size_t>(at_) % steps];
  ++total_;
}

std::uint64_t RecentCount::total(Monotonic now) noexcept {
  move_to(now);
  return total_;
}

BackendRetries::BackendRetries(const runtime::RetryConstraint& constraint) noexcept
    : constraint_(constraint),
      requests_(constraint.interval),
      retries_(constraint.interval),
      lately_(constraint.min_interval) {}

bool BackendRetries::begin_retry(Monotonic now) noexcept {
  const bool within_share = (retries_.total(now) + 1) * 100 <= constraint_.percent * (requests_.total(now) + 1);
  if (!within_share && lately_.total(now) >= constraint_.min_count) return false;
  requests_.add(now);
  retries_.add(now);
  lately_.add(now);
  return true;
}

BackendRetries& BackendRetryTable::of(BackendId id, const runtime::Backend& backend) {
  if (slots_.size() <= id.index()) slots_.resize(id.index() + 1);
  std::unique_ptr<Slot>& slot = slots_[id.index()];
  if (!slot || slot->constraint != *backend.retries || slot->backend != backend.name)
    slot = std::make_unique<Slot>(backend.name, *backend.retries, BackendRetries(*backend.retries));
  return slot->retries;
}

}  // namespace pintle::proxy
