// A downstream HTTP/1 connection: handshake, heads one after another, what follows each exchange.
//
//   Handshake ──> Head ──head complete──> Exchange ──> Flushing ──> Head (keep-alive)
//                   │ refused                                  ├──> Lingering (unread input is dropped) ──> closed
//                   │                                          └──> closed, if the client has asked for it and is
//                   silent └────────> answer ──> Flushing ──> Lingering
//
// Guarantees: requests are answered in order, the next head is looked at when the exchange before it has ended (req
// 15); after our own `Connection: close` nothing more is read as a request (req 16); an idle connection owns no buffer.
// Draining: what has begun is finished; a connection that has never carried a request gets a moment to send one.
// Deadlines of req 40, 41, 43, 44. Owner: itself (net::Session). Worker thread.
#pragma once
#include <cstdint>
#include <memory>

#include "dataplane/http1/head_parser.hpp"
#include "dataplane/net/session.hpp"
#include "dataplane/observe/record.hpp"
#include "dataplane/proxy/downstream.hpp"

namespace pintle::proxy {

class H1Session final : public net::Session, public Downstream {
 public:
  H1Session(Shared& shared, net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket);
  ~H1Session() override;
  /// Registers at the poller; the session may have ended when it returns.
  void start();

  void drain() override;
  void close() override;
  [[nodiscard]] bool is_idle() const noexcept override;

  // Downstream
  void rearm() noexcept override { context().poller.rearm(connection_.descriptor(), *this); }
  [[nodiscard]] const route::Listener* find_tls_listener(const runtime::Compiled& compiled,
                                                         const route::PortTable& table) override {
    return tls_listener_.find(connection_, compiled, table);
  }
  /// The next head is looked at later in the turn.
  void end_exchange(After after) override;

 private:
  enum class State : std::uint8_t { Handshake, Head, Exchange, Flushing, Lingering, Ended };

  void on_events(std::uint32_t events) override;
  void on_deadline();
  void on_stall() override;
  void advance();
  /// Each true if there may be more to do in this turn.
  [[nodiscard]] bool step();
  [[nodiscard]] bool shake_hands();
  [[nodiscard]] bool read_head();
  [[nodiscard]] bool fill();
  [[nodiscard]] bool drop_input();
  /// The connection turned out to speak HTTP/2: it is H2Session's from now on.
  void hand_over();
  [[nodiscard]] bool is_preface() const noexcept;
  void begin_exchange(const http1::ParseResult& parsed);
  void refuse(const http::Refusal& refusal);
  void leave_exchange() noexcept;
  void after_flush();
  void wait_for_next();
  [[nodiscard]] bool is_silent() const noexcept;
  void leave_idle();
  void linger();
  void finish(After after);
  void report_handshake(observe::HandshakeResult result);

  http1::RequestHeadParser parser_;
  Exchange* exchange_ = nullptr;  ///< of the pool; also holds a head that is not complete yet
  Monotonic opened_;
  Monotonic head_started_{};
  observe::SocketSlot slot_{};
  State state_ = State::Handshake;
  After after_ = After::KeepAlive;
  bool advancing_ = false;
  bool head_waits_ = false;  ///< the head did not come in one piece: its deadline runs
  bool unused_ = true;       ///< no head has come yet
  HandshakeListener tls_listener_;
  net::MemberTimer<H1Session, &H1Session::on_deadline> deadline_{*this};
  net::MemberTask<H1Session, &H1Session::advance> advance_later_{*this};
};

}  // namespace pintle::proxy
