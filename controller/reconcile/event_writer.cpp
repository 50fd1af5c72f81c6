#include "controller/reconcile/event_writer.hpp"

#include <utility>

namespace pintle::reconcile {

EventWriter::EventWriter(Ports ports, Reporter reporter, EventLimits limits)
    : ports_(std::move(ports)), reporter_(std::move(reporter)), limits_(std::move(limits)) {}

void EventWriter::tell(std::span<const status::StatusPatch> patches, const status::Statuses& previous) {
  if (!ports_.authority.is_leader()) return;
  for (EventWrite& write : limits_.admit(derive_events(patches, previous), ports_.clock().steady)) {
    if (waiting_.size() < most_waiting)
      waiting_.push_back(std::move(write));
    else
      ++lost_;
  }
  send_next();
}

void EventWriter::send_next() {
  if (busy_ || waiting_.empty()) return;
  if (!ports_.authority.is_leader()) return waiting_.clear();
  const EventWrite& write = waiting_.front();
  kube::Request request;
  request.method = write.count == 1 ? kube::Method::Post : kube::Method::Patch;
  request.content_type = write.count == 1 ? kube::json_type : kube::merge_patch_type;
  request.path = event_path(write);
  request.body = event_text(write, reporter_, ports_.clock());
  busy_ = true;
  call_ = ports_.api.send(std::move(request), [this](const Result<kube::Response>& answer) { on_answer(answer); });
}

void EventWriter::on_answer(const Result<kube::Response>& answer) {
  busy_ = false;
  waiting_.pop_front();
  if (!answer || answer->status >= 300) ++lost_;
  send_next();
}

}  // namespace pintle::reconcile
