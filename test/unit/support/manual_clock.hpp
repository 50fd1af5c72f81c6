// A clock that stands still until a test moves it.
#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "controller/kube/clock.hpp"

namespace pintle::kube::testing {

class ManualClock final : public Clock {
 public:
  [[nodiscard]] Monotonic now() const override { return now_; }

  [[nodiscard]] Alarm after(Millis delay, std::function<void()> call) override {
    auto due = std::make_shared<Due>(Due{.at = now_ + delay, .call = std::move(call)});
    due_.push_back(due);
    return Alarm(std::make_unique<Held>(std::move(due)));
  }

  /// Makes every call that is due until then, in order, each at its time.
  void advance(Millis by) {
    const Monotonic end = now_ + by;
    while (const auto next = take_first(end)) {
      now_ = std::max(now_, next->at);
      next->call();
    }
    now_ = end;
  }
  /// What is due now: the next turns of the event loop.
  void turn() { advance(Millis{0}); }

  /// Until the next call; nullopt when none is waited for.
  [[nodiscard]] std::optional<Millis> next_in() {
    forget_dropped();
    if (due_.empty()) return std::nullopt;
    Monotonic first = Monotonic::max();
    for (const auto& weak : due_)
      if (const auto due = weak.lock()) first = std::min(first, due->at);
    return std::chrono::duration_cast<Millis>(first - now_);
  }

 private:
  struct Due {
    Monotonic at;
    std::function<void()> call;
  };
  struct Held final : Alarm::Pending {
    explicit Held(std::shared_ptr<Due> held) : due(std::move(held)) {}
    std::shared_ptr<Due> due;
  };

  void forget_dropped() {
    std::erase_if(due_, [](const auto& weak) { return weak.expired(); });
  }
  std::shared_ptr<Due> take_first(Monotonic end) {
    forget_dropped();
    auto first = due_.end();
    for (auto at = due_.begin(); at != due_.end(); ++at)
      if (at->lock()->at <= end && (first == due_.end() || at->lock()->at < first->lock()->at)) first = at;
    if (first == due_.end()) return nullptr;
    auto due = first->lock();
    due_.erase(first);
    return due;
  }

  Monotonic now_ = Monotonic{} + std::chrono::hours(1);
  std::vector<std::weak_ptr<Due>> due_;
};

}  // namespace pintle::kube::testing
