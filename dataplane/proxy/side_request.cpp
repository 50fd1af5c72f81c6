#include "dataplane/proxy/side_request.hpp"

#include <utility>

#include "dataplane/observe/record.hpp"

namespace pintle::proxy {
namespace {

/// Reads in one event; then other connections have their turn.
constexpr unsigned reads_a_turn = 16;
/// Endpoints tried one after another when connecting fails.
constexpr std::uint8_t max_connect_tries = 4;

std::size_t size_of(std::span<const iovec> pieces) noexcept {
  std::size_t size = 0;
  for (const iovec& piece : pieces) size += piece.iov_len;
  return size;
}

void count_lost(const Shared& shared, const SideTarget& target) {
  if (shared.context.observe != nullptr) shared.context.observe->on_copy_lost(*target.endpoints);
}

}  // namespace

SideRequest::SideRequest(Shared& shared, SideTarget target)
    : shared_(shared), target_(std::move(target)), outlet_(shared.context.buffers), input_(shared.context.buffers) {
  if (target_.user != nullptr) return;
  counted_ = true;
  shared_.side_load.begin(target_.backend);
}

SideRequest::~SideRequest() {
  give_back_load();
  if (link_ != nullptr) shared_.upstreams->abandon(*link_);
}

Result<SideRequest*> SideRequest::start(Shared& shared, SideTarget target, std::span<const iovec> head) {
  const bool too_much = shared.context.pressure != net::Pressure::None || !shared.side_load.has_room(target.backend);
  if (target.user == nullptr && too_much) {
    count_lost(shared, target);
    return make_error(ErrorCode::Exhausted, "too many copies of requests");
  }
  auto made = std::unique_ptr<SideRequest>(new SideRequest(shared, std::move(target)));
  SideUser* const user = std::exchange(made->target_.user, nullptr);
  made->waited_for_ = user != nullptr;
  if (auto connecting = made->connect(upstream::Reuse::Pooled); !connecting) {
    if (user == nullptr) count_lost(shared, made->target_);
    return std::unexpected(std::move(connecting.error()));
  }
  shared.side_requests.push_back(*made);
  shared.context.arm_after(made->deadline_, made->target_.limit);
  SideRequest* const request = made.release();
  request->write(head);
  if (request->ended_ && user != nullptr) {
    request->abandon();
    return make_error(ErrorCode::Closed, "the connection broke", Side::Upstream);
  }
  request->target_.user = user;
  return request;
}

Result<void> SideRequest::connect(upstream::Reuse reuse) {
  ++tries_;
  const upstream::Acquired acquired = shared_.upstreams->acquire(target_.backend, target_.endpoints, *this, reuse);
  if (acquired.link == nullptr)
    return make_error(ErrorCode::ConnectFailed, std::string(acquired.detail), Side::Upstream);
  link_ = acquired.link;
  open_ = acquired.connected;
  return {};
}

// ---- the request ----------------------------------------------------------------------------------------------------

void SideRequest::write(std::span<const iovec> pieces) {
  if (ended_) return;
  if (must_yield()) return give_up("memory is short");
  keep_for_retry(pieces);
  if (open_) return send(pieces);
  set_waiting(waiting_ + size_of(pieces));
  if (waits_too_much()) give_up("its backend takes too little");
}

/// Until the link is open all of it, for the first try.
void SideRequest::keep_for_retry(std::span<const iovec> pieces) {
  const bool second_try = waited_for_ || (link_->is_reused() && replay_.size() + size_of(pieces) <= max_replay);
  if (open_ && !second_try) {
    replay_lost_ = true;
    replay_ = {};
  }
  if (any_answer_ || replay_lost_) return;
  for (const iovec& piece : pieces) replay_.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
}

void SideRequest::send(std::span<const iovec> pieces) {
  const net::Sent sent = outlet_.send(link_->connection(), pieces);
  if (sent == net::Sent::Failed) return retry_on_fresh_link() ? void() : give_up("the connection broke");
  set_waiting(sent == net::Sent::All ? 0 : waiting_ + size_of(pieces));
  if (waits_too_much()) give_up("its backend takes too little");
}

/// A pooled connection died before the first byte of an answer. True: another try is under way.
bool SideRequest::retry_on_fresh_link() {
  const bool refused = link_->was_refused();
  const bool safe = waited_for_ || http::is_idempotent(target_.method) || outlet_.is_untouched() || refused;
  if (retried_ || any_answer_ || replay_lost_ || !safe || !(link_->is_reused() || refused)) return false;
  retried_ = true;
  const upstream::Reuse again = link_->reuse_when_lost();
  shared_.upstreams->abandon(*std::exchange(link_, nullptr));
  outlet_.clear();
  input_.reset();
  parser_.reset();
  peer_closed_ = false;
  if (!connect(again)) return false;
  set_waiting(replay_.size());
  if (open_) on_link_open(*link_);
  return true;
}

void SideRequest::set_waiting(std::size_t bytes) noexcept {
  if (counted_) shared_.side_load.waiting += bytes - waiting_;
  waiting_ = bytes;
}

bool SideRequest::waits_too_much() const noexcept {
  return !waited_for_ && (waiting_ > max_waiting || shared_.side_load.waiting > SideLoad::most_waiting);
}

bool SideRequest::must_yield() const noexcept {
  return !waited_for_ && shared_.context.pressure != net::Pressure::None;
}

void SideRequest::give_back_load() noexcept {
  set_waiting(0);
  if (std::exchange(counted_, false)) shared_.side_load.end(target_.backend);
}

void SideRequest::finish() {
  complete_ = true;
  held_ = false;
  if (ended_) return shared_.context.poller.reap_later(*this);
  if (in_body_ && body_.done()) end();
}

void SideRequest::abandon() {
  held_ = false;
  target_.user = nullptr;
  if (ended_) return shared_.context.poller.reap_later(*this);
  close();
}

// ---- the link -------------------------------------------------------------------------------------------------------

void SideRequest::on_link_open(upstream::Link& link) {
  link_ = &link;
  open_ = true;
  set_waiting(0);
  const std::string early = replay_;
  const iovec piece{const_cast<char*>(early.data()), early.size()};
  send({&piece, 1});
}

void SideRequest::on_link_failed(Reason reason, std::string_view detail) {
  link_ = nullptr;
  const std::string why(detail);
  if (tries_ < max_connect_tries && reason != Reason::UpstreamTls && connect(upstream::Reuse::Pooled)) {
    if (open_) on_link_open(*link_);
    return;
  }
  give_up(why);
}

void SideRequest::on_link_events(std::uint32_t events) {
  constexpr std::uint32_t closing = net::event_peer_closed | net::event_hangup | net::event_error;
  if (ended_) return;
  if ((events & closing) != 0) peer_closed_ = true;
  if ((events & net::event_writable) != 0 && outlet_.is_waiting()) {
    const net::Sent sent = outlet_.flush(link_->connection());
    if (sent == net::Sent::Failed) return retry_on_fresh_link() ? void() : give_up("the connection broke");
    if (sent == net::Sent::All) set_waiting(0);
  }
  read_answer();
}

// ---- the answer -----------------------------------------------------------------------------------------------------

void SideRequest::read_answer() {
  for (unsigned reads = 0; !ended_; ++reads) {
    if (reads == reads_a_turn) return shared_.upstreams->rearm(*link_);
    if (!read_piece()) return;
    if (in_body_ && body_.done()) return end();
  }
}

/// True if there may be more.
bool SideRequest::read_piece() {
  auto loan = shared_.context.scratch.borrow();
  if (!in_body_ && !input_.make_room()) return give_up("its head is too large"), false;
  const std::span<char> room = in_body_ ? loan.span().first(net::ReadBuffer::large_size) : input_.room();
  const net::IoResult result = link_->connection().read(room);
  if (result.status == net::IoStatus::WouldBlock) return false;
  if (result.status == net::IoStatus::Eof && in_body_) {
    body_.on_eof();
    if (body_.done()) return true;
  }
  if (result.status != net::IoStatus::Ok) {
    if (!retry_on_fresh_link()) give_up("the connection ended before its answer");
    return false;
  }
  any_answer_ = true;
  replay_ = {};
  bool sound = false;
  if (in_body_) {
    sound = take_body(room.first(result.bytes));
  } else {
    input_.commit(result.bytes);
    sound = take_heads();
  }
  if (!sound) {
    give_up("what it answers is no HTTP");
    return false;
  }
  return !ended_ && (body_.done() || result.bytes == room.size() || peer_closed_);
}

/// False: this is no answer, or not one that ends well.
bool SideRequest::take_heads() {
  while (!in_body_) {
    const http1::ParseResult parsed =
        parser_.parse(input_.bytes(), {.method = target_.method, .upgrade = http::Upgrade::None}, response_, fields_);
    if (parsed.progress == http1::Progress::NeedMore) return true;
    if (parsed.progress == http1::Progress::Refused) return false;
    input_.consume(parsed.consumed);
    if (response_.is_interim()) continue;
    in_body_ = true;
    body_.start(response_.body);
    if (target_.user != nullptr) target_.user->on_side_head(response_);
    if (!take_body(input_.bytes())) return false;
    input_.reset();
  }
  return true;
}

bool SideRequest::take_body(std::span<char> input) {
  const http1::BodyBytes taken = body_.take(input);
  if (taken.refusal || taken.consumed < input.size()) return false;
  if (target_.user != nullptr && !taken.payload.empty()) target_.user->on_side_payload(taken.payload);
  return true;
}

/// The answer is complete. A connection whose request is not cannot be used again.
void SideRequest::end() {
  const bool reusable =
      complete_ && !outlet_.is_waiting() && response_.keep_alive && response_.body.kind != http::BodyKind::UntilClose;
  if (reusable && target_.keep_link) {
    shared_.upstreams->release(*link_, upstream::Unread::Unknown);
    link_ = nullptr;
  }
  SideUser* const user = std::exchange(target_.user, nullptr);
  close();
  if (user != nullptr) user->on_side_end(body_.trailers());
}

void SideRequest::give_up(std::string_view why) {
  if (ended_) return;
  SideUser* const user = std::exchange(target_.user, nullptr);
  if (!waited_for_) count_lost(shared_, target_);
  close();
  if (user != nullptr) user->on_side_failed(why);
}

void SideRequest::close() noexcept {
  if (std::exchange(ended_, true)) return;
  give_back_load();
  deadline_.disarm();
  if (link_ != nullptr) shared_.upstreams->abandon(*std::exchange(link_, nullptr));
  outlet_.clear();
  input_.reset();
  if (!held_) shared_.context.poller.reap_later(*this);
}

}  // namespace pintle::proxy
