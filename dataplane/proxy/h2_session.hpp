// A downstream HTTP/2 connection: taken over from H1Session after ALPN or the preface, then frames both ways.
//
//   socket ── receive ──> http2::Session ── a head ──> H2Stream ── begins at the end of the read ──> Exchange
//   socket <── flush, once a turn ── http2::Session <── frames ── H2Stream <── answer ──┘
//
// Guarantees: what the exchanges of one turn write leaves in one send; a request that was reset in the read that
// brought it is not begun (req 47). Draining: GOAWAY twice, what has begun is finished (req 75). Deadlines of req 41,
// 43, 44. Owner: itself (net::Session). Worker thread.
#pragma once
#include <cstdint>
#include <memory>

#include "dataplane/http2/send_frames.hpp"
#include "dataplane/net/outlet.hpp"
#include "dataplane/net/session.hpp"
#include "dataplane/observe/record.hpp"
#include "dataplane/proxy/downstream.hpp"
#include "dataplane/proxy/shared.hpp"

namespace pintle::proxy {

class H2Stream;
struct BegunTag;
struct AgainTag;

class H2Session final : public net::Session, private http2::SessionUser {
 public:
  H2Session(Shared& shared, net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket,
            observe::SocketSlot slot);
  ~H2Session() override;
  /// Registers at the poller; `received`: what was read of the connection before. It may have ended when this returns.
  void start(std::span<const char> received);

  void drain() override;
  void close() override;
  [[nodiscard]] bool is_idle() const noexcept override { return http_.stream_count() == 0; }

  // For its streams.
  [[nodiscard]] const net::Connection& connection() const noexcept { return connection_; }
  [[nodiscard]] http2::Session& http() noexcept { return http_; }
  [[nodiscard]] HandshakeListener& tls_listener() noexcept { return tls_listener_; }
  /// Why requests that are cut now were cut.
  [[nodiscard]] Reason end_reason() const noexcept { return end_reason_; }
  void rearm(H2Stream& stream) noexcept;
  void on_stream_over(H2Stream& stream) noexcept;
  void on_served() noexcept { note_served(); }

 private:
  enum class State : std::uint8_t { Open, Lingering, Ended };

  void on_events(std::uint32_t events) override;
  void on_request(std::int32_t id, http2::FieldBlock& block, http2::StreamEnd end) override;
  void on_output() override;
  void receive();
  void take(std::span<const char> bytes);
  void begin_streams();
  void on_flush_due();
  void flush();
  void on_deadline();
  void on_goaway_due();
  void on_stall() { finish(After::Cut); }
  void leave();
  void linger();
  void finish(After after);
  void report_doom();

  Shared& shared_;
  net::Connection connection_;
  net::Outlet outlet_;
  http2::Session http_;
  HandshakeListener tls_listener_;
  net::IntrusiveList<H2Stream, BegunTag> begun_;
  net::IntrusiveList<H2Stream, AgainTag> again_;
  observe::SocketSlot slot_;
  std::uint32_t requests_ = 0;
  State state_ = State::Open;
  bool readable_ = false;
  bool peer_closed_ = false;
  bool leaving_ = false;  ///< the first GOAWAY went out
  bool in_block_ = false;
  bool flush_due_ = false;  ///< in the next turn
  http2::FlushBudget flushes_;
  Reason end_reason_ = Reason::ClientClosed;
  net::MemberTimer<H2Session, &H2Session::on_deadline> deadline_{*this};  ///< of a head, of idling, of lingering
  net::MemberTimer<H2Session, &H2Session::on_goaway_due> goaway_{*this};
  net::MemberTimer<H2Session, &H2Session::on_stall> stall_{*this};
  net::MemberTask<H2Session, &H2Session::on_flush_due> flush_later_{*this};
};

}  // namespace pintle::proxy
