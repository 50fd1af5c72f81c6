// How often something may happen: a burst, refilled steadily. Pure: time comes in.
#pragma once
#include <algorithm>
#include <cstdint>

#include <pintle/base/clock.hpp>

namespace pintle::http2 {

struct Rate {
  std::uint32_t burst;
  std::uint32_t per_second;
};

class TokenBucket {
 public:
  explicit TokenBucket(Rate rate) noexcept : rate_(rate), level_(full()) {}

  /// False: it has happened too often.
  [[nodiscard]] bool take(Monotonic now) noexcept {
    refill(now);
    if (level_ < one) return false;
    level_ -= one;
    return true;
  }
  /// So many times are free.
  void give(std::uint32_t count) noexcept { level_ = std::min(full(), level_ + count * one); }

 private:
  static constexpr std::int64_t one = 1000;  // thousandths: a millisecond refills `per_second` of them
  [[nodiscard]] std::int64_t full() const noexcept { return rate_.burst * one; }
  void refill(Monotonic now) noexcept {
    if (last_ == Monotonic{}) last_ = now;
    const auto elapsed = std::chrono::duration_cast<Millis>(now - last_);
    if (elapsed.count() <= 0) return;
    last_ += elapsed;
    level_ = std::min(full(), level_ + std::min<std::int64_t>(elapsed.count(), 1'000'000) * rate_.per_second);
  }

  Rate rate_;
  std::int64_t level_;
  Monotonic last_{};
};

}  // namespace pintle::http2
