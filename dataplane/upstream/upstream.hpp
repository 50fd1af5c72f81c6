// Connections to backends, per worker: choosing an endpoint, pooling, connecting, leaving out what does not answer.
//  - guarantees: one exchange at a time on a Link; an idle pooled connection that receives any byte or EOF is dropped
//    (req 19); an endpoint that left its backend gets no new request and keeps those it has; an endpoint whose connect
//    failed is left out and probed back quickly; the state of an endpoint is shared by all routes to its backend.
//  - leaves to others: bytes of messages, retries, timeouts of requests (proxy). Whether a request may be sent again is
//    the proxy's decision: it acquires another Link.
//  - threads: a worker's; nothing is shared between workers.
//
//   Upstreams ── backend id ──> Service{Backend, endpoints} ──> Endpoint{address, idle Links (LIFO), in flight,
//   ejected}
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/base/reason.hpp>
#include <pintle/runtime/compiled.hpp>

#include "dataplane/net/connection.hpp"
#include "dataplane/net/worker_context.hpp"

namespace pintle::upstream {

class Link;
enum class Unread : std::uint8_t {
  Nothing,  ///< the last read was short: nothing waits in the socket
  Unknown   ///< it is looked at; a connection with anything unread is closed
};

/// What a user of a Link speaks, where the backend may choose (runtime::BackendProtocol::Negotiated).
enum class Speaks : std::uint8_t {
  Either,  ///< the text of one exchange: a connection of HTTP/1.1, or a stream of one of HTTP/2
  Http1,   ///< HTTP/1.1 alone, an upgrade: many servers of HTTP/2 do not know it
  Http2    ///< a connection that carries streams
};

/// Who uses a Link for one exchange. Never called from inside acquire(), release() or abandon().
class LinkUser {
 public:
  /// The Link that acquire() gave as connecting is connected: write to it now. `link`: that one, or, where the backend
  /// chose HTTP/2, a stream in its place.
  virtual void on_link_open(Link& link) = 0;
  /// It could not be connected; the Link is gone. `reason`: ConnectFailed, and the endpoint is left out for a while; or
  /// UpstreamTls.
  virtual void on_link_failed(Reason reason, std::string_view detail) = 0;
  /// Events of its socket (poller.hpp), edge-triggered, while it is in use and connected.
  virtual void on_link_events(std::uint32_t events) = 0;
  /// Shown to a backend that asks for one over TLS; nullptr: none. A connection is used again only by who shows the
  /// same.
  [[nodiscard]] virtual std::shared_ptr<const runtime::Certificate> certificate() const { return nullptr; }
  [[nodiscard]] virtual Speaks speaks() const noexcept { return Speaks::Either; }

 protected:
  ~LinkUser() = default;
};

enum class Reuse : std::uint8_t {
  Pooled,
  Fresh,  ///< never a pooled connection; one of HTTP/2 that is new may carry others
  Raw,    ///< nor a stream of one, nor TLS, whatever the backend speaks: its bytes are none of ours
  RawTls  ///< likewise, but over the backend's TLS, in which no protocol is named
};

/// A connection to one endpoint, or a stream of one, in use by one LinkUser from acquire() to release() or abandon().
class Link {
 public:
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  [[nodiscard]] net::Connection& connection() noexcept { return connection_; }
  [[nodiscard]] const runtime::SocketAddress& address() const noexcept { return address_; }
  /// Its connection has carried an exchange before: its peer may have closed it meanwhile (Retry::IfReused).
  [[nodiscard]] bool is_reused() const noexcept { return reused_; }
  /// The backend has said that it did nothing of the request: it may be sent again whatever its method (RFC 9113
  /// section 8.7).
  [[nodiscard]] bool was_refused() const noexcept { return refused_; }
  /// By a connection that stays: the backend sheds load, and what is sent to it again adds to that.
  [[nodiscard]] bool was_shed() const noexcept { return shed_; }
  /// It is a stream: its connection carries others too.
  [[nodiscard]] bool is_stream() const noexcept { return stream_; }
  /// For another try once it is lost. Of a connection of HTTP/2 that is gone nothing is used again, and one new one
  /// carries all that it left.
  [[nodiscard]] Reuse reuse_when_lost() const noexcept { return stream_ ? Reuse::Pooled : Reuse::Fresh; }
  /// How long connecting took; zero for a reused one.
  [[nodiscard]] virtual std::chrono::nanoseconds connect_time() const noexcept = 0;

 protected:
  Link(net::Connection&& connection, const runtime::SocketAddress& address) noexcept
      : connection_(std::move(connection)), address_(address) {}
  ~Link() = default;

  net::Connection connection_;
  bool reused_ = false;
  bool refused_ = false;
  bool shed_ = false;
  bool stream_ = false;

 private:
  // What Upstreams does with it.
  friend class Upstreams;
  virtual void release(Unread unread) = 0;
  virtual void rearm() noexcept = 0;
  virtual void close() noexcept = 0;
  const runtime::SocketAddress& address_;  ///< of the endpoint
};

enum class Balance : std::uint8_t { RoundRobin, LeastInFlight };  ///< the latter: power of two choices

struct Settings {
  Millis connect_timeout{5000};  ///< req 45; of an endpoint that is left out and tried again at most eject_most
  Millis idle_timeout{60'000};
  std::uint32_t max_idle_per_endpoint = 1024;
  Balance balance = Balance::RoundRobin;
  Millis eject_first{100};  ///< how long an endpoint is left out after a failed connect; doubles up to eject_most
  Millis eject_most{2000};
  /// HTTP/2: what a connection may be silent for while a stream waits that is then given up, before no other is opened
  /// on it.
  Millis h2_silence{2000};
};

struct Acquired {
  Link* link = nullptr;              ///< nullptr: see reason
  bool connected = false;            ///< write at once; else wait for on_link_open or on_link_failed
  Reason reason = Reason::Upstream;  ///< NoEndpoints, NoHealthyEndpoint (all are left out), ConnectFailed,
                                     ///< UpstreamTls, Overload
  std::string_view detail{};         ///< valid until the next acquire()
};

class Upstreams {
 public:
  /// Registers for the context's generations; the context and its sink outlive it.
  [[nodiscard]] static std::unique_ptr<Upstreams> make(net::WorkerContext& context, const Settings& settings);
  virtual ~Upstreams() = default;

  /// A connection to a ready endpoint of the backend. `backend` is the entry of the request's own EndpointSet: a
  /// request that pinned an older generation may name a backend or endpoints that left. `wanted`: the endpoint it must
  /// be if that one is still there and not left out; null: any.
  [[nodiscard]] virtual Acquired acquire(BackendId id, const std::shared_ptr<const runtime::Backend>& backend,
                                         LinkUser& user, Reuse reuse, const runtime::SocketAddress* wanted) = 0;
  [[nodiscard]] Acquired acquire(BackendId id, const std::shared_ptr<const runtime::Backend>& backend, LinkUser& user,
                                 Reuse reuse) {
    return acquire(id, backend, user, reuse, nullptr);
  }
  /// The exchange ended cleanly and the backend keeps the connection open: back into the pool.
  static void release(Link& link, Unread unread) { link.release(unread); }
  /// Tells the link's present state once more in the next turn, for who stopped reading before it was drained.
  static void rearm(Link& link) noexcept { link.rearm(); }
  /// Closes it, whatever its state.
  static void abandon(Link& link) noexcept { link.close(); }
  /// Closes every pooled connection. Done by itself when the worker is told of memory pressure (req 50).
  virtual void drop_idle() = 0;
};

}  // namespace pintle::upstream
