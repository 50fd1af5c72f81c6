// Exchange after 101: bytes both ways until both sides have closed, with back-pressure and one idle deadline (req 37,
// 42).
#include <array>

#include "dataplane/http1/forward_head.hpp"
#include "dataplane/proxy/exchange.hpp"
#include "dataplane/proxy/read_size.hpp"

namespace pintle::proxy {
namespace {

/// Reads of one side in one event; then other connections have their turn.
constexpr unsigned reads_a_turn = 16;

}  // namespace

/// The parser lets a 101 through only where an upgrade was asked for.
void Exchange::open_tunnel(std::string_view head) {
  request_deadline_.disarm();
  try_deadline_.disarm();
  body_check_.disarm();
  http1::HeadEdits& edits = shared_.edits;
  edits.begin(head, response_.headers);
  static_cast<void>(http1::edit_response(response_, {.client = request.version, .method = request.method}, edits));
  if (backend_->filters.response) edits.apply(*backend_->filters.response);
  if (rule_->filters.response) edits.apply(*rule_->filters.response);
  if (rule_->sessions) begin_session(edits);
  for (const auto& check : checks_) edits.apply(check->verdict().response);
  std::array<iovec, http1::max_head_pieces + 1> pieces;
  std::size_t count = edits.to_iovecs(std::span(pieces).first<http1::max_head_pieces>());
  const std::span<char> early = response_input_.bytes();
  if (!early.empty()) pieces[count++] = {early.data(), early.size()};
  head_sent_ = true;
  status_ = response_.status;
  sent_body_ = early.size();
  phase_ = Phase::Tunnel;
  if (!session_->send(std::span<const iovec>(pieces).first(count))) return on_downstream_lost();
  response_input_.reset();
  pump_tunnel();
}

void Exchange::pump_tunnel() {
  if (link_ != nullptr && up_.is_waiting() && up_.flush(link_->connection()) == net::Sent::Failed)
    return cut(Reason::UpstreamReset, "the backend closed the tunnel");
  unsigned reads = 0;
  while (alive() && reads < reads_a_turn && pump_up_tunnel()) ++reads;
  if (reads == reads_a_turn) session_->rearm();
  reads = 0;
  while (alive() && reads < reads_a_turn && pump_down_tunnel()) ++reads;
  if (!alive()) return;
  if (reads == reads_a_turn) shared_.upstreams->rearm(*link_);
  if (tunnel_up_ended_ && tunnel_down_ended_ && !up_.is_waiting()) return finish(After::Linger);
  // Half closed, the other side has little time left.
  const Timeouts& timeouts = shared_.settings.timeouts;
  shared_.context.arm_after(tunnel_idle_,
                            tunnel_up_ended_ || tunnel_down_ended_ ? timeouts.write_stall : timeouts.tunnel_idle);
}

/// Client to backend; true if there may be more.
bool Exchange::pump_up_tunnel() {
  if (tunnel_up_ended_ || up_.is_waiting()) return false;
  const std::span<char> early = session_->input().bytes();
  if (early.empty() && !session_->is_readable()) return false;
  auto loan = shared_.context.scratch.borrow();
  std::span<char> bytes = early;
  if (early.empty()) {
    const net::IoResult result = session_->read(loan.span().first(first_read_size));
    if (result.status == net::IoStatus::WouldBlock) return false;
    if (result.status == net::IoStatus::Error) {
      cut(Reason::ClientClosed, "the client closed the tunnel");
      return false;
    }
    if (result.status == net::IoStatus::Eof) {
      tunnel_up_ended_ = true;
      link_->connection().shutdown_write();
      return false;
    }
    bytes = loan.span().first(result.bytes);
  }
  const iovec piece{bytes.data(), bytes.size()};
  if (up_.send(link_->connection(), {&piece, 1}) == net::Sent::Failed) {
    cut(Reason::UpstreamReset, "the backend closed the tunnel");
    return false;
  }
  if (!early.empty()) session_->input().consume(early.size());
  return true;
}

/// Backend to client; true if there may be more.
bool Exchange::pump_down_tunnel() {
  if (tunnel_down_ended_ || !link_readable_ || session_->outlet().is_waiting()) return false;
  auto loan = shared_.context.scratch.borrow();
  const std::span<char> room = loan.span().first(first_read_size);
  const net::IoResult result = read_link(room);
  if (result.status == net::IoStatus::WouldBlock) return false;
  if (result.status == net::IoStatus::Error) {
    cut(Reason::UpstreamReset, "the backend closed the tunnel");
    return false;
  }
  if (result.status == net::IoStatus::Eof) {
    tunnel_down_ended_ = true;
    session_->connection().shutdown_write();
    return false;
  }
  sent_body_ += result.bytes;
  const iovec piece{room.data(), result.bytes};
  if (session_->send({&piece, 1})) return true;
  on_downstream_lost();
  return false;
}

void Exchange::on_tunnel_idle() { cut(Reason::RequestTimeout, "the tunnel was idle too long"); }

}  // namespace pintle::proxy
