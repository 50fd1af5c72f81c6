#include "dataplane/net/loop.hpp"

#include <algorithm>

#include "dataplane/net/poller.hpp"
#include "dataplane/net/timer_wheel.hpp"

namespace pintle::net {

Loop::Loop(Poller& poller, TimerWheel& wheel) : poller_(poller), wheel_(wheel) {
  wheel_.on_wake([this] { next_tick_ = poller_.now() + TimerWheel::slot_width; });
  if (!wheel_.empty()) next_tick_ = poller_.now() + TimerWheel::slot_width;
}

Loop::~Loop() { wheel_.on_wake({}); }

void Loop::run() {
  while (!stopped_) {
    // A turn reads the clock; a wait that ends without an event took until the tick.
    const bool told = poller_.wait(time_to_tick()) > 0;
    if (!stopped_ && next_tick_ != Monotonic::max() && (!told || poller_.now() >= next_tick_)) tick();
  }
}

Millis Loop::time_to_tick() const noexcept {
  if (next_tick_ == Monotonic::max()) return Poller::no_limit;
  const auto left = std::chrono::ceil<Millis>(next_tick_ - poller_.now());
  return std::max(left, Millis(0));
}

void Loop::tick() {
  poller_.begin_turn();
  next_tick_ = poller_.now() + TimerWheel::slot_width;
  wheel_.advance(poller_.now());
  poller_.end_turn();
  if (!wheel_.empty()) return;
  next_tick_ = Monotonic::max();
  wheel_.sleep();
}

}  // namespace pintle::net
