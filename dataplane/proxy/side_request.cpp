#include "dataplane/proxy/side_request.hpp"

#include <utility>

namespace pintle::proxy {
namespace {

/// From its first byte to the last of its answer.
constexpr Millis time_limit{30'000};
/// Reads in one event; then other connections have their turn.
constexpr unsigned reads_a_turn = 16;

std::size_t size_of(std::span<const iovec> pieces) noexcept {
  std::size_t size = 0;
  for (const iovec& piece : pieces) size += piece.iov_len;
  return size;
}

}  // namespace

SideRequest::SideRequest(Shared& shared, SideTarget target)
    : shared_(shared), target_(std::move(target)), outlet_(shared.context.buffers), input_(shared.context.buffers) {
  ++shared_.side_load.live;
}

SideRequest::~SideRequest() {
  give_back_load();
  if (link_ != nullptr) shared_.upstreams->abandon(*link_);
}

SideRequest* SideRequest::start(Shared& shared, SideTarget target, std::span<const iovec> head) {
  const SideLoad& load = shared.side_load;
  if (shared.context.pressure != net::Pressure::None || load.live >= SideLoad::most_live ||
      load.waiting >= SideLoad::most_waiting)
    return nullptr;
  auto* made = new SideRequest(shared, std::move(target));
  shared.side_requests.push_back(*made);
  shared.context.arm_after(made->deadline_, time_limit);
  const upstream::Acquired acquired =
      shared.upstreams->acquire(made->target_.backend, made->target_.endpoints, *made, upstream::Reuse::Pooled);
  made->link_ = acquired.link;
  if (acquired.link == nullptr) {
    delete made;
    return nullptr;
  }
  made->open_ = acquired.connected;
  made->write(head);
  return made;
}

// ---- the request ----------------------------------------------------------------------------------------------------

void SideRequest::write(std::span<const iovec> pieces) {
  if (ended_) return;
  if (shared_.context.pressure != net::Pressure::None) return give_up();
  if (open_) return send(pieces);
  set_waiting(waiting_ + size_of(pieces));
  if (waits_too_much()) return give_up();
  for (const iovec& piece : pieces) early_.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
}

void SideRequest::send(std::span<const iovec> pieces) {
  const net::Sent sent = outlet_.send(link_->connection(), pieces);
  if (sent == net::Sent::Failed) return give_up();
  set_waiting(sent == net::Sent::All ? 0 : waiting_ + size_of(pieces));
  if (waits_too_much()) give_up();
}

void SideRequest::set_waiting(std::size_t bytes) noexcept {
  shared_.side_load.waiting += bytes - waiting_;
  waiting_ = bytes;
}

bool SideRequest::waits_too_much() const noexcept {
  return waiting_ > max_waiting || shared_.side_load.waiting > SideLoad::most_waiting;
}

void SideRequest::give_back_load() noexcept {
  set_waiting(0);
  if (std::exchange(counted_, false)) --shared_.side_load.live;
}

void SideRequest::finish() {
  complete_ = true;
  held_ = false;
  if (ended_) return shared_.context.poller.reap_later(*this);
  if (in_body_ && body_.done()) end();
}

void SideRequest::abandon() {
  held_ = false;
  if (ended_) return shared_.context.poller.reap_later(*this);
  give_up();
}

// ---- the link -------------------------------------------------------------------------------------------------------

void SideRequest::on_link_open(upstream::Link& /*link*/) {
  open_ = true;
  set_waiting(0);
  const std::string early = std::move(early_);
  early_.clear();
  const iovec piece{const_cast<char*>(early.data()), early.size()};
  send({&piece, 1});
}

void SideRequest::on_link_failed(Reason /*reason*/, std::string_view /*detail*/) {
  link_ = nullptr;
  give_up();
}

void SideRequest::on_link_events(std::uint32_t events) {
  constexpr std::uint32_t closing = net::event_peer_closed | net::event_hangup | net::event_error;
  if (ended_) return;
  if ((events & closing) != 0) peer_closed_ = true;
  if ((events & net::event_writable) != 0 && outlet_.is_waiting()) {
    const net::Sent sent = outlet_.flush(link_->connection());
    if (sent == net::Sent::Failed) return give_up();
    if (sent == net::Sent::All) set_waiting(0);
  }
  read_answer();
}

// ---- the answer -----------------------------------------------------------------------------------------------------

void SideRequest::read_answer() {
  for (unsigned reads = 0; !ended_; ++reads) {
    if (reads == reads_a_turn) return shared_.upstreams->rearm(*link_);
    auto loan = shared_.context.scratch.borrow();
    if (!in_body_ && !input_.make_room()) return give_up();
    const std::span<char> room = in_body_ ? loan.span().first(net::ReadBuffer::large_size) : input_.room();
    const net::IoResult result = link_->connection().read(room);
    if (result.status == net::IoStatus::WouldBlock) return;
    if (result.status != net::IoStatus::Ok) return give_up();
    if (in_body_) {
      const http1::BodyBytes taken = body_.take(room.first(result.bytes));
      if (taken.refusal || taken.consumed < result.bytes) return give_up();
    } else {
      input_.commit(result.bytes);
      if (!take_heads()) return give_up();
    }
    if (in_body_ && body_.done()) return end();
    if (result.bytes < room.size() && !peer_closed_) return;
  }
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
    const http1::BodyBytes taken = body_.take(input_.bytes());
    if (taken.refusal || taken.consumed < input_.bytes().size()) return false;
    input_.reset();
  }
  return true;
}

/// The answer is complete. A connection whose request is not cannot be used again.
void SideRequest::end() {
  const bool reusable =
      complete_ && !outlet_.is_waiting() && response_.keep_alive && response_.body.kind != http::BodyKind::UntilClose;
  if (!reusable) return give_up();
  shared_.upstreams->release(*link_, upstream::Unread::Unknown);
  link_ = nullptr;
  give_up();
}

void SideRequest::give_up() {
  if (ended_) return;
  ended_ = true;
  give_back_load();
  deadline_.disarm();
  if (link_ != nullptr) shared_.upstreams->abandon(*link_);
  link_ = nullptr;
  outlet_.clear();
  input_.reset();
  if (!held_) shared_.context.poller.reap_later(*this);
}

}  // namespace pintle::proxy
