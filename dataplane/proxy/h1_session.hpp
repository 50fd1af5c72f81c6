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

#include <pintle/route/table.hpp>

#include "dataplane/http1/head_parser.hpp"
#include "dataplane/net/outlet.hpp"
#include "dataplane/net/read_buffer.hpp"
#include "dataplane/net/session.hpp"
#include "dataplane/observe/record.hpp"
#include "dataplane/proxy/shared.hpp"

namespace pintle::proxy {

/// What becomes of the connection when an exchange has ended.
enum class After : std::uint8_t {
  KeepAlive,
  Close,   ///< as the client has asked; it has sent all of its request
  Linger,  ///< close; the client may still be sending: its bytes are dropped for a moment, so that it can read the
           ///< answer
  Cut      ///< the answer is incomplete and must not look otherwise
};

class H1Session final : public net::Session {
 public:
  H1Session(Shared& shared, net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket);
  ~H1Session() override;
  /// Registers at the poller; the session may have ended when it returns.
  void start();

  void drain() override;
  void close() override;
  [[nodiscard]] bool is_idle() const noexcept override;

  // For the exchange ------------------------------------------------------------------------------------------------
  [[nodiscard]] net::Connection& connection() noexcept { return connection_; }
  [[nodiscard]] net::ReadBuffer& input() noexcept { return input_; }
  [[nodiscard]] net::Outlet& outlet() noexcept { return outlet_; }
  /// The socket may have something; told by an edge, so it is remembered until a read comes back short.
  [[nodiscard]] bool is_readable() const noexcept { return readable_; }
  [[nodiscard]] net::IoResult read(std::span<char> into);
  /// For who reads the socket without read(): nothing waits in it.
  void on_drained() noexcept { readable_ = false; }
  /// Tells the socket's present state once more in the next turn, for who stopped reading before it was drained.
  void rearm() noexcept { context().poller.rearm(connection_.descriptor(), *this); }
  /// Sends towards the client; what waits is watched for a stall. False: the client is gone.
  [[nodiscard]] bool send(std::span<const iovec> pieces);
  /// The same for what `from` has received, uncopied: Outlet::pass().
  [[nodiscard]] net::Passed pass(const net::Connection& from, net::Pipe pipe, std::size_t most);
  [[nodiscard]] bool keep_alive_allowed() const noexcept { return !draining_ && context().keep_alive_allowed(); }
  /// TLS: the listener that SNI chose, as it is in this generation; nullptr if it is gone.
  [[nodiscard]] const route::Listener* find_tls_listener(const runtime::Compiled& compiled,
                                                         const route::PortTable& table);
  /// The exchange is over and may be used again. The next head is looked at later in the turn.
  void end_exchange(After after);

 private:
  enum class State : std::uint8_t { Handshake, Head, Exchange, Flushing, Lingering, Ended };

  void on_events(std::uint32_t events) override;
  void on_deadline();
  void on_stall();
  void watch_stall();
  void advance();
  /// Each true if there may be more to do in this turn.
  [[nodiscard]] bool step();
  [[nodiscard]] bool shake_hands();
  [[nodiscard]] bool read_head();
  [[nodiscard]] bool fill();
  [[nodiscard]] bool drop_input();
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

  Shared& shared_;
  net::Connection connection_;
  net::ReadBuffer input_;
  net::Outlet outlet_;
  http1::RequestHeadParser parser_;
  Exchange* exchange_ = nullptr;  ///< of the pool; also holds a head that is not complete yet
  Monotonic opened_;
  Monotonic head_started_{};
  observe::SocketSlot slot_{};
  State state_ = State::Handshake;
  After after_ = After::KeepAlive;
  bool readable_ = false;
  bool peer_closed_ = false;  ///< its last bytes are on the way: read on until Eof
  bool draining_ = false;
  bool advancing_ = false;
  bool head_waits_ = false;  ///< the head did not come in one piece: its deadline runs
  bool unused_ = true;       ///< no head has come yet
  Generation tls_generation_{};
  const route::Listener* tls_listener_ = nullptr;  ///< of tls_generation_
  net::MemberTimer<H1Session, &H1Session::on_deadline> deadline_{*this};
  net::MemberTimer<H1Session, &H1Session::on_stall> stall_{*this};
  net::MemberTask<H1Session, &H1Session::advance> advance_later_{*this};
};

}  // namespace pintle::proxy
