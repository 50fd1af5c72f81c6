// A coarse timer wheel: 100 ms a slot. Pure: time comes in through advance(), so tests use a manual clock.
//
//   slots_[0..511]  each a list of Timers; a Timer hangs in the slot of the deadline it had when it was linked
//
// Arming is a store: a deadline that moves later (the usual case: activity) or away only changes Timer::deadline_; the
// timer is looked at when its old slot comes up and then moved on. Only a deadline that moves earlier relinks.
// A timer fires at its deadline or up to one slot (plus the loop's delay) after it, never before. No heap. Worker
// thread.
#pragma once
#include <array>
#include <cstdint>
#include <functional>

#include <pintle/base/clock.hpp>

#include "dataplane/net/intrusive_list.hpp"

namespace pintle::net {

class TimerWheel;

class Timer : public ListHook<Timer> {
 public:
  /// Fired once for each arm; may re-arm itself. Not called after disarm() or destruction.
  virtual void on_timer() = 0;
  [[nodiscard]] bool is_armed() const noexcept { return deadline_ != Monotonic::max(); }
  [[nodiscard]] Monotonic deadline() const noexcept { return deadline_; }
  void disarm() noexcept { deadline_ = Monotonic::max(); }

 protected:
  ~Timer() = default;

 private:
  friend class TimerWheel;
  Monotonic deadline_ = Monotonic::max();
  std::uint64_t tick_ = 0;  ///< of the slot it hangs in
};

/// A Timer that calls a member function: `MemberTimer<Session, &Session::on_head_timeout> timer{*this};`
template <class Owner, void (Owner::*Method)()>
class MemberTimer final : public Timer {
 public:
  explicit MemberTimer(Owner& owner) noexcept : owner_(owner) {}
  void on_timer() override { (owner_.*Method)(); }

 private:
  Owner& owner_;
};

class TimerWheel {
 public:
  static constexpr Millis slot_width{100};
  static constexpr std::size_t slot_count = 512;

  explicit TimerWheel(Monotonic start) noexcept : start_(start) {}

  /// Replaces the timer's deadline.
  void arm(Timer& timer, Monotonic deadline) noexcept {
    timer.deadline_ = deadline;
    if (!timer.is_linked() || tick_at(deadline) < timer.tick_) link(timer);
  }
  /// Fires all that is due at `now`. Timers may arm, disarm and destroy any timer meanwhile.
  void advance(Monotonic now);
  /// True if no timer hangs in the wheel: no ticks are needed.
  [[nodiscard]] bool empty() const noexcept { return linked_slots_empty(); }
  /// Called when a timer is linked into an empty wheel: the driver starts ticking.
  void on_wake(std::function<void()> wake) { wake_ = std::move(wake); }
  /// The driver's word that ticks stop until the next wake.
  void sleep() noexcept { asleep_ = true; }

 private:
  [[nodiscard]] std::uint64_t tick_at(Monotonic time) const noexcept;  ///< first tick not before `time`
  [[nodiscard]] bool linked_slots_empty() const noexcept;
  void link(Timer& timer) noexcept;

  Monotonic start_;
  std::uint64_t current_ = 0;  ///< ticks up to this one have been fired
  bool asleep_ = true;
  std::function<void()> wake_;
  std::array<IntrusiveList<Timer>, slot_count> slots_;
};

}  // namespace pintle::net
