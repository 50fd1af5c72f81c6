#include "dataplane/net/poller.hpp"

#include <cerrno>
#include <cstring>
#include <sys/epoll.h>

#include <fmt/core.h>

namespace pintle::net {

static_assert(event_readable == EPOLLIN && event_writable == EPOLLOUT && event_error == EPOLLERR &&
              event_hangup == EPOLLHUP && event_peer_closed == EPOLLRDHUP);

namespace {

epoll_event interest(EventSink& sink) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &sink;
  return event;
}

}  // namespace

Result<std::unique_ptr<Poller>> Poller::make() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll)
    return make_error(ErrorCode::Exhausted, fmt::format("cannot create an epoll instance: {}", std::strerror(errno)));
  return std::unique_ptr<Poller>(new Poller(std::move(epoll)));
}

Poller::Poller(UniqueFd epoll)
    : epoll_(std::move(epoll)), batch_(new epoll_event[batch_size]), now_(std::chrono::steady_clock::now()) {}

Poller::~Poller() { end_turn(); }

Result<void> Poller::add(int fd, EventSink& sink) {
  epoll_event event = interest(sink);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return make_error(ErrorCode::Exhausted, fmt::format("cannot watch a socket: {}", std::strerror(errno)));
  return {};
}

void Poller::rearm(int fd, EventSink& sink) noexcept {
  epoll_event event = interest(sink);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Poller::remove(int fd, EventSink& sink) noexcept {
  epoll_event unused{};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &unused);
  forget(sink);
}

void Poller::forget(EventSink& sink) noexcept {
  for (unsigned i = batch_next_; i < batch_end_; ++i)
    if (batch_[i].data.ptr == &sink) batch_[i].data.ptr = nullptr;
}

/// The stamp says no for nearly every sink; where it says yes, the event may have been taken back by remove().
bool Poller::is_in_batch(const EventSink& sink) const noexcept {
  for (unsigned i = batch_next_; i < batch_end_; ++i)
    if (batch_[i].data.ptr == &sink) return true;
  return false;
}

void Poller::begin_turn() noexcept { now_ = std::chrono::steady_clock::now(); }

void Poller::end_turn() {
  while (TurnTask* task = flush_.pop_front()) task->on_turn_end();
  // The dying may give others work for the end of the turn, and take others with them.
  while (TurnTask* task = reap_.pop_front()) {
    task->on_turn_end();
    while (TurnTask* more = flush_.pop_front()) more->on_turn_end();
  }
}

unsigned Poller::turn(int timeout_ms) {
  const int ready = ::epoll_wait(epoll_.get(), batch_.get(), static_cast<int>(batch_size), timeout_ms);
  if (ready <= 0) return 0;
  begin_turn();
  batch_end_ = static_cast<unsigned>(ready);
  ++batch_number_;
  // Whoever asks for a pending event asks one sink: a stamp, not a walk over the batch for each request.
  for (unsigned i = 0; i < batch_end_; ++i) static_cast<EventSink*>(batch_[i].data.ptr)->fetched_in_ = batch_number_;
  for (batch_next_ = 0; batch_next_ < batch_end_;) {
    const epoll_event event = batch_[batch_next_++];
    auto* const sink = static_cast<EventSink*>(event.data.ptr);
    if (sink == nullptr) continue;
    sink->fetched_in_ = 0;
    sink->on_events(event.events);
  }
  batch_next_ = batch_end_ = 0;
  end_turn();
  return static_cast<unsigned>(ready);
}

bool Poller::drain(unsigned max_turns) {
  for (unsigned i = 0; i < max_turns; ++i)
    if (turn(0) == 0) return true;
  return false;
}

unsigned Poller::wait(Millis timeout) { return turn(static_cast<int>(timeout.count())); }

}  // namespace pintle::net
