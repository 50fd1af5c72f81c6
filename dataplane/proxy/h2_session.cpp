#include "dataplane/proxy/h2_session.hpp"

#include "dataplane/net/tls.hpp"
#include "dataplane/proxy/h2_stream.hpp"

namespace pintle::proxy {
namespace {

constexpr std::size_t read_size = 64 * 1024;
/// Reads of one connection in one event; then the others have theirs.
constexpr unsigned reads_a_turn = 16;
/// Between the two GOAWAY: requests that were on their way are still taken.
constexpr Millis goaway_time{1000};
constexpr Millis linger_time{1000};

}  // namespace

H2Session::H2Session(Shared& shared, net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket,
                     observe::SocketSlot slot)
    : Session(shared.context, std::move(socket)),
      shared_(shared),
      connection_(std::move(connection)),
      outlet_(shared.context.buffers),
      http_(http2::Role::Server, *this, shared.context.buffers),
      slot_(slot) {}

H2Session::~H2Session() { http_.end_streams(); }

void H2Session::start(std::span<const char> received) {
  if (!context().poller.add(connection_.descriptor(), *this)) return finish(After::Cut);
  context().arm_after(deadline_, shared_.settings.timeouts.head);
  on_output();
  if (!received.empty()) take(received);
  readable_ = true;  // TLS may hold what came with the handshake
  receive();
}

// ---- events ---------------------------------------------------------------------------------------------------------

void H2Session::on_events(std::uint32_t events) {
  if (state_ == State::Ended) return;
  constexpr std::uint32_t gone = net::event_error | net::event_hangup;
  if ((events & gone) != 0) return finish(After::Cut);
  if ((events & net::event_peer_closed) != 0) {
    peer_closed_ = true;
    connection_.expect_end();
  }
  if ((events & (net::event_readable | net::event_peer_closed)) != 0) readable_ = true;
  if ((events & net::event_writable) != 0 && outlet_.is_waiting()) {
    const net::Sent sent = outlet_.flush(connection_);
    if (sent == net::Sent::Failed) return finish(After::Cut);
    if (sent == net::Sent::Waiting) {
      context().arm_after(stall_, shared_.settings.timeouts.write_stall);
    } else {
      stall_.disarm();
      on_output();
    }
  }
  if (std::exchange(flush_due_, false)) on_output();
  while (H2Stream* stream = again_.pop_front()) stream->again();
  receive();
}

void H2Session::receive() {
  // Who takes no answers gets no further request: the queue of frames is not the client's to fill.
  for (unsigned reads = 0; readable_ && state_ != State::Ended && !outlet_.is_waiting(); ++reads) {
    if (reads == reads_a_turn) return context().poller.rearm(connection_.descriptor(), *this);
    auto loan = context().frames.borrow();
    const std::span<char> room = loan.span().first(read_size);
    const net::IoResult result = connection_.read(room);
    if (result.status == net::IoStatus::WouldBlock) {
      readable_ = false;
      return;
    }
    if (result.status != net::IoStatus::Ok)
      return finish(result.status == net::IoStatus::Eof && state_ == State::Lingering ? After::Close : After::Cut);
    if (result.bytes < room.size()) {
      if (const net::TlsStream* tls = connection_.tls(); tls != nullptr && tls->peer_ended()) peer_closed_ = true;
      readable_ = peer_closed_;
    }
    if (state_ == State::Open && http_.doom().empty()) take(room.first(result.bytes));
  }
}

void H2Session::take(std::span<const char> bytes) {
  if (!http_.receive(bytes, context().now())) return report_doom();
  begin_streams();
  if (http_.is_in_block() == in_block_) return;
  in_block_ = !in_block_;
  context().arm_after(deadline_, in_block_ ? shared_.settings.timeouts.head : shared_.settings.timeouts.h2_idle);
}

void H2Session::on_request(std::int32_t id, http2::FieldBlock& block, http2::StreamEnd end) {
  auto stream = std::make_unique<H2Stream>(shared_, *this, id);
  if (!stream->take_head(block, end)) return;  // malformed: reset, nothing was begun
  begun_.push_back(*stream.release());         // owns itself until on_over()
  if (++requests_ == shared_.settings.h2_requests) leave();
}

void H2Session::begin_streams() {
  while (H2Stream* stream = begun_.pop_front()) stream->begin();
}

void H2Session::rearm(H2Stream& stream) noexcept {
  again_.push_back(stream);
  context().poller.rearm(connection_.descriptor(), *this);
}

void H2Session::on_stream_over(H2Stream& /*stream*/) noexcept {
  if (state_ != State::Open) return;
  context().arm_after(deadline_, in_block_ ? shared_.settings.timeouts.head : shared_.settings.timeouts.h2_idle);
}

// ---- output ---------------------------------------------------------------------------------------------------------

void H2Session::on_output() {
  if (state_ == State::Open && !flush_later_.is_linked()) context().poller.flush_later(flush_later_);
}

void H2Session::on_flush_due() {
  if (flushes_.take(context().now())) return flush();
  flush_due_ = true;
  context().poller.rearm(connection_.descriptor(), *this);
}

void H2Session::flush() {
  if (state_ != State::Open) return;
  const net::Sent sent = http2::send_frames(http_, outlet_, connection_, context().frames);
  if (sent == net::Sent::Failed) return finish(After::Cut);
  if (sent == net::Sent::Waiting && !stall_.is_armed())
    context().arm_after(stall_, shared_.settings.timeouts.write_stall);
  if (sent == net::Sent::All && http_.is_over()) linger();
}

// ---- the end --------------------------------------------------------------------------------------------------------

void H2Session::on_deadline() {
  if (state_ == State::Lingering) return finish(After::Close);
  const bool busy = http_.stream_count() > 0;  // armed anew when the last one is over
  if (busy && !in_block_) return;
  http_.refuse_new_streams();
  if (busy) return;
  if (in_block_) {
    flush();
    finish(After::Close);
  }
}

/// RFC 9113 section 6.8: the first GOAWAY promises nothing less than all streams, the second is the truth.
void H2Session::leave() {
  if (std::exchange(leaving_, true)) return;
  http_.announce_end();
  context().arm_after(goaway_, goaway_time);
}

void H2Session::on_goaway_due() { http_.refuse_new_streams(); }

void H2Session::drain() {
  if (state_ == State::Open) leave();
}

void H2Session::close() {
  if (state_ == State::Ended) return;
  end_reason_ = context().draining ? Reason::Draining : Reason::Overload;
  http_.refuse_new_streams();
  flush();
  finish(After::Close);
}

/// One record for the connection; its requests have theirs.
void H2Session::report_doom() {
  end_reason_ = Reason::RateLimited;
  report_refused(context(),
                 {.refusal = {.status = 0, .reason = Reason::RateLimited, .detail = http_.doom()},
                  .version = http::Version::Http2,
                  .started = context().now()},
                 this->socket(), connection_);
}

/// What the client still sends is read and dropped, so that no reset overtakes our last frame (RFC 9113 section 5.4.1).
void H2Session::linger() {
  state_ = State::Lingering;
  http_.end_streams();
  stall_.disarm();
  goaway_.disarm();
  connection_.shutdown_write();
  context().arm_after(deadline_, linger_time);
}

void H2Session::finish(After after) {
  if (state_ == State::Ended) return;
  state_ = State::Ended;
  deadline_.disarm();
  goaway_.disarm();
  stall_.disarm();
  flush_later_.unlink();
  http_.end_streams();
  close_connection(*this, connection_, after, slot_);
  outlet_.clear();
  end();
}

}  // namespace pintle::proxy
