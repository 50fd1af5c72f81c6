// One connection of a client and the one to a backend that it is joined with.
//
//   Handshake (where TLS ends here) ──> Connecting ── connected ──> Relaying ── both ends said, or a fault ──> ended
//                                          │  ^ refused: another endpoint, a few times
//                                          └──┘
//
// Guarantees: nothing is read of a client before its backend is connected; each direction ends by itself (FIN passes
// on, the other goes on); at most one read of each direction waits for a peer that does not take it; a connection that
// was cut ends with RST on the other side too, so nothing that is incomplete looks whole. Owner: itself (net::Session).
// Worker thread.
#pragma once
#include <string>

#include "dataplane/l4/choice.hpp"
#include "dataplane/l4/shared.hpp"
#include "dataplane/net/outlet.hpp"
#include "dataplane/net/session.hpp"
#include "dataplane/observe/record.hpp"

namespace pintle::l4 {

class TcpSession final : public net::Session, private upstream::LinkUser {
 public:
  /// `sni`: what a ClientHello said, which is still unread; empty for TCP.
  TcpSession(Shared& shared, net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket,
             std::string sni);
  /// Registers at the poller; the session may have ended when it returns.
  void start();

  void drain() override;
  void close() override;
  /// It has carried nothing yet.
  [[nodiscard]] bool is_idle() const noexcept override {
    return state_ == State::Handshake || (state_ == State::Relaying && up_.bytes + down_.bytes == 0);
  }

 private:
  enum class State : std::uint8_t { Handshake, Connecting, Relaying, Ended };
  /// Bytes of one direction.
  struct Flow {
    explicit Flow(net::BufferPool& pool) noexcept : outlet(pool) {}
    net::Outlet outlet;  ///< what its receiver did not take
    std::uint64_t bytes = 0;
    bool readable = false;     ///< its sender may have something: told by an edge, remembered until a read is short
    bool peer_closed = false;  ///< the sender's last bytes are on the way
    bool ended = false;        ///< and were passed on, with the end
    bool bulk = false;         ///< the last read was full: the next ones go through a pipe
  };
  enum class Moved : std::uint8_t { Nothing, More, Ended };

  void on_events(std::uint32_t events) override;
  void on_link_open(upstream::Link& link) override;
  void on_link_failed(Reason reason, std::string_view detail) override;
  void on_link_events(std::uint32_t events) override;
  [[nodiscard]] std::shared_ptr<const runtime::Certificate> certificate() const override {
    return choice_.listener->client_certificate;
  }
  void on_deadline();
  void shake_hands();
  void report_handshake(observe::HandshakeResult result);
  void connect(Reason reason = Reason::Internal, std::string_view detail = {});
  void pump();
  [[nodiscard]] bool flush(Flow& flow, net::Connection& to, Reason on_failure);
  /// False: the session has ended.
  [[nodiscard]] bool move_all(Flow& flow, net::Connection& from, net::Connection& to);
  [[nodiscard]] Moved move(Flow& flow, net::Connection& from, net::Connection& to);
  [[nodiscard]] Moved pass(Flow& flow, net::Connection& from, net::Connection& to, net::Pipe pipe);
  [[nodiscard]] Moved take_read(Flow& flow, const net::IoResult& read, net::Connection& to);
  [[nodiscard]] Reason fault_of(const net::Connection& connection) const noexcept;
  void refuse(Reason reason, std::string_view detail);
  void cut(Reason reason, std::string_view detail);
  enum class Ending : std::uint8_t { Graceful, Cut };
  void finish(Ending ending, Reason reason, std::string_view detail);
  void record(Reason reason, std::string_view detail);

  Shared& shared_;
  net::Connection connection_;
  std::string sni_;
  Choice choice_;
  upstream::Link* link_ = nullptr;
  runtime::SocketAddress upstream_address_;
  Flow up_;    ///< client to backend
  Flow down_;  ///< backend to client
  Monotonic opened_;
  std::optional<observe::Nanos> connect_time_;
  observe::SocketSlot slot_{};
  State state_ = State::Connecting;
  std::uint8_t attempts_ = 0;
  bool leaving_ = false;  ///< the deadline is that of a listener that is gone
  net::MemberTimer<TcpSession, &TcpSession::on_deadline> deadline_{*this};
};

}  // namespace pintle::l4
