// Whether an endpoint is left out for a while because connecting to it failed. Pure: time comes in.
//
//   admitted ── a connect fails ──> left out until next_try ── next_try ──> one request tries it, others wait again
//      ^                                   ^                                        │                    │
//      │                                   └────── fails: twice as long, at most eject_most ─────────────┘
//      └────────────────── connected ───────────────────────────────────────────────┘
//
// A try that does not answer (a connect that hangs) keeps others out no longer than a failed one would have: an
// endpoint that is back is found within eject_most.
#pragma once
#include <pintle/base/clock.hpp>

namespace pintle::upstream {

struct EjectionLimits {
  Millis first;
  Millis most;
};

class Ejection {
 public:
  [[nodiscard]] bool admits(Monotonic now) const noexcept { return !ejected_ || now >= next_try_; }
  [[nodiscard]] bool is_ejected() const noexcept { return ejected_; }

  /// A request is sent its way by a new connection. Only after admits().
  void on_try(Monotonic now) noexcept {
    if (ejected_) next_try_ = now + backoff_;
  }
  /// A connect begun at `started` failed. Failures of connects begun before the last one that counted tell nothing new:
  /// a hundred requests refused at once eject once. True if the endpoint was admitted until now.
  bool on_failure(Monotonic started, Monotonic now, const EjectionLimits& limits) noexcept;
  /// Connected. True if it was ejected until now.
  bool on_success() noexcept;

 private:
  bool ejected_ = false;
  Millis backoff_{0};
  Monotonic failed_at_{};  ///< of the last failure that counted
  Monotonic next_try_{};
};

}  // namespace pintle::upstream
