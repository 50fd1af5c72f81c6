// The client's side of one exchange, whatever protocol it speaks: a connection of HTTP/1, or a stream of HTTP/2 that
// reads and writes as one (docs/decisions/0007).
//  - guarantees: what waits for the client is watched for a stall (req 44); what it may still have sent is remembered
//    until a read comes back short.
//  - leaves to its two kinds: how requests begin, what becomes of the connection or the stream after one.
// Worker thread.
#pragma once
#include <cstdint>
#include <span>

#include <pintle/http/refusal.hpp>
#include <pintle/route/table.hpp>

#include "dataplane/net/outlet.hpp"
#include "dataplane/net/read_buffer.hpp"
#include "dataplane/net/session.hpp"
#include "dataplane/observe/record.hpp"
#include "dataplane/proxy/shared.hpp"

namespace pintle::proxy {

/// What becomes of the connection when an exchange has ended. A stream ends in each case, and is reset by Cut.
enum class After : std::uint8_t {
  KeepAlive,
  Close,   ///< as the client has asked; it has sent all of its request
  Linger,  ///< close; the client may still be sending: its bytes are dropped for a moment, so that it can read the
           ///< answer
  Cut      ///< the answer is incomplete and must not look otherwise
};

/// The end of a session's connection: off the poller, closed or (Cut) reset, counted as closed.
void close_connection(net::Session& session, net::Connection& connection, After after, observe::SocketSlot slot);

/// The listener that SNI chose, as it is in a generation; found once for each.
class HandshakeListener {
 public:
  /// nullptr: it is gone.
  [[nodiscard]] const route::Listener* find(const net::Connection& connection, const runtime::Compiled& compiled,
                                            const route::PortTable& table);

 private:
  Generation generation_{};
  const route::Listener* listener_ = nullptr;
};

/// A head, or a whole connection, that was refused before there was an exchange.
struct Refused {
  http::Refusal refusal;
  http::Version version = http::Version::Http11;
  Monotonic started;
  bool sent = false;     ///< the client got an answer
  std::size_t body = 0;  ///< bytes of its body
};
/// Its record.
void report_refused(const net::WorkerContext& context, const Refused& refused, const net::BoundSocket& socket,
                    const net::Connection& connection);

class Downstream {
 public:
  Downstream(const Downstream&) = delete;
  Downstream& operator=(const Downstream&) = delete;

  /// Of the messages.
  [[nodiscard]] net::Connection& connection() noexcept { return connection_; }
  /// The one with a socket: facts of the peer and of TLS.
  [[nodiscard]] const net::Connection& carrier() const noexcept { return *carrier_; }
  [[nodiscard]] const net::BoundSocket& bound_socket() const noexcept { return *bound_socket_; }
  [[nodiscard]] net::ReadBuffer& input() noexcept { return input_; }
  [[nodiscard]] net::Outlet& outlet() noexcept { return outlet_; }
  /// There may be something to read; told by an edge, so it is remembered until a read comes back short.
  [[nodiscard]] bool is_readable() const noexcept { return readable_; }
  [[nodiscard]] net::IoResult read(std::span<char> into);
  /// For who reads the socket without read(): nothing waits in it.
  void on_drained() noexcept { readable_ = false; }
  /// Tells the present state once more in the next turn, for who stopped reading before it was drained.
  virtual void rearm() noexcept = 0;
  /// Sends towards the client; what waits is watched for a stall. False: the client is gone.
  [[nodiscard]] bool send(std::span<const iovec> pieces);
  /// The same for what `from` has received, uncopied: Outlet::pass().
  [[nodiscard]] net::Passed pass(const net::Connection& from, net::Pipe pipe, std::size_t most);
  [[nodiscard]] bool keep_alive_allowed() const noexcept { return !draining_ && shared_.context.keep_alive_allowed(); }
  /// TLS: the listener that SNI chose, as it is in this generation; nullptr if it is gone.
  [[nodiscard]] virtual const route::Listener* find_tls_listener(const runtime::Compiled& compiled,
                                                                 const route::PortTable& table) = 0;
  /// The exchange is over and may be used again.
  virtual void end_exchange(After after) = 0;

 protected:
  struct Place {
    Shared& shared;
    const net::BoundSocket& socket;
    const net::Connection* carrier = nullptr;  ///< null: `connection` itself
  };
  Downstream(const Place& place, net::Connection&& connection);
  ~Downstream() = default;

  void report(const Refused& refused) { report_refused(shared_.context, refused, *bound_socket_, *carrier_); }
  void watch_stall();
  virtual void on_stall() = 0;

  Shared& shared_;
  net::Connection connection_;
  net::ReadBuffer input_;
  net::Outlet outlet_;
  bool readable_ = false;
  bool peer_closed_ = false;  ///< its last bytes are on the way: read on until Eof
  bool draining_ = false;
  net::MemberTimer<Downstream, &Downstream::on_stall> stall_{*this};

 private:
  const net::Connection* carrier_;
  const net::BoundSocket* bound_socket_;
};

}  // namespace pintle::proxy
