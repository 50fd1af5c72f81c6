// Exchange, towards the client: interim heads, the final head, the body.
#include <algorithm>
#include <array>

#include "dataplane/http1/forward_head.hpp"
#include "dataplane/proxy/cors.hpp"
#include "dataplane/proxy/exchange.hpp"
#include "dataplane/proxy/framing.hpp"
#include "dataplane/proxy/read_size.hpp"

namespace pintle::proxy {
namespace {

constexpr std::uint8_t max_interim = 8;  // req 20
/// Reads of one connection in one event; then other connections have their turn.
constexpr unsigned reads_a_turn = 16;

}  // namespace

void Exchange::on_link_events(std::uint32_t events) {
  constexpr std::uint32_t closing = net::event_peer_closed | net::event_hangup | net::event_error;
  if ((events & closing) != 0) link_peer_closed_ = true;
  if ((events & (net::event_readable | closing)) != 0) link_readable_ = true;
  if (phase_ == Phase::Tunnel) return pump_tunnel();
  if ((events & net::event_writable) != 0 && up_.is_waiting()) {
    body_waits_since_ = shared_.context.now();
    const net::Sent sent = up_.flush(link_->connection());
    if (sent == net::Sent::Failed) mark_link_broken();
    if (sent == net::Sent::All) pump_request();
  }
  pump_response();
}

net::IoResult Exchange::read_link(std::span<char> into) {
  const net::IoResult result = link_->connection().read(into);
  if (result.status != net::IoStatus::Ok || result.bytes < into.size())
    link_readable_ = result.status == net::IoStatus::Ok && link_peer_closed_;
  return result;
}

void Exchange::pump_response() {
  for (unsigned reads = 0; alive() && link_ != nullptr && link_readable_; ++reads) {
    if (phase_ == Phase::Body && session_->outlet().is_waiting()) return;
    if (reads == reads_a_turn) return shared_.upstreams->rearm(*link_);
    if (phase_ == Phase::Head)
      read_response_head();
    else if (phase_ == Phase::Body)
      read_response_body();
    else
      return;
  }
}

// ---- heads ----------------------------------------------------------------------------------------------------------

void Exchange::read_response_head() {
  if (!response_input_.make_room()) return fail(502, Reason::UpstreamProtocol, "response head too large");
  const net::IoResult result = read_link(response_input_.room());
  if (result.status == net::IoStatus::WouldBlock) return;
  if (result.status != net::IoStatus::Ok) return on_link_ended(result.status);
  if (!any_response_byte_) first_byte_at_ = shared_.context.now();
  any_response_byte_ = true;
  response_input_.commit(result.bytes);
  while (alive() && phase_ == Phase::Head && take_response_head()) {
  }
}

/// True if there may be another head behind the one taken.
bool Exchange::take_response_head() {
  const http1::ParseResult parsed = response_parser_.parse(
      response_input_.bytes(), {.method = request.method, .upgrade = request.upgrade}, response_, response_fields_);
  if (parsed.progress == http1::Progress::NeedMore) return false;
  if (parsed.progress == http1::Progress::Refused) {
    fail(502, parsed.refusal.reason, parsed.refusal.detail);
    return false;
  }
  const std::string_view head(response_input_.bytes().data(), parsed.consumed);
  response_input_.consume(parsed.consumed);
  upstream_status_ = response_.status;
  if (response_.is_interim()) return pass_interim(head);
  if (rule_->retry && std::ranges::find(rule_->retry->codes, response_.status) != rule_->retry->codes.end() &&
      try_again(Reason::Upstream))
    return false;
  if (response_.status == 101)
    open_tunnel(head);
  else
    pass_final(head);
  return false;
}

bool Exchange::pass_interim(std::string_view head) {
  if (++interim_ > max_interim) {
    fail(502, Reason::UpstreamProtocol, "too many interim responses");
    return false;
  }
  const bool go_on = response_.status == 100;
  // RFC 9110 section 15.2: an HTTP/1.0 client knows none; a 100 is for who asked, and once.
  const bool wanted =
      request.version != http::Version::Http10 && (!go_on || (request.expect_continue && !continue_sent_));
  if (wanted) {
    http1::HeadEdits& edits = shared_.edits;
    edits.begin(head, response_.headers);
    static_cast<void>(http1::edit_response(response_, {.client = request.version, .method = request.method}, edits));
    std::array<iovec, http1::max_head_pieces> pieces;
    const std::size_t count = edits.to_iovecs(pieces);
    if (!session_->send(std::span<const iovec>(pieces).first(count))) {
      on_downstream_lost();
      return false;
    }
  }
  if (go_on && hold_body_) {
    continue_deadline_.disarm();
    hold_body_ = false;
    continue_sent_ = true;
    watch_body();
    pump_request();
  }
  return alive();
}

void Exchange::pass_final(std::string_view head) {
  continue_deadline_.disarm();
  // An answer that comes before the whole request may end before it, and then the rest is not read (req 38): nothing
  // can be promised.
  const bool keep = request.keep_alive && session_->keep_alive_allowed() && request_body_.done() && !hold_body_;
  response_body_.start(response_.body);
  http1::HeadEdits& edits = shared_.edits;
  edits.begin(head, response_.headers);
  down_framing_ =
      http1::edit_response(response_,
                           {.client = request.version,
                            .method = request.method,
                            .trailers = request.te_trailers ? http1::Trailers::Forward : http1::Trailers::Drop,
                            .keep_alive = keep},
                           edits);
  promised_keep_alive_ = keep && down_framing_.kind != http::BodyKind::UntilClose;
  if (const route::Cors* sharing = cors()) edit_cors(*sharing, request, response_, edits);
  if (backend_->filters.response) edits.apply(*backend_->filters.response);
  if (rule_->filters.response) edits.apply(*rule_->filters.response);
  if (rule_->sessions) begin_session(edits);
  for (const auto& check : checks_) edits.apply(check->verdict().response);
  phase_ = Phase::Body;
  send_down(Opening::EditedHead, response_input_.bytes());
  if (alive()) response_input_.reset();
}

// ---- body -----------------------------------------------------------------------------------------------------------

void Exchange::read_response_body() {
  if (net::Pipe pipe = take_pipe(response_body_)) return pass_response_body(std::move(pipe));
  auto loan = shared_.context.scratch.borrow();
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(down_read_size_, response_body_.bytes_left()));
  const net::IoResult result = read_link(loan.span().first(size));
  if (result.status == net::IoStatus::WouldBlock) return;
  if (result.status != net::IoStatus::Ok) return on_link_ended(result.status);
  send_down(Opening::None, loan.span().first(result.bytes));
}

