#include "dataplane/proxy/h1_session.hpp"

#include <algorithm>

#include "dataplane/net/tls.hpp"
#include "dataplane/proxy/exchange.hpp"
#include "dataplane/proxy/h2_session.hpp"
#include "dataplane/proxy/own_answer.hpp"

namespace pintle::proxy {
namespace {

constexpr http1::RequestRules head_rules{};
/// Heads and reads of one connection in one turn; then the others have theirs.
constexpr unsigned turn_limit = 32;

constexpr std::string_view h2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// "TLSv1.3" as the records want it: "1.3".
std::string_view short_version(std::string_view version) noexcept {
  return version.starts_with("TLSv") ? version.substr(4) : std::string_view{};
}

}  // namespace

H1Session::H1Session(Shared& shared, net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket)
    : Session(shared.context, std::move(socket)),
      Downstream({.shared = shared, .socket = this->socket()}, std::move(connection)),
      parser_(&shared.request_lines),
      opened_(shared.context.now()) {}

H1Session::~H1Session() { leave_exchange(); }

void H1Session::start() {
  if (context().observe != nullptr) slot_ = context().observe->on_connection_opened(this->socket().id);
  if (!context().poller.add(connection_.descriptor(), *this)) {
    state_ = State::Ended;
    if (context().observe != nullptr) context().observe->on_connection_closed(slot_);
    return end();
  }
  const Timeouts& timeouts = shared_.settings.timeouts;
  state_ = connection_.is_tls() ? State::Handshake : State::Head;
  context().arm_after(deadline_, connection_.is_tls() ? timeouts.tls_handshake : timeouts.head);
}

// ---- events ---------------------------------------------------------------------------------------------------------

void H1Session::on_events(std::uint32_t events) {
  if (state_ == State::Ended) return;
  constexpr std::uint32_t gone = net::event_error | net::event_hangup;
  if ((events & (net::event_peer_closed | gone)) != 0) {
    peer_closed_ = true;
    connection_.expect_end();
  }
  if ((events & (net::event_readable | net::event_peer_closed | gone)) != 0) readable_ = true;
  // Reset, or closed both ways while we have not closed ours: nobody reads the answer.
  if ((events & gone) != 0 && state_ == State::Exchange) return exchange_->on_downstream_lost();
  if ((events & net::event_writable) != 0 && outlet_.is_waiting()) {
    const net::Sent sent = outlet_.flush(connection_);
    if (sent == net::Sent::Failed)
      return state_ == State::Exchange ? exchange_->on_downstream_lost() : finish(After::Cut);
    if (sent == net::Sent::Waiting)
      context().arm_after(stall_, shared_.settings.timeouts.write_stall);
    else
      stall_.disarm();
  }
  if (state_ == State::Exchange)
    exchange_->on_downstream_events();
  else
    advance();
}

void H1Session::advance() {
  advancing_ = true;
  for (unsigned turns = 0; step(); ++turns) {
    if (turns < turn_limit) continue;
    rearm();
    break;
  }
  advancing_ = false;
}

bool H1Session::step() {
  switch (state_) {
    case State::Handshake:
      return shake_hands();
    case State::Head:
      if (read_head()) return true;
      if (!draining_ || !is_idle()) return false;
      leave_idle();
      return state_ != State::Head;
    case State::Flushing:
      if (outlet_.is_waiting()) return false;
      after_flush();
      return true;
    case State::Lingering:
      return drop_input();
    case State::Exchange:
    case State::Ended:
      break;
  }
  return false;
}

void H1Session::on_deadline() {
  if (state_ == State::Handshake) {
    report_handshake(observe::HandshakeResult::TimedOut);
    finish(After::Cut);
  } else if (state_ == State::Head && !input_.empty()) {
    refuse({.status = 408,
            .reason = Reason::RequestTimeout,
            .requirement = 41,
            .detail = "the request head took too long"});
    advance();
  } else {
    finish(After::Linger);
  }
}

void H1Session::on_stall() {
  if (state_ == State::Exchange)
    exchange_->cancel(Reason::ClientClosed);
  else
    finish(After::Cut);
}

// ---- handshake ------------------------------------------------------------------------------------------------------

bool H1Session::shake_hands() {
  const net::IoResult result = connection_.handshake();
  if (result.status == net::IoStatus::WouldBlock) return false;
  if (result.status != net::IoStatus::Ok) {
    report_handshake(connection_.tls_error().find("name") != std::string_view::npos
                         ? observe::HandshakeResult::UnknownName
                         : observe::HandshakeResult::Failed);
    finish(After::Linger);
    return false;
  }
  report_handshake(observe::HandshakeResult::Ok);
  if (connection_.tls()->alpn() == "h2") {
    hand_over();
    return false;
  }
  state_ = State::Head;
  readable_ = true;  // the request may have come with the last flight
  context().arm_after(deadline_, shared_.settings.timeouts.head);
  return true;
}

void H1Session::report_handshake(observe::HandshakeResult result) {
  if (context().observe == nullptr) return;
  const net::TlsStream* tls = connection_.tls();
  const bool resumed = result == observe::HandshakeResult::Ok && tls->resumed();
  context().observe->on_tls_handshake(
      {.socket = slot_,
       .version = result == observe::HandshakeResult::Ok ? short_version(tls->version()) : std::string_view{},
       .result = result,
       .resumption = resumed ? observe::Resumption::Resumed : observe::Resumption::Full,
       .duration = context().now() - opened_});
}

// ---- heads ----------------------------------------------------------------------------------------------------------

bool H1Session::read_head() {
  if (input_.empty()) return fill();
  if (unused_ && is_preface()) {
    if (input_.bytes().size() < h2_preface.size()) return fill();
    hand_over();
    return false;
  }
  if (exchange_ == nullptr) {
    exchange_ = shared_.exchanges.take();
    head_started_ = context().now();
    head_waits_ = false;
  }
  const http1::ParseResult parsed =
      parser_.parse(input_.bytes(), head_rules, exchange_->request, exchange_->request_fields);
  if (parsed.progress == http1::Progress::Done) {
    begin_exchange(parsed);
    return true;
  }
  if (parsed.progress == http1::Progress::Refused) {
    refuse(parsed.refusal);
    return true;
  }
  if (!head_waits_) {
    head_waits_ = true;
    context().wheel.arm(deadline_, head_started_ + shared_.settings.timeouts.head);
  }
  return fill();
}

/// As far as it has come: the first bytes of a client that knows that HTTP/2 is spoken here (RFC 9113 section 3.4).
bool H1Session::is_preface() const noexcept {
  const std::span<char> bytes = input_.bytes();
  const std::size_t size = std::min(bytes.size(), h2_preface.size());
  return size >= 4 && std::string_view(bytes.data(), size) == h2_preface.substr(0, size) && !connection_.is_tls();
}

void H1Session::hand_over() {
  state_ = State::Ended;
  leave_exchange();
  deadline_.disarm();
  stall_.disarm();
  advance_later_.unlink();
  context().poller.remove(connection_.descriptor(), *this);
  // Owns itself: net::Session.
  auto* next = new H2Session(shared_, std::move(connection_), shared_socket(), slot_);
  if (draining_) next->drain();
  next->start(input_.bytes());
  input_.reset();
  end();
}

bool H1Session::fill() {
  if (!readable_) return false;
  if (!input_.make_room()) {
    // Cannot be: the parser refuses what is too large before the largest buffer is full.
    refuse({.status = 431, .reason = Reason::HeaderTooLarge, .requirement = 23, .detail = "request head too large"});
    return true;
  }
  const net::IoResult result = read(input_.room());
  switch (result.status) {
    case net::IoStatus::Ok:
      input_.commit(result.bytes);
      return true;
    case net::IoStatus::WouldBlock:
      if (input_.empty()) input_.reset();
      // What the handshake left to be sent with the first answer: there is none yet. If it does not fit either, it goes
      // before the next write.
      if (connection_.has_pending()) static_cast<void>(connection_.flush());
      return false;
    case net::IoStatus::Eof:
    case net::IoStatus::Error:
      finish(result.status == net::IoStatus::Eof ? After::Linger : After::Cut);
      return false;
  }
  return false;
}

void H1Session::begin_exchange(const http1::ParseResult& parsed) {
  const std::span<char> head = input_.bytes().first(parsed.consumed).subspan(parser_.head_start());
  input_.consume(parsed.consumed);
  deadline_.disarm();
  state_ = State::Exchange;
  unused_ = false;
  exchange_->begin(*this, head, head_started_);
}

void H1Session::refuse(const http::Refusal& refusal) {
  AnswerText text;
  const OwnAnswer own{.status = refusal.status, .reason = refusal.reason, .detail = refusal.detail};
  const std::size_t body = write_answer(own, {.persistence = Persistence::Close}, text);
  const iovec piece{text.data(), text.size()};
  const bool sent = send({&piece, 1});
  report({.refusal = refusal,
          .started = exchange_ != nullptr ? head_started_ : context().now(),
          .sent = sent,
          .body = body});
  leave_exchange();
  deadline_.disarm();
  input_.reset();
  after_ = sent ? After::Linger : After::Cut;
  state_ = State::Flushing;
}

// ---- after an exchange ----------------------------------------------------------------------------------------------

void H1Session::end_exchange(After after) {
  leave_exchange();
  if (after == After::Cut) return finish(after);
  after_ = after;
  state_ = State::Flushing;
  if (advancing_) return;
  // The usual case costs no task: everything is sent and nothing waits to be read.
  if (!outlet_.is_waiting()) after_flush();
  if (state_ == State::Ended || (input_.empty() && !readable_)) return;
  context().poller.flush_later(advance_later_);
}

void H1Session::leave_exchange() noexcept {
  if (exchange_ == nullptr) return;
  shared_.exchanges.give_back(std::exchange(exchange_, nullptr));
}

void H1Session::after_flush() {
  stall_.disarm();
  if (after_ == After::KeepAlive) return wait_for_next();
  if (after_ == After::Cut || (after_ == After::Close && is_silent())) return finish(after_);
  linger();
}

/// Nothing has come since the last read. A client that asked for the close sends no more, so there is nothing to wait
/// for (RFC 9112 section 9.6 is about those who do).
bool H1Session::is_silent() const noexcept {
  return input_.empty() && !readable_ && !context().poller.has_pending_event(*this);
}

void H1Session::wait_for_next() {
  state_ = State::Head;
  note_served();
  if (draining_) readable_ = true;  // going on was promised: what has come since is served
  if (!input_.empty()) return;
  input_.reset();
  context().arm_after(deadline_, shared_.settings.timeouts.idle);
}

/// Draining, and nothing has been received. A client that has just connected has its first request on the way.
void H1Session::leave_idle() {
  constexpr Millis first_request_time{1000};
  if (!unused_) return linger();
  const Monotonic limit = context().now() + first_request_time;
  if (limit < deadline_.deadline()) context().wheel.arm(deadline_, limit);
}

/// Our FIN first; what the client still sends is read and dropped, else the kernel would answer it with a reset that
/// can overtake our last bytes (RFC 9112 section 9.6).
void H1Session::linger() {
  constexpr Millis linger_time{1000};
  input_.reset();
  connection_.shutdown_write();
  state_ = State::Lingering;
  context().arm_after(deadline_, linger_time);
}

bool H1Session::drop_input() {
  if (!readable_) return false;
  auto loan = context().scratch.borrow();
  const net::IoResult result = read(loan.span());
  if (result.status == net::IoStatus::Ok) return true;
  if (result.status != net::IoStatus::WouldBlock) finish(After::Linger);
  return false;
}

void H1Session::finish(After after) {
  if (state_ == State::Ended) return;
  state_ = State::Ended;
  leave_exchange();
  deadline_.disarm();
  stall_.disarm();
  advance_later_.unlink();
  close_connection(*this, connection_, after, slot_);
  outlet_.clear();
  input_.reset();
  end();
}

// ---- told by the worker ---------------------------------------------------------------------------------------------

void H1Session::drain() {
  draining_ = true;
  if (!is_idle()) return;
  readable_ = true;  // a request may lie in the socket already
  advance();
}

void H1Session::close() {
  if (state_ == State::Exchange)
    exchange_->cancel(context().draining ? Reason::Draining : Reason::Overload);
  else
    finish(After::Linger);
}

bool H1Session::is_idle() const noexcept { return state_ == State::Head && input_.empty() && exchange_ == nullptr; }

}  // namespace pintle::proxy
