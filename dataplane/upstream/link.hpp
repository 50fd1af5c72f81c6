// The socket of a Link and its states.
//
//   Connecting ── connected, over TLS the handshake done ──> InUse <── acquire ── Idle
//       │                        │  └──── release ───^ │ any byte, EOF (req 19), idle timeout
//       └── refused, deadline ───┴─ abandon ─> Closed <┘   freed at the end of the turn, never inside its own event
#pragma once
#include <cstdint>

#include "dataplane/net/connection.hpp"
#include "dataplane/net/intrusive_list.hpp"
#include "dataplane/net/poller.hpp"
#include "dataplane/net/timer_wheel.hpp"
#include "dataplane/net/tls_client.hpp"
#include "dataplane/upstream/endpoint.hpp"
#include "dataplane/upstream/upstream.hpp"

namespace pintle::upstream {

/// 0: no certificate.
[[nodiscard]] inline std::uint64_t fingerprint_of(const runtime::Certificate* certificate) noexcept {
  return certificate == nullptr ? 0 : certificate->fingerprint;
}

class PooledLink final : public Link,
                         public net::EventSink,
                         public net::TurnTask,
                         public net::ListHook<OwnedTag>,
                         public net::ListHook<IdleTag> {
 public:
  /// `connection` was just asked to connect, on behalf of `user`.
  PooledLink(Endpoint& endpoint, net::Connection&& connection, LinkUser& user, Reuse reuse) noexcept;
  ~PooledLink();

  /// Begins to listen to its socket; on an Error the link is of no use and may be deleted at once.
  [[nodiscard]] Result<void> start();
  /// Idle: `user` has it now. False: something came in meanwhile, it is closed.
  [[nodiscard]] bool reuse(LinkUser& user);
  [[nodiscard]] bool has_shown(const runtime::Certificate* certificate) const noexcept {
    return shown_ == fingerprint_of(certificate);
  }
  /// In use: back into the pool, or closed.
  void release(Unread unread) override;
  void close() noexcept override;
  void rearm() noexcept override;
  [[nodiscard]] std::chrono::nanoseconds connect_time() const noexcept override;

 private:
  enum class State : std::uint8_t { Connecting, Handshake, InUse, Idle, Closed };

  void on_events(std::uint32_t events) override;
  void on_turn_end() override { endpoint_.bury(*this); }
  void on_deadline();
  void finish_connect(std::uint32_t events);
  void begin_handshake(std::uint32_t events);
  void shake_hands(std::uint32_t events);
  void take_choice();
  void open(std::uint32_t events);
  void fail(Reason reason, std::string_view detail);
  [[nodiscard]] bool is_clean(Unread unread) noexcept;
  void count_busy(std::int32_t change);

  Endpoint& endpoint_;
  const net::TlsClientContext* tls_;  ///< null: without; of the service, which outlives it
  net::Alpn alpn_;
  LinkUser* user_;  ///< while Connecting or InUse
  State state_ = State::Connecting;
  bool peer_closed_ = false;
  std::uint64_t shown_ = 0;  ///< fingerprint of our certificate that the peer may have seen
  Monotonic started_;
  Millis connect_timeout_;
  Monotonic opened_{};
  net::MemberTimer<PooledLink, &PooledLink::on_deadline> deadline_{*this};  ///< of connecting, then of idling
};

}  // namespace pintle::upstream
