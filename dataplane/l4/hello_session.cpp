#include "dataplane/l4/hello_session.hpp"

#include <cerrno>
#include <sys/socket.h>

#include "dataplane/l4/choice.hpp"
#include "dataplane/l4/tcp_session.hpp"
#include "dataplane/net/tls.hpp"
#include "dataplane/observe/record.hpp"

namespace pintle::l4 {

HelloSession::HelloSession(Shared& shared, net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket)
    : Session(shared.context, socket),
      shared_(shared),
      bound_(std::move(socket)),
      connection_(std::move(connection)),
      opened_(shared.context.now()) {}

void HelloSession::start() {
  if (!context().poller.add(connection_.descriptor(), *this))
    return refuse(Reason::Overload, "cannot watch the socket");
  context().arm_after(deadline_, shared_.settings.hello);
}

void HelloSession::drain() { refuse(Reason::Draining, {}); }
void HelloSession::close() { refuse(context().draining ? Reason::Draining : Reason::Overload, {}); }
void HelloSession::on_deadline() { refuse(Reason::RequestTimeout, "no whole ClientHello came in time"); }

void HelloSession::on_events(std::uint32_t events) {
  if (ended_) return;
  constexpr std::uint32_t end = net::event_peer_closed | net::event_error | net::event_hangup;
  if ((events & end) != 0) peer_closed_ = true;
  if ((events & (net::event_readable | end)) != 0) look();
}

std::optional<net::ClientHello> HelloSession::peek() {
  auto loan = shared_.context.scratch.borrow();
  const std::span<char> room = loan.span().first(net::max_client_hello);
  ssize_t n = 0;
  do {
    n = ::recv(connection_.descriptor(), room.data(), room.size(), MSG_PEEK);
  } while (n < 0 && errno == EINTR);
  if (n == 0 || (n < 0 && errno != EAGAIN)) return std::nullopt;
  return net::find_client_hello({room.data(), n < 0 ? std::size_t{0} : static_cast<std::size_t>(n)});
}

void HelloSession::look() {
  const std::optional<net::ClientHello> found = peek();
  if (!found) return refuse(Reason::ClientClosed, "the client left before its ClientHello");
  const net::ClientHello& hello = *found;
  switch (hello.progress) {
    case net::HelloProgress::More:
      if (peer_closed_) return refuse(Reason::ClientClosed, "the client left inside its ClientHello");
      return wait_for(hello.wanted);
    case net::HelloProgress::Malformed:
      return refuse(Reason::BadRequest, "the client did not begin with a ClientHello");
    case net::HelloProgress::Complete:
      return hand_over(hello.sni);
  }
}

void HelloSession::wait_for(std::size_t bytes) {
  const int wanted = static_cast<int>(bytes);
  waits_for_more_ = ::setsockopt(connection_.descriptor(), SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof wanted) == 0;
}

void HelloSession::hand_over(std::string sni) {
  const auto listener = find_listener(context(), socket().id, sni);
  if (!listener) return refuse(Reason::NoListener, "no listener has the server name", sni);
  // Nobody else reads this port's bytes: where no route has the name, the connection ends without an alert too.
  const bool passes = listener->protocol == route::Protocol::TlsPassthrough;
  net::Connection connection = leave();
  if (!passes && !net::attach_tls(context(), *bound_, connection)) return;
  if (listener->protocol == route::Protocol::Https) return shared_.http->start(std::move(connection), bound_);
  // Owns itself: net::Session.
  (new TcpSession(shared_, std::move(connection), bound_, std::move(sni)))->start();
}

/// Ends the session; the connection goes on.
net::Connection HelloSession::leave() {
  ended_ = true;
  deadline_.disarm();
  context().poller.remove(connection_.descriptor(), *this);
  if (waits_for_more_) {
    const int any = 1;
    ::setsockopt(connection_.descriptor(), SOL_SOCKET, SO_RCVLOWAT, &any, sizeof any);
  }
  end();
  return std::move(connection_);
}

void HelloSession::refuse(Reason reason, std::string_view detail, std::string_view sni) {
  if (ended_) return;
  if (auto* observe = context().observe) {
    const observe::SocketSlot slot = observe->on_connection_opened(socket().id);
    observe::ConnectionRecord made;
    made.client = connection_.peer();
    made.tls_server_name = sni;
    made.started = opened_;
    made.ended = context().now();
    made.reason = reason;
    made.reason_detail = detail;
    if (context().current) made.generation = context().current->generation;
    observe->on_connection(made);
    observe->on_connection_closed(slot);
  }
  leave().close();
}

}  // namespace pintle::l4
