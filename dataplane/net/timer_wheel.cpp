#include "dataplane/net/timer_wheel.hpp"

namespace pintle::net {

std::uint64_t TimerWheel::tick_at(Monotonic time) const noexcept {
  if (time <= start_) return 0;
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time - start_).count();
  constexpr auto width = std::chrono::duration_cast<std::chrono::nanoseconds>(slot_width).count();
  return static_cast<std::uint64_t>(since / width) + (since % width != 0 ? 1 : 0);
}

bool TimerWheel::linked_slots_empty() const noexcept {
  for (const auto& slot : slots_)
    if (!slot.empty()) return false;
  return true;
}

void TimerWheel::link(Timer& timer) noexcept {
  std::uint64_t tick = tick_at(timer.deadline_);
  if (tick <= current_) tick = current_ + 1;
  // Beyond the horizon: parked in the furthest slot and moved on from there.
  if (tick >= current_ + slot_count) tick = current_ + slot_count - 1;
  timer.tick_ = tick;
  slots_[tick % slot_count].push_back(timer);
  if (asleep_ && wake_) {
    asleep_ = false;
    wake_();
  }
}

void TimerWheel::advance(Monotonic now) {
  if (now < start_) return;
  const auto now_tick = static_cast<std::uint64_t>((now - start_) / slot_width);
  while (current_ < now_tick) {
    // After a long sleep every slot is looked at once, not once for each missed tick.
    if (now_tick - current_ > slot_count) current_ = now_tick - slot_count;
    ++current_;
    IntrusiveList<Timer> due;
    due.splice(slots_[current_ % slot_count]);
    while (Timer* timer = due.pop_front()) {
      if (!timer->is_armed()) continue;
      if (timer->deadline_ > now) {
        link(*timer);
        continue;
      }
      timer->disarm();
      timer->on_timer();
    }
  }
}

}  // namespace pintle::net
