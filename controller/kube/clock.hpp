// Time and turns of the control thread, behind an interface that a test moves by hand.
//  - guarantees: a call is made once, never from inside after(), never once its Alarm is gone.
//  - threads: the control thread.
#pragma once
#include <functional>
#include <memory>

#include <pintle/base/clock.hpp>

namespace boost::asio {
class io_context;
}

namespace pintle::kube {

/// A call that is due later; letting go of it, it is never made. Empty: none.
class Alarm {
 public:
  struct Pending {
    virtual ~Pending() = default;
  };
  Alarm() = default;
  explicit Alarm(std::unique_ptr<Pending> pending) : pending_(std::move(pending)) {}
  void cancel() noexcept { pending_.reset(); }

 private:
  std::unique_ptr<Pending> pending_;
};

class Clock {
 public:
  virtual ~Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

  [[nodiscard]] virtual Monotonic now() const = 0;
  /// A delay of 0 is the next turn of the event loop.
  [[nodiscard]] virtual Alarm after(Millis delay, std::function<void()> call) = 0;

 protected:
  Clock() = default;
};

/// The steady clock and timers of `io`, which outlives it.
[[nodiscard]] std::unique_ptr<Clock> make_clock(boost::asio::io_context& io);

}  // namespace pintle::kube
