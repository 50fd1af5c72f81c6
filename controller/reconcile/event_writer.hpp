// Sends events, as far as that goes: one at a time, at most `waiting` behind it, none again.
//  - threads: the control thread.
#pragma once
#include <deque>
#include <functional>
#include <span>
#include <string>

#include "controller/kube/api.hpp"
#include "controller/kube/authority.hpp"
#include "controller/reconcile/events.hpp"

namespace pintle::reconcile {

class EventWriter {
 public:
  struct Ports {
    kube::Api& api;
    const kube::Authority& authority;
    std::function<Now()> clock;
  };
  EventWriter(Ports ports, Reporter reporter, EventLimits limits = {});
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  /// Call it before the patches are written: `previous` is what the objects said.
  void tell(std::span<const status::StatusPatch> patches, const status::Statuses& previous);
  [[nodiscard]] std::size_t lost() const noexcept { return lost_; }  ///< for a metric

 private:
  static constexpr std::size_t most_waiting = 64;
  void send_next();
  void on_answer(const Result<kube::Response>& answer);

  Ports ports_;
  Reporter reporter_;
  EventLimits limits_;
  std::deque<EventWrite> waiting_;  ///< the first is under way while busy_
  kube::Call call_;
  bool busy_ = false;
  std::size_t lost_ = 0;
};

}  // namespace pintle::reconcile
