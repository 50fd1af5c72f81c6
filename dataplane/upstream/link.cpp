#include "dataplane/upstream/link.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <utility>

#include <fmt/core.h>

#include "dataplane/net/tls.hpp"
#include "dataplane/observe/record.hpp"

namespace pintle::upstream {
namespace {

constexpr std::uint32_t end_bits = net::event_peer_closed | net::event_hangup | net::event_error;
constexpr std::uint32_t outcome_bits = net::event_writable | net::event_hangup | net::event_error;

net::Alpn alpn_for(const LinkUser& user, Reuse reuse) noexcept {
  if (reuse == Reuse::RawTls) return net::Alpn::None;
  return user.speaks() == Speaks::Http1 ? net::Alpn::Http1 : net::Alpn::OfProtocol;
}

}  // namespace

std::chrono::nanoseconds PooledLink::connect_time() const noexcept {
  return reused_ || state_ == State::Connecting || state_ == State::Handshake ? std::chrono::nanoseconds{}
                                                                              : opened_ - started_;
}

PooledLink::PooledLink(Endpoint& endpoint, net::Connection&& connection, LinkUser& user, Reuse reuse) noexcept
    : Link(std::move(connection), endpoint.address()),
      endpoint_(endpoint),
      tls_(reuse == Reuse::Raw ? nullptr : endpoint.tls()),
      alpn_(alpn_for(user, reuse)),
      user_(&user),
      started_(endpoint.environment().context.now()),
      connect_timeout_(endpoint.connect_timeout()) {
  endpoint_.on_in_use();
}

PooledLink::~PooledLink() { close(); }

Result<void> PooledLink::start() {
  auto& context = endpoint_.environment().context;
  if (auto added = context.poller.add(connection_.descriptor(), *this); !added) return added;
  context.arm_after(deadline_, connect_timeout_);
  return {};
}

bool PooledLink::reuse(LinkUser& user) {
  // What the peer sent before this turn is known, though perhaps not told yet. It answers nothing of ours (req 19).
  if (endpoint_.environment().context.poller.has_pending_event(*this)) {
    close();
    return false;
  }
  net::ListHook<IdleTag>::unlink();
  endpoint_.on_unpooled();
  endpoint_.on_in_use();
  deadline_.disarm();
  state_ = State::InUse;
  user_ = &user;
  reused_ = true;
  count_busy(+1);
  return true;
}

void PooledLink::release(Unread unread) {
  if (state_ != State::InUse || !is_clean(unread) || !endpoint_.pool(*this)) return close();
  user_ = nullptr;
  state_ = State::Idle;
  endpoint_.on_use_over();
  count_busy(-1);
  const auto& [context, settings] = endpoint_.environment();
  context.arm_after(deadline_, settings.idle_timeout);
}

void PooledLink::rearm() noexcept { endpoint_.environment().context.poller.rearm(connection_.descriptor(), *this); }

bool PooledLink::is_clean(Unread unread) noexcept {
  if (peer_closed_ || !connection_.is_open() || connection_.has_pending()) return false;
  if (unread == Unread::Nothing) return true;
  if (const net::TlsStream* tls = connection_.tls(); tls != nullptr && tls->has_unread()) return false;
  char byte = 0;
  return ::recv(connection_.descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

void PooledLink::close() noexcept {
  const State was = std::exchange(state_, State::Closed);
  if (was == State::Closed) return;
  auto& context = endpoint_.environment().context;
  user_ = nullptr;
  deadline_.disarm();
  if (was == State::Idle) {
    net::ListHook<IdleTag>::unlink();
    endpoint_.on_unpooled();
  } else {
    endpoint_.on_use_over();
  }
  if (was == State::InUse) count_busy(-1);
  const bool was_open = was == State::InUse || was == State::Idle;
  if (was_open && context.observe != nullptr)
    context.observe->on_upstream_connection_closed(endpoint_.backend(), context.now() - opened_);
  context.poller.remove(connection_.descriptor(), *this);
  connection_.close();
  context.poller.reap_later(*this);
}

void PooledLink::on_events(std::uint32_t events) {
  if ((events & end_bits) != 0) peer_closed_ = true;
  switch (state_) {
    case State::Connecting:
      return finish_connect(events);
    case State::Handshake:
      return shake_hands(events);
    case State::InUse:
      return user_->on_link_events(events);
    case State::Idle:
      if ((events & ~net::event_writable) != 0) close();  // req 19
      return;
    case State::Closed:
      return;
  }
}

void PooledLink::finish_connect(std::uint32_t events) {
  if ((events & outcome_bits) == 0) return;
  if (auto connected = connection_.connect_result(); !connected)
    return fail(Reason::ConnectFailed, connected.error().context);
  if (tls_ != nullptr) return begin_handshake(events);
  open(events);
}

void PooledLink::begin_handshake(std::uint32_t events) {
  const auto certificate = user_->certificate();
  auto& context = endpoint_.environment().context;
  if (context.tls == nullptr) return fail(Reason::UpstreamTls, "this worker has no TLS");
  auto stream = tls_->connect(connection_.descriptor(), *context.tls, certificate.get(), alpn_);
  if (!stream) return fail(Reason::UpstreamTls, stream.error().context);
  shown_ = fingerprint_of(certificate.get());
  connection_.attach_tls(std::move(*stream));
  state_ = State::Handshake;
  shake_hands(events);
}

void PooledLink::shake_hands(std::uint32_t events) {
  if ((events & end_bits) != 0) connection_.expect_end();
  const net::IoResult result = connection_.handshake();
  if (result.status == net::IoStatus::WouldBlock) return;
  if (result.status != net::IoStatus::Ok) {
    const std::string cause(connection_.tls_error());
    return fail(Reason::UpstreamTls,
                fmt::format("TLS with {}: {}", runtime::to_string(address()), cause.empty() ? "refused" : cause));
  }
  if (alpn_ == net::Alpn::OfProtocol && endpoint_.may_choose()) take_choice();
  // What came with the last flight is told by no other event.
  open(events | net::event_readable);
}

/// A backend that chose HTTP/2 on a connection that was made for one exchange gets more of them on it.
void PooledLink::take_choice() {
  const bool http2 = connection_.tls()->alpn() == "h2";
  endpoint_.on_choice(http2);
  if (http2 && user_->speaks() == Speaks::Either) user_ = &endpoint_.carry(*this, *user_);
}

void PooledLink::open(std::uint32_t events) {
  auto& context = endpoint_.environment().context;
  deadline_.disarm();
  state_ = State::InUse;
  opened_ = context.now();
  endpoint_.on_connected();
  count_busy(+1);
  LinkUser* const user = user_;
  user->on_link_open(*this);
  // A peer that spoke or left at once: this event was the one to tell it, so its user gets it too.
  if ((events & ~net::event_writable) != 0 && state_ == State::InUse && user_ == user && !reused_)
    user->on_link_events(events);
}

void PooledLink::on_deadline() {
  if (state_ == State::Handshake)
    return fail(Reason::UpstreamTls, fmt::format("TLS with {}: no answer within {} ms", runtime::to_string(address()),
                                                 connect_timeout_.count()));
  if (state_ != State::Connecting) return close();
  fail(Reason::ConnectFailed,
       fmt::format("connect to {}: no answer within {} ms", runtime::to_string(address()), connect_timeout_.count()));
}

/// Over TLS a backend that is not what it must be is no reason to leave its address out.
void PooledLink::fail(Reason reason, std::string_view detail) {
  LinkUser* const user = user_;
  if (reason == Reason::ConnectFailed) endpoint_.on_connect_failed(started_);
  close();
  user->on_link_failed(reason, detail);
}

void PooledLink::count_busy(std::int32_t change) {
  if (auto* observe = endpoint_.environment().context.observe)
    observe->on_upstream_connection_busy(endpoint_.backend(), change);
}

}  // namespace pintle::upstream
