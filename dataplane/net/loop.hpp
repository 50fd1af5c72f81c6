// What a worker's thread does: waits in its Poller, and turns its TimerWheel while a timer hangs in it. Other threads
// reach it by a descriptor in the poller (worker/mailbox.hpp). Worker thread.
#pragma once
#include <pintle/base/clock.hpp>

namespace pintle::net {

class Poller;
class TimerWheel;

class Loop {
 public:
  /// Both outlive it.
  Loop(Poller& poller, TimerWheel& wheel);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Until stop(), which one of its callbacks calls.
  void run();
  /// The turn under way is the last.
  void stop() noexcept { stopped_ = true; }

 private:
  [[nodiscard]] Millis time_to_tick() const noexcept;
  void tick();

  Poller& poller_;
  TimerWheel& wheel_;
  Monotonic next_tick_ = Monotonic::max();  ///< max: no timer hangs in the wheel
  bool stopped_ = false;
};

}  // namespace pintle::net
