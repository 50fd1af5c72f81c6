#include "dataplane/upstream/h2_carrier.hpp"

#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "dataplane/upstream/link.hpp"

namespace pintle::upstream {
namespace {

constexpr std::size_t read_size = 64 * 1024;
/// Reads of one connection in one event; then the others have theirs.
constexpr unsigned reads_a_turn = 16;
constexpr Millis write_stall{30'000};  // req 44

/// A peer that is gone without a word (its node died, a rule drops its packets) would keep all requests for a quarter
/// of an hour. The kernel asks it where nothing is to be sent, and gives up where nothing is taken. Not PING: servers
/// of gRPC count those of a connection whose calls are silent as abuse.
void watch_peer(int descriptor) noexcept {
  const auto set = [descriptor](int level, int name, int value) {
    static_cast<void>(::setsockopt(descriptor, level, name, &value, sizeof value));
  };
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);  // milliseconds
  set(IPPROTO_TCP, TCP_KEEPIDLE, 15);          // seconds
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
}

}  // namespace

// ---- a stream -------------------------------------------------------------------------------------------------------

H2Link::H2Link(H2Carrier& carrier, LinkUser& user)
    : Link(net::Connection(static_cast<net::Channel&>(*this), carrier.endpoint_.address()),
           carrier.endpoint_.address()),
      Stream(carrier.http_, 0),
      carrier_(carrier),
      user_(&user),
      opened_at_(carrier.context().now()) {
  reused_ = carrier.connected_;
  stream_ = true;
  carrier.links_.push_back(*this);
  carrier_.endpoint_.on_in_use();
}

bool H2Link::is_connected() const noexcept { return carrier_.connected_; }

void H2Link::on_open() {
  if (user_ != nullptr) user_->on_link_open(*this);
}

void H2Link::on_connect_failed(Reason reason, std::string_view detail) {
  LinkUser* const user = user_;
  close();
  if (user != nullptr) user->on_link_failed(reason, detail);
}

void H2Link::release(Unread /*unread*/) { close(); }

void H2Link::close() noexcept {
  if (user_ == nullptr) return;
  user_ = nullptr;
  carrier_.endpoint_.on_use_over();
  if (!is_over() && !has_input_end()) carrier_.on_given_up(opened_at_);
  finish(http2::ErrorCode::Cancel);
  if (is_over() || !is_open()) carrier_.context().poller.reap_later(*this);
}

void H2Link::on_turn_end() {
  H2Carrier& carrier = carrier_;
  delete this;
  carrier.on_link_gone();
}

void H2Link::rearm() noexcept { carrier_.rearm(*this); }

std::chrono::nanoseconds H2Link::connect_time() const noexcept {
  return reused_ || carrier_.link_ == nullptr ? std::chrono::nanoseconds{}
                                              : static_cast<const Link&>(*carrier_.link_).connect_time();
}

void H2Link::on_readable() {
  if (user_ != nullptr) user_->on_link_events(net::event_readable | (has_input_end() ? net::event_peer_closed : 0U));
}

void H2Link::on_room() {
  if (user_ != nullptr) user_->on_link_events(net::event_writable);
}

void H2Link::on_over(http2::ErrorCode code) {
  refused_ = code == http2::ErrorCode::RefusedStream;
  shed_ = refused_ && carrier_.stays();
  if (user_ == nullptr) return carrier_.context().poller.reap_later(*this);
  user_->on_link_events(net::event_readable | net::event_peer_closed);
}

// ---- the connection -------------------------------------------------------------------------------------------------

H2Carrier::H2Carrier(Endpoint& endpoint, std::shared_ptr<const runtime::Certificate> certificate)
    : endpoint_(endpoint),
      certificate_(std::move(certificate)),
      outlet_(endpoint.environment().context.buffers),
      http_(http2::Role::Client, *this, endpoint.environment().context.buffers) {}

H2Carrier::~H2Carrier() {
  dead_ = true;
  http_.end_streams();
  while (H2Link* link = links_.front()) delete link;  // a worker that ends does not wait for the end of the turn
}

Result<void> H2Carrier::connect() {
  auto link = endpoint_.connect(*this, Reuse::Fresh);
  if (!link) return std::unexpected(std::move(link.error()));
  link_ = *link;
  return {};
}

bool H2Carrier::shows(const runtime::Certificate* certificate) const noexcept {
  return fingerprint_of(certificate_.get()) == fingerprint_of(certificate);
}

H2Link& H2Carrier::open(LinkUser& user) {
  auto* link = new H2Link(*this, user);  // frees itself: on_turn_end()
  if (!connected_) listed_.push_back(*link);
  return *link;
}

void H2Carrier::on_link_open(Link& link) {
  if (endpoint_.may_choose() && !endpoint_.chose_http2()) return refuse_choice();
  if (link.connection().is_tls()) http_.set_scheme("https");
  watch_peer(link.connection().descriptor());
  connected_ = true;
  heard_at_ = context().now();
  on_output();
  net::IntrusiveList<H2Link, CarriedTag> waiting;
  waiting.splice(listed_);
  while (H2Link* one = waiting.pop_front()) one->on_open();
}

/// The backend speaks HTTP/2 no more. Who waits tries anew, by HTTP/1.1.
void H2Carrier::refuse_choice() {
  if (PooledLink* link = std::exchange(link_, nullptr)) link->close();
  on_link_failed(Reason::ConnectFailed, "the backend chose HTTP/1.1, and HTTP/2 before");
}

void H2Carrier::on_link_failed(Reason reason, std::string_view detail) {
  link_ = nullptr;
  die();
  const std::string why(detail);  // its owner may try anew meanwhile
  while (H2Link* link = listed_.pop_front()) link->on_connect_failed(reason, why);
  on_link_gone();
}

void H2Carrier::on_link_events(std::uint32_t events) {
  if (dead_) return;
  if ((events & (net::event_error | net::event_hangup)) != 0) peer_closed_ = true;
  if ((events & net::event_peer_closed) != 0) peer_closed_ = true;
  if ((events & net::event_readable) != 0 || peer_closed_) readable_ = true;
  if ((events & net::event_writable) != 0 && outlet_.is_waiting()) {
    const net::Sent sent = outlet_.flush(link_->connection());
    if (sent == net::Sent::Failed) return die();
    if (sent == net::Sent::Waiting) {
      context().arm_after(stall_, write_stall);
    } else {
      stall_.disarm();
      on_output();
    }
  }
  if (std::exchange(flush_due_, false)) on_output();
  net::IntrusiveList<H2Link, CarriedTag> again;
  again.splice(listed_);
  while (H2Link* link = again.pop_front()) link->again();
  receive();
}

void H2Carrier::receive() {
  for (unsigned reads = 0; readable_ && !dead_; ++reads) {
    if (reads == reads_a_turn) return link_->rearm();
    auto loan = context().frames.borrow();
    const std::span<char> room = loan.span().first(read_size);
    const net::IoResult result = link_->connection().read(room);
    if (result.status == net::IoStatus::WouldBlock) {
      readable_ = false;
      return;
    }
    if (result.status != net::IoStatus::Ok) return die();
    heard_at_ = context().now();
    if (result.bytes < room.size()) readable_ = peer_closed_;
    static_cast<void>(http_.receive(room.first(result.bytes), context().now()));  // doomed: seen in flush()
  }
}

void H2Carrier::on_output() {
  if (connected_ && !dead_ && !flush_later_.is_linked()) context().poller.flush_later(flush_later_);
}

void H2Carrier::flush() {
  if (dead_) return;
  if (!flushes_.take(context().now())) {
    flush_due_ = true;  // the others have their turn first
    return link_->rearm();
  }
  const net::Sent sent = http2::send_frames(http_, outlet_, link_->connection(), context().frames);
  if (sent == net::Sent::Failed) return die();
  if (sent == net::Sent::Waiting && !stall_.is_armed()) context().arm_after(stall_, write_stall);
  if (sent == net::Sent::All && http_.is_over()) die();
}

void H2Carrier::rearm(H2Link& link) noexcept {
  if (dead_) return;
  listed_.push_back(link);
  link_->rearm();
}

// ---- the end --------------------------------------------------------------------------------------------------------

void H2Carrier::on_link_gone() {
  if (http_.stream_count() > 0) return;
  if (dead_) {
    if (!net::TurnTask::is_linked()) context().poller.reap_later(*this);
  } else if (leaving_ || !http_.takes_streams() || !endpoint_.keeps_idle_carrier()) {
    die();
  } else {
    context().arm_after(idle_, endpoint_.environment().settings.idle_timeout);
  }
}

/// A stream that got no end, perhaps because its time was over. If nothing at all was heard meanwhile, the next is
/// better off elsewhere.
void H2Carrier::on_given_up(Monotonic opened_at) {
  const Monotonic since = std::max(heard_at_, opened_at);
  if (connected_ && context().now() - since >= endpoint_.environment().settings.h2_silence) leaving_ = true;
}

void H2Carrier::on_idle() {
  if (http_.stream_count() == 0) die();
}

void H2Carrier::leave() {
  leaving_ = true;
  if (http_.stream_count() == 0) die();
}

/// The connection is gone, or is to go. Exchanges are told, and each gives its link back.
void H2Carrier::die() {
  if (std::exchange(dead_, true)) return;
  idle_.disarm();
  stall_.disarm();
  flush_later_.unlink();
  outlet_.clear();
  if (PooledLink* link = std::exchange(link_, nullptr)) link->close();
  http_.end_streams();
  on_link_gone();
}

}  // namespace pintle::upstream
