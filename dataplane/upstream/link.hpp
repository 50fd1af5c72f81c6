// The socket of a Link and its states.
//
//   Connecting ── connected ──> InUse <── acquire ── Idle
//       │                        │  └──── release ───^ │ any byte, EOF (req 19), idle timeout
//       └── refused, deadline ───┴─ abandon ─> Closed <┘   freed at the end of the turn, never inside its own event
#pragma once
#include <cstdint>

#include "dataplane/net/connection.hpp"
#include "dataplane/net/intrusive_list.hpp"
#include "dataplane/net/poller.hpp"
#include "dataplane/net/timer_wheel.hpp"
#include "dataplane/upstream/endpoint.hpp"
#include "dataplane/upstream/upstream.hpp"

namespace pintle::upstream {

class PooledLink final : public Link,
                         public net::EventSink,
                         public net::TurnTask,
                         public net::ListHook<OwnedTag>,
                         public net::ListHook<IdleTag> {
 public:
  /// `connection` was just asked to connect, on behalf of `user`.
  PooledLink(Endpoint& endpoint, net::Connection&& connection, LinkUser& user) noexcept;
  ~PooledLink();

  /// Begins to listen to its socket; on an Error the link is of no use and may be deleted at once.
  [[nodiscard]] Result<void> start();
  /// Idle: `user` has it now. False: something came in meanwhile, it is closed.
  [[nodiscard]] bool reuse(LinkUser& user);
  /// In use: back into the pool, or closed.
  void release(Unread unread) override;
  void close() noexcept override;
  void rearm() noexcept override;
  [[nodiscard]] std::chrono::nanoseconds connect_time() const noexcept override;

 private:
  enum class State : std::uint8_t { Connecting, InUse, Idle, Closed };

  void on_events(std::uint32_t events) override;
  void on_turn_end() override { endpoint_.bury(*this); }
  void on_deadline();
  void finish_connect(std::uint32_t events);
  void fail(std::string_view detail);
  [[nodiscard]] bool is_clean(Unread unread) noexcept;
  void count_busy(std::int32_t change);

  Endpoint& endpoint_;
  LinkUser* user_;  ///< while Connecting or InUse
  State state_ = State::Connecting;
  bool peer_closed_ = false;
  Monotonic started_;
  Millis connect_timeout_;
  Monotonic opened_{};
  net::MemberTimer<PooledLink, &PooledLink::on_deadline> deadline_{*this};  ///< of connecting, then of idling
};

}  // namespace pintle::upstream
