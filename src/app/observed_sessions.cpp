#include "src/app/observed_sessions.hpp"

#include <utility>

namespace pintle::app {
namespace {

class ObservedSessions final : public net::SessionFactory, private net::ApplyObserver {
 public:
  ObservedSessions(net::WorkerContext& context, observe::Metrics& metrics,
                   const std::optional<observe::AccessLogSettings>& log, const worker::MakeSessions& make_sessions)
      : context_(context), observer_(metrics, log) {
    context_.observe = &observer_;
    observer_.on_wake([this] { keep_ticking(); });
    context_.apply_observers.push_back(*this);
    sessions_ = make_sessions(context_);
  }
  ~ObservedSessions() override {
    sessions_.reset();  // pools still count what they close
    context_.observe = nullptr;
  }
  ObservedSessions(const ObservedSessions&) = delete;
  ObservedSessions& operator=(const ObservedSessions&) = delete;

  void start(net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket) override {
    keep_ticking();
    sessions_->start(std::move(connection), std::move(socket));
  }
  std::unique_ptr<net::DatagramPort> open(net::UniqueFd fd,
                                          const std::shared_ptr<const net::BoundSocket>& socket) override {
    return sessions_->open(std::move(fd), socket);
  }

 private:
  void on_apply(const net::SnapshotRef& /*previous*/, const net::SnapshotRef& current) override {
    observer_.on_apply(*current);
  }
  void keep_ticking() {
    was_busy_ = true;
    if (!tick_.is_armed()) context_.arm_after(tick_, observe::AccessLog::interval);
  }
  void on_tick() {
    observer_.on_turn_end(context_.now());
    const bool busy = context_.session_count + context_.flow_count > 0;
    // What the last session wrote may be younger than the interval: one more tick after it.
    if (busy || std::exchange(was_busy_, busy)) context_.arm_after(tick_, observe::AccessLog::interval);
  }

  net::WorkerContext& context_;
  observe::WorkerObserver observer_;
  bool was_busy_ = true;
  net::MemberTimer<ObservedSessions, &ObservedSessions::on_tick> tick_{*this};
  std::unique_ptr<net::SessionFactory> sessions_;
};

}  // namespace

worker::MakeSessions observe_sessions(worker::MakeSessions make_sessions, observe::Metrics& metrics,
                                      std::optional<observe::AccessLogSettings> log) {
  return [make_sessions = std::move(make_sessions), &metrics,
          log = std::move(log)](net::WorkerContext& context) -> std::unique_ptr<net::SessionFactory> {
    return std::make_unique<ObservedSessions>(context, metrics, log, make_sessions);
  };
}

}  // namespace pintle::app
