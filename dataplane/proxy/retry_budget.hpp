// How many requests may be under way a second time (req 78): a fifth of those alive on this worker, so that backends in
// trouble do not meet twice the load. A try after a failed connect is none: not a byte was sent.
#pragma once
#include <algorithm>
#include <cstdint>

namespace pintle::proxy {

class RetryBudget {
 public:
  static constexpr std::uint32_t share = 5;   ///< one in so many
  static constexpr std::uint32_t least = 10;  ///< what a quiet worker may do all the same

  void begin_request() noexcept { ++live_; }
  void end_request() noexcept { --live_; }
  /// False: it is spent. True: end_retry() follows when that request has ended.
  [[nodiscard]] bool begin_retry() noexcept {
    if (retrying_ >= std::max(least, live_ / share)) return false;
    ++retrying_;
    return true;
  }
  void end_retry() noexcept { --retrying_; }

 private:
  std::uint32_t live_ = 0;
  std::uint32_t retrying_ = 0;
};

}  // namespace pintle::proxy
