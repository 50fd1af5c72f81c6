#include "dataplane/upstream/ejection.hpp"

#include <algorithm>
#include <utility>

namespace pintle::upstream {

bool Ejection::on_failure(Monotonic started, Monotonic now, const EjectionLimits& limits) noexcept {
  const bool was_ejected = std::exchange(ejected_, true);
  if (!was_ejected) {
    backoff_ = std::min(limits.first, limits.most);
    failed_at_ = now;
  } else if (started > failed_at_) {
    backoff_ = std::min(backoff_ * 2, limits.most);
    failed_at_ = now;
  }
  next_try_ = now + backoff_;
  return !was_ejected;
}

bool Ejection::on_success() noexcept { return std::exchange(ejected_, false); }

}  // namespace pintle::upstream
