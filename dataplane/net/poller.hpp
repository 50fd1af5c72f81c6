// The event loop of a worker's sockets: an edge-triggered epoll instance of our own. Every descriptor is registered
// once for EPOLLIN|EPOLLRDHUP|EPOLLOUT and never re-armed. loop.hpp waits in it.
//
// A turn = one epoll_wait and the callbacks of its events, then:
//   1. flush: every task given to flush_later() runs, those added meanwhile too (sessions with output write it once)
//   2. reap:  every task given to reap_later() runs (the dead are freed, never inside an event's own callback chain)
// Guarantees: no heap per event; after remove() on_events is not called again, not even for events already fetched.
// Edge-triggered: an event is told once. Whoever was told reads until WouldBlock or a short read, and after EPOLLRDHUP
// until Eof; whoever met WouldBlock while writing waits for EPOLLOUT. The first event after add() tells the state there
// is. One thread: the worker's.
#pragma once
#include <cstdint>
#include <memory>

#include <pintle/base/clock.hpp>
#include <pintle/base/error.hpp>

#include "dataplane/net/intrusive_list.hpp"
#include "dataplane/net/unique_fd.hpp"

struct epoll_event;

namespace pintle::net {

/// Bits of `events` below are those of <sys/epoll.h>; named here so that sessions need no system header.
inline constexpr std::uint32_t event_readable = 0x001;      ///< EPOLLIN
inline constexpr std::uint32_t event_writable = 0x004;      ///< EPOLLOUT
inline constexpr std::uint32_t event_error = 0x008;         ///< EPOLLERR
inline constexpr std::uint32_t event_hangup = 0x010;        ///< EPOLLHUP
inline constexpr std::uint32_t event_peer_closed = 0x2000;  ///< EPOLLRDHUP: read until Eof

class EventSink {
 public:
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  ~EventSink() = default;

 private:
  friend class Poller;
  std::uint64_t fetched_in_ = 0;  ///< last batch with an event for it, 0 once that was told
};

/// Work for the end of the turn. Hangs in at most one of the two lists; destroying it takes it out.
class TurnTask : public ListHook<TurnTask> {
 public:
  virtual void on_turn_end() = 0;

 protected:
  ~TurnTask() = default;
};

/// A TurnTask that calls a member function: `MemberTask<Session, &Session::flush_output> flush{*this};`
template <class Owner, void (Owner::*Method)()>
class MemberTask final : public TurnTask {
 public:
  explicit MemberTask(Owner& owner) noexcept : owner_(owner) {}
  void on_turn_end() override { (owner_.*Method)(); }

 private:
  Owner& owner_;
};

class Poller {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Poller>> make();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  [[nodiscard]] Result<void> add(int fd, EventSink& sink);
  /// Tells the present state once more in the next turn, for who stopped before WouldBlock.
  void rearm(int fd, EventSink& sink) noexcept;
  /// Call before closing the descriptor.
  void remove(int fd, EventSink& sink) noexcept;
  /// The same for who closes its descriptor right away and has no duplicate of it: the kernel then takes it out itself.
  void forget(EventSink& sink) noexcept;

  /// An event of this turn waits to be told to `sink`.
  [[nodiscard]] bool has_pending_event(const EventSink& sink) const noexcept {
    return sink.fetched_in_ == batch_number_ && is_in_batch(sink);
  }

  void flush_later(TurnTask& task) noexcept { flush_.push_back(task); }
  void reap_later(TurnTask& task) noexcept { reap_.push_back(task); }

  /// Time of the current turn: one clock read a turn, good enough for deadlines.
  [[nodiscard]] Monotonic now() const noexcept { return now_; }
  /// Whoever enters the worker by another way than an event (timer, posted call) brackets its work with these two.
  void begin_turn() noexcept;
  void end_turn();

  /// Takes turns without waiting until nothing is ready, but at most `max_turns`; for tests. False: something may still
  /// be ready.
  bool drain(unsigned max_turns);
  /// One turn, waiting for an event, with `no_limit` for ever. Returns how many events there were.
  static constexpr Millis no_limit{-1};
  unsigned wait(Millis timeout);

 private:
  explicit Poller(UniqueFd epoll);
  unsigned turn(int timeout_ms);
  [[nodiscard]] bool is_in_batch(const EventSink& sink) const noexcept;

  static constexpr unsigned batch_size = 256;
  UniqueFd epoll_;
  std::unique_ptr<epoll_event[]> batch_;
  unsigned batch_next_ = 0;  ///< first event not yet delivered
  unsigned batch_end_ = 0;
  std::uint64_t batch_number_ = 0;
  Monotonic now_{};
  IntrusiveList<TurnTask> flush_;
  IntrusiveList<TurnTask> reap_;
};

}  // namespace pintle::net
