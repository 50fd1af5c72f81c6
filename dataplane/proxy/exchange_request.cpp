// Exchange, towards the backend: tries, the request head, the request body.
#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

#include <pintle/http/grpc.hpp>

#include "dataplane/http1/forward_head.hpp"
#include "dataplane/proxy/client_identity.hpp"
#include "dataplane/proxy/exchange.hpp"
#include "dataplane/proxy/framing.hpp"
#include "dataplane/proxy/read_size.hpp"

namespace pintle::proxy {
namespace {

/// Endpoints tried one after another when connecting fails; no byte of the request is at stake.
constexpr std::uint8_t max_connect_tries = 4;
/// Reads of one client in one event; then other connections have their turn.
constexpr unsigned reads_a_turn = 16;
/// A chunked body may be followed by the next request: what is read beyond it must fit a ReadBuffer.
constexpr std::size_t chunked_read_size = 64 * 1024;

/// A pooled connection that its backend has closed, before an event told us. Asked only where a lost request could not
/// be sent again, as it costs a system call.
bool looks_closed(net::Connection& connection) noexcept {
  if (!connection.is_plain()) return false;
  char byte = 0;
  const ssize_t n = ::recv(connection.descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::uint16_t status_without_link(Reason reason) noexcept { return reason == Reason::UpstreamTls ? 502 : 503; }

}  // namespace

// ---- tries ----------------------------------------------------------------------------------------------------------

void Exchange::try_backend(upstream::Reuse reuse) {
  phase_ = Phase::Connecting;
  ++attempts_;
  ++connect_tries_;
  if (const auto& limit = rule_->timeouts.backend_request; limit && limit->count() > 0)
    shared_.context.arm_after(try_deadline_, *limit);
  const runtime::SocketAddress* const wanted = pinned_ ? &*pinned_ : nullptr;
  upstream::Acquired acquired = shared_.upstreams->acquire(backend_->backend, *endpoints_, *this, reuse, wanted);
  while (acquired.link != nullptr && acquired.connected && acquired.link->is_reused() &&
         !http::is_idempotent(request.method) && looks_closed(acquired.link->connection())) {
    shared_.upstreams->abandon(*acquired.link);
    acquired = shared_.upstreams->acquire(backend_->backend, *endpoints_, *this, upstream::Reuse::Fresh, wanted);
  }
  if (acquired.link == nullptr) {
    // What else is missing will be so after any wait.
    if (!is_connect_failure(acquired.reason) || !try_again(acquired.reason))
      fail(status_without_link(acquired.reason), acquired.reason, acquired.detail);
    return;
  }
  link_ = acquired.link;
  upstream_address_ = link_->address();
  if (acquired.connected) send_request();
}

void Exchange::on_link_open(upstream::Link& link) {
  link_ = &link;
  connect_time_ = link.connect_time();
  send_request();
}

void Exchange::on_link_failed(Reason reason, std::string_view detail) {
  link_ = nullptr;
  // A backend that is not whom it must be stays that.
  if (connect_tries_ >= max_connect_tries || reason == Reason::UpstreamTls) {
    const std::string cause(detail);
    if (!try_again(reason)) fail(status_without_link(reason), reason, cause);
    return;
  }
  if (shared_.context.observe != nullptr) shared_.context.observe->on_retry(**endpoints_, reason);
  try_backend(upstream::Reuse::Pooled);
}

/// Req 78: a pooled connection died before the first byte of an answer. True: another try is under way, or has failed.
bool Exchange::retry_on_fresh_link() {
  const bool refused = link_->was_refused();
  const bool unsent = up_.is_untouched() || refused;
  const bool safe = unsent || http::is_idempotent(request.method);
  const bool body_kept = first_payload_.size() == request_body_.payload_bytes();
  if (!(link_->is_reused() || refused) || any_response_byte_ || retried_stale_ || !body_kept || !safe) return false;
  if ((!unsent || link_->was_shed()) && !take_from_budget()) {
    const std::uint16_t status = (*endpoints_)->retries ? 503 : 502;
    fail(status, Reason::RetryBudget, refused ? "the backend refused it" : "the backend closed a pooled connection");
    return true;
  }
  const upstream::Reuse again = link_->reuse_when_lost();
  drop_link();
  retried_stale_ = true;
  request_sent_ = false;
  response_input_.reset();
  response_parser_.reset();
  if (shared_.context.observe != nullptr) shared_.context.observe->on_retry(**endpoints_, Reason::UpstreamReset);
  try_backend(again);
  return true;
}

// ---- head -----------------------------------------------------------------------------------------------------------

void Exchange::send_request() {
  phase_ = Phase::Head;
  upstream_is_stream_ = link_->is_stream();
  link_readable_ = link_peer_closed_ = link_broken_ = false;
  up_.clear();
  edit_request_head();
  if (!hold_body_ && !take_first_payload()) return;
  if (!send_up(Opening::EditedHead, hold_body_ ? std::span<const char>{} : first_payload_)) return pump_response();
  if (hold_body_) shared_.context.arm_after(continue_deadline_, shared_.settings.timeouts.continue_wait);
  if (request_sent_ && !up_.is_waiting()) return;
  watch_body();
  pump_request();
}

void Exchange::edit_request_head() {
  http1::HeadEdits& edits = shared_.edits;
  edits.begin({head_.data(), head_.size()}, request.headers);
  http1::edit_request(request, forwarding_, edits);
  edit_identity(request, peer_facts(), edits);
  if (!checks_.empty()) return apply_checked_edits();
  if (rule_->filters.request) edits.apply(*rule_->filters.request);
  if (backend_->filters.request) edits.apply(*backend_->filters.request);
}

PeerFacts Exchange::peer_facts() const noexcept {
  return {.peer = session_->carrier().peer(),
          .scheme = session_->bound_socket().protocol,
          .trusted_hops = shared_.settings.trusted_hops};
}

/// What came with the head. Taken once; a later try sends the same bytes again.
bool Exchange::take_first_payload() {
  if (first_taken_) return true;
  first_taken_ = true;
  const http1::BodyBytes body = request_body_.take(session_->input().bytes());
  if (body.refusal) {
    refuse_body(body.refusal);
    return false;
  }
  session_->input().consume(body.consumed);
  first_payload_ = body.payload;
  if (!mirrors_.empty()) mirror_body(first_payload_);
  return true;
}

/// The usual head only gets lines. Where nothing was received behind it, they go into the session's own buffer, so that
/// the head leaves as one piece.
bool Exchange::write_head_in_place(iovec& piece) noexcept {
  const std::span<char> room = session_->input().room();
  if (!session_->input().empty() || room.data() != head_.data() + head_.size()) return false;
  const auto length = shared_.edits.write_in_place(room.size());
  if (!length) return false;
  piece = {head_.data(), *length};
  return true;
}

/// False: the link takes no more.
bool Exchange::send_up(Opening opening, std::span<const char> payload) {
  std::array<iovec, max_pieces> pieces;
  std::size_t count = 0;
  bool in_place = false;
  if (opening == Opening::EditedHead) {
    in_place = write_head_in_place(pieces[0]);
    count = in_place ? 1 : shared_.edits.to_iovecs(std::span(pieces).first<http1::max_head_pieces>());
  }
  Framing framing;
  const bool last = request_body_.done() && !hold_body_;
  const http::HeaderView trailers = last && request.te_trailers && request.body.kind == http::BodyKind::Chunked
                                        ? request_body_.trailers()
                                        : http::HeaderView{};
  if (!hold_body_)
    count =
        framing.frame(request.body.kind, payload, last ? Position::Last : Position::Middle, trailers, pieces, count);
  request_sent_ = last;
  if (count == 0) return true;
  const net::Sent sent = up_.send(link_->connection(), std::span<const iovec>(pieces).first(count));
  if (in_place) http1::HeadEdits::restore(head_);  // another try edits it again
  if (sent == net::Sent::Failed) {
    mark_link_broken();
    return false;
  }
  note_sent_up(sent);
  return true;
}

void Exchange::note_sent_up(net::Sent sent) {
  up_read_size_ = sent == net::Sent::All ? larger_read(up_read_size_) : first_read_size;
  if (sent == net::Sent::Waiting) body_waits_since_ = shared_.context.now();
}

/// The backend takes no more bytes. Its answer may have come before: whoever sent looks for it.
void Exchange::mark_link_broken() noexcept {
  link_broken_ = true;
  link_readable_ = true;
}

// ---- body -----------------------------------------------------------------------------------------------------------

void Exchange::pump_request() {
  for (unsigned reads = 0; alive() && (phase_ == Phase::Head || phase_ == Phase::Body) && link_ != nullptr &&
                           !request_sent_ && !hold_body_ && !link_broken_ && !up_.is_waiting();
       ++reads) {
    if (reads == reads_a_turn) return session_->rearm();
    if (!read_request_body()) break;
  }
  if (alive() && link_broken_) pump_response();
}

/// True if there may be more.
bool Exchange::read_request_body() {
  // After Expect the first of it may still lie behind the head.
  if (!first_taken_) return take_first_payload() && send_up(Opening::None, first_payload_);
  if (!session_->is_readable()) return false;
  if (net::Pipe pipe = mirrors_.empty() ? take_pipe(request_body_) : net::Pipe{})
    return pass_request_body(std::move(pipe));
  auto loan = shared_.context.scratch.borrow();
  const auto payload = read_payload(loan.span());
  if (!payload) return false;
  if (!mirrors_.empty()) mirror_body(*payload);
  if (rule_->retry) keep_for_retry(*payload);
  return send_up(Opening::None, *payload);
}

/// The next of the body, in `room`. Nothing: there is none yet, or the exchange has ended.
std::optional<std::span<const char>> Exchange::read_payload(std::span<char> room) {
  if (!session_->is_readable()) return std::nullopt;
  const std::size_t limit = request.body.kind == http::BodyKind::Chunked ? chunked_read_size : up_read_size_;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(limit, request_body_.bytes_left()));
  const net::IoResult result = session_->read(room.first(size));
  if (result.status == net::IoStatus::WouldBlock) return std::nullopt;
  if (result.status != net::IoStatus::Ok) {
    cut(Reason::ClientClosed, "the client left inside its request body");  // req 14
    return std::nullopt;
  }
  body_read_on_ = true;
  body_waits_since_ = shared_.context.now();
  const std::span<char> bytes = room.first(result.bytes);
  const http1::BodyBytes body = request_body_.take(bytes);
  if (body.refusal) {
    refuse_body(body.refusal);
    return std::nullopt;
  }
  if (body.consumed < bytes.size()) leftover_.assign(bytes.subspan(body.consumed));
  return body.payload;
}

/// Req 8-10: the connection in use is closed, not pooled; an answer that has begun is cut.
void Exchange::refuse_body(const http::Refusal& refusal) { fail(refusal.status, refusal.reason, refusal.detail); }

/// From now on a body must keep coming, and the backend must keep taking it.
void Exchange::watch_body() {
  body_started_ = body_waits_since_ = shared_.context.now();
  on_body_check();
}

/// Req 42: a call may be silent by design, in either direction. Timeouts of its route and limits of its connection hold
/// it instead. Not while a check waits for the body: nothing else would end the wait.
bool Exchange::may_be_silent() const noexcept {
  return phase_ != Phase::Checking && request.version == http::Version::Http2 && http::is_grpc(request.headers);
}

/// Req 42 and 44. Whose turn it is has a deadline from the last byte that moved; both are looked at every few seconds.
void Exchange::on_body_check() {
  constexpr std::uint64_t least_pace = 240;  // bytes a second
  const bool backend_takes_none = up_.is_waiting();
  const bool body_awaited = phase_ == Phase::Checking && !request_body_.done();
  if ((link_ == nullptr && !body_awaited) || link_broken_ || hold_body_ || (request_sent_ && !backend_takes_none))
    return;
  const Timeouts& timeouts = shared_.settings.timeouts;
  const Millis look_interval =
      std::min({Millis(5'000), timeouts.body_grace, timeouts.body_silence, timeouts.write_stall});
  const Monotonic now = shared_.context.now();
  const Monotonic limit = body_waits_since_ + (backend_takes_none ? timeouts.write_stall : timeouts.body_silence);
  if (backend_takes_none) {
    if (now >= limit) return fail(504, Reason::BackendTimeout, "the backend takes no more of the request");
    body_started_ += look_interval;  // the client is not to blame
  } else if (may_be_silent()) {
    body_started_ += look_interval;
  } else {
    if (now >= limit) return fail(408, Reason::RequestTimeout, "the client sends no more of its request body");
    const auto elapsed = std::chrono::duration_cast<Millis>(now - body_started_).count();
    if (now - body_started_ > timeouts.body_grace &&
        request_body_.payload_bytes() < least_pace * static_cast<std::uint64_t>(elapsed) / 1000)
      return fail(408, Reason::RequestTimeout, "the client sends its request body too slowly");
  }
  const Monotonic next = now + look_interval;
  shared_.context.wheel.arm(body_check_, now < limit ? std::min(limit, next) : next);
}

/// Req 38: no word of the backend in time. The client is asked to go on, else both would wait.
void Exchange::on_continue_deadline() {
  if (!hold_body_ || head_sent_) return;
  if (!send_continue()) return on_downstream_lost();
  watch_body();
  pump_request();
}

/// False: the client is gone.
bool Exchange::send_continue() {
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  hold_body_ = false;
  continue_sent_ = true;
  const iovec piece{const_cast<char*>(go_on.data()), go_on.size()};
  return session_->send({&piece, 1});
}

}  // namespace pintle::proxy
