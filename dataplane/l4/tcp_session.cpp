#include "dataplane/l4/tcp_session.hpp"

#include <array>

#include "dataplane/net/tls.hpp"

namespace pintle::l4 {
namespace {

/// Reads of one direction in one event; then other connections have their turn.
constexpr unsigned reads_a_turn = 16;
constexpr std::size_t read_size = net::slow_reader_limit;
constexpr std::uint32_t gone = net::event_error | net::event_hangup;
constexpr std::uint32_t input = net::event_readable | net::event_peer_closed | gone;

}  // namespace

TcpSession::TcpSession(Shared& shared, net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket,
                       std::string sni)
    : Session(shared.context, std::move(socket)),
      shared_(shared),
      connection_(std::move(connection)),
      sni_(std::move(sni)),
      up_(shared.context.buffers),
      down_(shared.context.buffers),
      opened_(shared.context.now()) {}

void TcpSession::start() {
  if (context().observe != nullptr) slot_ = context().observe->on_connection_opened(socket().id);
  choice_ = choose(context(), socket().id, sni_);
  if (!context().poller.add(connection_.descriptor(), *this))
    return refuse(Reason::Overload, "cannot watch the socket");
  if (!choice_.endpoints) return refuse(choice_.reason, choice_.detail);  // not even a handshake
  if (connection_.is_tls()) {
    state_ = State::Handshake;
    context().arm_after(deadline_, shared_.settings.hello);
    return;  // the poller tells the state there is
  }
  connect();
}

void TcpSession::drain() {
  // The program goes away: it waits for those that end by themselves and closes the others. A listener alone: the
  // connection has some time left.
  if (context().draining || !socket().leaving || leaving_ || state_ == State::Ended) return;
  leaving_ = true;
  context().arm_after(deadline_, shared_.settings.leave);
}

void TcpSession::close() {
  cut(context().draining ? Reason::Draining : Reason::Overload, "the gateway closed the connection");
}

// ---- events ---------------------------------------------------------------------------------------------------------

void TcpSession::on_events(std::uint32_t events) {
  if (state_ == State::Ended) return;
  if ((events & (net::event_peer_closed | gone)) != 0) {
    up_.peer_closed = true;
    connection_.expect_end();
  }
  if ((events & input) != 0) {
    up_.readable = true;
    connection_.expect_input();  // they may have come while the backend was connected
  }
  if ((events & net::event_error) != 0) return cut(Reason::ClientClosed, "the client reset the connection");
  if (state_ == State::Handshake) return shake_hands();
  if (state_ == State::Relaying) pump();
}

void TcpSession::on_link_events(std::uint32_t events) {
  if ((events & (net::event_peer_closed | gone)) != 0) down_.peer_closed = true;
  if ((events & input) != 0) down_.readable = true;
  if ((events & net::event_error) != 0) return cut(Reason::UpstreamReset, "the backend reset the connection");
  pump();
}

void TcpSession::on_deadline() {
  if (leaving_) return cut(Reason::Draining, "the listener of the connection is gone");
  if (state_ != State::Handshake) return cut(Reason::RequestTimeout, "no byte went either way for too long");
  report_handshake(observe::HandshakeResult::TimedOut);
  refuse(Reason::RequestTimeout, "the TLS handshake took too long");
}

// ---- handshake, connecting ------------------------------------------------------------------------------------------

void TcpSession::shake_hands() {
  const net::IoResult result = connection_.handshake();
  if (result.status == net::IoStatus::WouldBlock) return;
  if (result.status != net::IoStatus::Ok) {
    report_handshake(observe::HandshakeResult::Failed);
    return refuse(Reason::BadRequest, "the TLS handshake failed");
  }
  report_handshake(observe::HandshakeResult::Ok);
  // The ClientHello was read twice, by us and by OpenSSL: both must have found the same listener.
  const net::TlsStream& tls = *connection_.tls();
  if (!choice_.listener || tls.listener_hostname() != choice_.listener->hostname)
    return refuse(Reason::NoListener, "the handshake ended at another listener");
  if (!leaving_) deadline_.disarm();
  up_.readable = true;  // the first bytes may have come with the last flight
  static_cast<void>(connection_.flush());
  connect();
}

void TcpSession::report_handshake(observe::HandshakeResult result) {
  if (context().observe == nullptr) return;
  std::string_view version = connection_.tls()->version();
  if (version.starts_with("TLSv")) version.remove_prefix(4);
  context().observe->on_tls_handshake(
      {.socket = slot_,
       .version = result == observe::HandshakeResult::Ok ? version : std::string_view{},
       .result = result,
       .resumption = connection_.tls()->resumed() ? observe::Resumption::Resumed : observe::Resumption::Full,
       .duration = context().now() - opened_});
}

/// `reason`, `detail`: of the try before, which say more than that no endpoint is left to try.
void TcpSession::connect(Reason reason, std::string_view detail) {
  state_ = State::Connecting;
  // Where TLS ends here a BackendTLSPolicy says how it goes on; bytes that were never ours to read pass as they are.
  const upstream::Reuse reuse =
      connection_.is_tls() && choice_.endpoints->tls ? upstream::Reuse::RawTls : upstream::Reuse::Raw;
  const upstream::Acquired acquired =
      shared_.upstreams->acquire(choice_.backend->backend, choice_.endpoints, *this, reuse);
  if (acquired.link == nullptr)
    return attempts_ > 0 ? refuse(reason, detail) : refuse(acquired.reason, acquired.detail);
  ++attempts_;
  link_ = acquired.link;
  upstream_address_ = link_->address();
  if (acquired.connected) on_link_open(*link_);
}

void TcpSession::on_link_open(upstream::Link& link) {
  connect_time_ = link.connect_time();
  state_ = State::Relaying;
  static_cast<void>(link.connection().flush());  // the end of a handshake: the backend may be the one to speak first
  pump();
}

void TcpSession::on_link_failed(Reason reason, std::string_view detail) {
  link_ = nullptr;
  if (attempts_ >= shared_.settings.most_attempts) return refuse(reason, detail);
  connect(reason, detail);
}

// ---- relaying -------------------------------------------------------------------------------------------------------

void TcpSession::pump() {
  net::Connection& backend = link_->connection();
  if (!flush(up_, backend, Reason::UpstreamReset) || !flush(down_, connection_, Reason::ClientClosed)) return;
  if (!move_all(up_, connection_, backend) || !move_all(down_, backend, connection_)) return;
  if (up_.ended && down_.ended && !up_.outlet.is_waiting() && !down_.outlet.is_waiting())
    return finish(Ending::Graceful, Reason::Upstream, {});
  if (!leaving_) context().arm_after(deadline_, shared_.settings.idle);
}

bool TcpSession::flush(Flow& flow, net::Connection& to, Reason on_failure) {
  if (!flow.outlet.is_waiting() || flow.outlet.flush(to) != net::Sent::Failed) return true;
  cut(on_failure, {});
  return false;
}

bool TcpSession::move_all(Flow& flow, net::Connection& from, net::Connection& to) {
  Moved moved = Moved::More;
  for (unsigned reads = 0; reads < reads_a_turn && moved == Moved::More; ++reads) moved = move(flow, from, to);
  if (moved == Moved::Ended) return false;
  if (moved == Moved::More) {
    if (&flow == &up_)
      context().poller.rearm(connection_.descriptor(), *this);
    else
      upstream::Upstreams::rearm(*link_);
  }
  return true;
}

TcpSession::Moved TcpSession::move(Flow& flow, net::Connection& from, net::Connection& to) {
  if (flow.ended || !flow.readable || flow.outlet.is_waiting()) return Moved::Nothing;
  if (flow.bulk && !from.is_tls() && !to.is_tls())
    if (net::Pipe pipe = context().pipes.take()) return pass(flow, from, to, std::move(pipe));
  auto loan = context().scratch.borrow();
  const std::span<char> room = loan.span().first(read_size);
  const net::IoResult read = from.read(room);
  if (const Moved taken = take_read(flow, read, to); taken != Moved::More) return taken;
  flow.bulk = read.bytes == room.size();
  // TLS may hold an end behind what it gave, which no event tells.
  if (!flow.bulk && !flow.peer_closed && !from.is_tls()) flow.readable = false;
  const iovec piece{room.data(), read.bytes};
  if (flow.outlet.send(to, {&piece, 1}) != net::Sent::Failed) return Moved::More;
  cut(fault_of(to), {});
  return Moved::Ended;
}

TcpSession::Moved TcpSession::pass(Flow& flow, net::Connection& from, net::Connection& to, net::Pipe pipe) {
  const net::Passed passed = flow.outlet.pass(from, to, std::move(pipe), read_size);
  if (const Moved taken = take_read(flow, passed.read, to); taken != Moved::More) return taken;
  flow.bulk = passed.read.bytes >= read_size / 4;
  if (passed.sent != net::Sent::Failed) return Moved::More;
  cut(fault_of(to), {});
  return Moved::Ended;
}

/// What a read of the sender means. More: bytes.
TcpSession::Moved TcpSession::take_read(Flow& flow, const net::IoResult& read, net::Connection& to) {
  switch (read.status) {
    case net::IoStatus::Ok:
      flow.bytes += read.bytes;
      return Moved::More;
    case net::IoStatus::WouldBlock:
      flow.readable = flow.bulk = false;
      return Moved::Nothing;
    case net::IoStatus::Eof:
      flow.ended = true;
      to.shutdown_write();
      return Moved::Nothing;
    case net::IoStatus::Error:
      break;
  }
  cut(&flow == &up_ ? Reason::ClientClosed : Reason::UpstreamReset, {});
  return Moved::Ended;
}

Reason TcpSession::fault_of(const net::Connection& connection) const noexcept {
  return &connection == &connection_ ? Reason::ClientClosed : Reason::UpstreamReset;
}

// ---- the end --------------------------------------------------------------------------------------------------------

/// Before a byte was passed on.
void TcpSession::refuse(Reason reason, std::string_view detail) { finish(Ending::Graceful, reason, detail); }

void TcpSession::cut(Reason reason, std::string_view detail) { finish(Ending::Cut, reason, detail); }

void TcpSession::finish(Ending ending, Reason reason, std::string_view detail) {
  if (state_ == State::Ended) return;
  state_ = State::Ended;
  deadline_.disarm();
  record(reason, detail);
  if (link_ != nullptr) {
    if (ending == Ending::Cut) link_->connection().arm_abort();
    upstream::Upstreams::abandon(*std::exchange(link_, nullptr));
  }
  context().poller.remove(connection_.descriptor(), *this);
  if (ending == Ending::Cut)
    connection_.abort();
  else
    connection_.close();
  if (context().observe != nullptr) context().observe->on_connection_closed(slot_);
  end();
}

void TcpSession::record(Reason reason, std::string_view detail) {
  if (context().observe == nullptr) return;
  observe::ConnectionRecord made;
  made.client = connection_.peer();
  made.tls_server_name = sni_;
  if (connection_.is_tls()) {
    made.tls_version = connection_.tls()->version();
    if (made.tls_version.starts_with("TLSv")) made.tls_version.remove_prefix(4);
  }
  made.listener = choice_.listener.get();
  made.rule = choice_.rule.get();
  made.backend = choice_.backend;
  if (attempts_ > 0) made.upstream_address = &upstream_address_;
  made.attempts = attempts_;
  made.received_bytes = up_.bytes;
  made.sent_bytes = down_.bytes;
  made.started = opened_;
  made.ended = context().now();
  made.upstream_connect = connect_time_;
  made.reason = reason;
  made.reason_detail = detail;
  made.generation = choice_.generation;
  context().observe->on_connection(made);
}

}  // namespace pintle::l4