/// `input`: what the backend sent, body or not.
void Exchange::send_down(Opening opening, std::span<char> input) {
  const http1::BodyBytes body = response_body_.take(input);
  if (body.refusal) return fail(502, Reason::UpstreamProtocol, body.refusal.detail);  // cuts, once a head went down
  std::array<iovec, max_pieces> pieces;
  std::size_t count = 0;
  if (opening == Opening::EditedHead)
    count = shared_.edits.to_iovecs(std::span(pieces).first<http1::max_head_pieces>());
  const bool last = response_body_.done();
  const http::HeaderView trailers = last && request.te_trailers && response_.body.kind == http::BodyKind::Chunked
                                        ? response_body_.trailers()
                                        : http::HeaderView{};
  Framing framing;
  count = framing.frame(down_framing_.kind, body.payload, last ? Position::Last : Position::Middle, trailers, pieces,
                        count);
  head_sent_ = true;
  status_ = response_.status;
  sent_body_ += body.payload.size();
  if (last && !promised_keep_alive_) session_->connection().end_with_next_write();
  if (count > 0 && !session_->send(std::span<const iovec>(pieces).first(count))) return on_downstream_lost();
  note_sent_down();
  if (last) complete_response(input.size() - body.consumed);
}

void Exchange::note_sent_down() {
  down_read_size_ = session_->outlet().is_waiting() ? first_read_size : larger_read(down_read_size_);
}

void Exchange::on_link_ended(net::IoStatus how) {
  if (phase_ == Phase::Head) {
    if (is_out_of_time()) return on_request_deadline();
    if (retry_on_fresh_link() || try_again(Reason::UpstreamReset)) return;
    return fail(
        502, Reason::UpstreamReset,
        any_response_byte_ ? "the backend closed inside its response head" : "the backend closed before its response");
  }
  if (how == net::IoStatus::Eof) response_body_.on_eof();
  if (!response_body_.done()) return cut(Reason::UpstreamReset, "the backend closed inside its response body");
  send_down(Opening::None, {});
}

/// `unread`: bytes of the backend beyond its answer; nobody will ever see them (req 19).
void Exchange::complete_response(std::size_t unread) {
  const bool reusable = response_.keep_alive && unread == 0 && request_sent_ && !up_.is_waiting() && !link_broken_ &&
                        request.upgrade == http::Upgrade::None && response_.body.kind != http::BodyKind::UntilClose;
  if (reusable) {
    shared_.upstreams->release(*link_, link_readable_ ? upstream::Unread::Unknown : upstream::Unread::Nothing);
    link_ = nullptr;
  }
  finish(promised_keep_alive_ ? After::KeepAlive : after_last());
}

}  // namespace pintle::proxy
