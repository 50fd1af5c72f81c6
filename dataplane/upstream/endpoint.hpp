// One address of a backend, on one worker: its connections, how many carry a request, whether it is left out.
//
//   links_  all connections, whatever their state; the endpoint lives until the last is gone
//   idle_   those in the pool, last used first: the rest times out when traffic falls
//   carriers_   those of them that carry HTTP/2, until the last of their streams was given back
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>

#include <pintle/runtime/compiled.hpp>

#include "dataplane/net/intrusive_list.hpp"
#include "dataplane/net/worker_context.hpp"
#include "dataplane/upstream/ejection.hpp"
#include "dataplane/upstream/upstream.hpp"

namespace pintle::net {
class TlsClientContext;
}

namespace pintle::upstream {

class H2Carrier;
class H2Link;
class PooledLink;
class Service;
struct CarrierTag;
struct OwnedTag;
struct IdleTag;

/// What every part of an Upstreams uses; both outlive it.
struct Environment {
  net::WorkerContext& context;
  const Settings& settings;
};

enum class Membership : std::uint8_t { Member, Left };  ///< Left: no new request, nothing is pooled

class Endpoint {
 public:
  Endpoint(Environment env, Service& service, const runtime::SocketAddress& address) noexcept
      : env_(env), service_(service), address_(address) {}
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  [[nodiscard]] const runtime::SocketAddress& address() const noexcept { return address_; }
  [[nodiscard]] const runtime::Backend& backend() const noexcept;
  [[nodiscard]] const Environment& environment() const noexcept { return env_; }
  /// What its connections are secured with; nullptr: they are plain.
  [[nodiscard]] const net::TlsClientContext* tls() const noexcept;
  [[nodiscard]] bool admits(Monotonic now) const noexcept { return ejection_.admits(now); }
  /// For the connect begun now. One that tries whether a left out endpoint is back does not keep its request from the
  /// others for long.
  [[nodiscard]] Millis connect_timeout() const noexcept {
    return ejection_.is_ejected() ? std::min(env_.settings.connect_timeout, env_.settings.eject_most)
                                  : env_.settings.connect_timeout;
  }
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::uint32_t idle_count() const noexcept { return idle_count_; }
  [[nodiscard]] bool has_links() const noexcept { return !links_.empty() || !carriers_.empty(); }

  /// The connection used last, if one is in the pool and still silent, now in use by `user`.
  [[nodiscard]] PooledLink* take_idle(LinkUser& user);
  /// A new connection under way for `user`. An Error: none was begun; ConnectFailed is the endpoint's fault and has
  /// left it out, Exhausted is this machine's.
  [[nodiscard]] Result<PooledLink*> connect(LinkUser& user, Reuse reuse);
  /// A stream of a connection that speaks HTTP/2, of a new one if there is none with room or `fresh` asks for it.
  [[nodiscard]] Result<H2Link*> open_stream(LinkUser& user, Reuse reuse);
  /// Of a backend that may choose (Negotiated): its last choice was HTTP/2.
  [[nodiscard]] bool chose_http2() const noexcept { return chose_http2_; }
  /// A connection on which HTTP/2 was chosen, and which `user` waits for, becomes one that carries streams, the first
  /// of them its user's. Returns the connection's user from now on.
  [[nodiscard]] LinkUser& carry(PooledLink& link, LinkUser& user);
  void drop_idle() noexcept;
  void set_membership(Membership membership) noexcept;

  // A link tells its endpoint.
  void on_connected();
  [[nodiscard]] bool may_choose() const noexcept;
  void on_choice(bool http2) noexcept { chose_http2_ = http2; }
  void on_connect_failed(Monotonic started);
  void on_in_use() noexcept { ++in_flight_; }
  void on_use_over() noexcept { --in_flight_; }
  /// Pools it, if pooling is wanted now and there is room; else it is for the caller to close.
  [[nodiscard]] bool pool(PooledLink& link) noexcept;
  /// One whose last stream is over: whether it waits for another.
  [[nodiscard]] bool keeps_idle_carrier() const noexcept {
    return membership_ == Membership::Member && carrier_count_ <= env_.settings.max_idle_per_endpoint &&
           env_.context.pressure == net::Pressure::None;
  }
  void on_unpooled() noexcept { --idle_count_; }
  /// End of the turn in which it was closed: frees it.
  void bury(PooledLink& link) noexcept;
  void bury(H2Carrier& carrier) noexcept;

 private:
  void count_ejected(std::int32_t change);

  Environment env_;
  Service& service_;
  runtime::SocketAddress address_;
  net::IntrusiveList<PooledLink, OwnedTag> links_;
  net::IntrusiveList<PooledLink, IdleTag> idle_;
  net::IntrusiveList<H2Carrier, CarrierTag> carriers_;
  std::uint32_t idle_count_ = 0;
  std::uint32_t carrier_count_ = 0;
  std::uint32_t in_flight_ = 0;
  bool chose_http2_ = false;
  Membership membership_ = Membership::Member;
  Ejection ejection_;
};

}  // namespace pintle::upstream
