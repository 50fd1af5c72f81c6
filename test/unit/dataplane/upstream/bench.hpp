// A worker without a thread: a real poller and wheel, real loopback sockets, backends that the test plays itself.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/net/connection.hpp"
#include "dataplane/observe/record.hpp"
#include "dataplane/upstream/upstream.hpp"

namespace pintle::upstream {

/// A port of the loopback; what becomes of a connect to it is its kind.
class Peer {
 public:
  enum class Kind : std::uint8_t { Accepts, Refuses, Hangs };
  explicit Peer(Kind kind = Kind::Accepts);

  [[nodiscard]] const runtime::SocketAddress& address() const noexcept { return address_; }
  /// The next connection made to it; there must be one.
  [[nodiscard]] net::UniqueFd accept();
  /// The next one if there is one.
  [[nodiscard]] net::UniqueFd accept_waiting();
  /// Refuses -> Accepts.
  void listen();

 private:
  net::UniqueFd fd_;
  runtime::SocketAddress address_;
  std::vector<net::UniqueFd> fillers_;  ///< of a backlog that is full
};

/// Writes down what it is told.
struct User final : LinkUser {
  void on_link_open(Link& link) override {
    ++opened;
    if (when_open) when_open(link);
  }
  void on_link_failed(Reason reason, std::string_view detail) override {
    ++failed;
    failure = reason;
    failure_detail = detail;
    if (when_failed) when_failed();
  }
  void on_link_events(std::uint32_t bits) override {
    events |= bits;
    if (when_events) when_events(bits);
  }

  int opened = 0;
  int failed = 0;
  Reason failure = Reason::Internal;
  std::string failure_detail;
  std::uint32_t events = 0;
  std::function<void(Link&)> when_open;
  std::function<void()> when_failed;
  std::function<void(std::uint32_t)> when_events;
};

/// The upstream half of a sink, as balances.
struct Counts final : observe::WorkerSink {
  void on_apply(const runtime::Compiled&) override {}
  observe::SocketSlot on_connection_opened(SocketId) override { return {}; }
  void on_connection_closed(observe::SocketSlot) override {}
  void on_tls_handshake(const observe::HandshakeRecord&) override {}
  void on_request_started(runtime::SocketProtocol) override {}
  void on_request(const observe::RequestRecord&) override {}
  void on_upstream_connection_opened(const runtime::Backend&) override { ++opened; }
  void on_upstream_connection_closed(const runtime::Backend&, observe::Nanos) override { ++closed; }
  void on_upstream_connection_busy(const runtime::Backend&, std::int32_t change) override { busy += change; }
  void on_connect_failed(const runtime::Backend& backend, Reason) override { ++failed[backend.name]; }
  void on_retry(const runtime::Backend&, Reason) override {}
  void on_ejected(const runtime::Backend&, std::int32_t change) override { ejected += change; }
  void on_turn_end(Monotonic) override {}

  int opened = 0;
  int closed = 0;
  int busy = 0;
  int ejected = 0;
  std::map<std::string, int> failed;
};

using BackendPtr = std::shared_ptr<const runtime::Backend>;
[[nodiscard]] BackendPtr make_backend(std::string name, std::vector<runtime::SocketAddress> endpoints);

class Bench {
 public:
  explicit Bench(const Settings& settings = {});
  ~Bench();

  /// A new generation with these backends, by id.
  void publish(std::vector<BackendPtr> backends);
  /// Takes turns until `done`; false after five seconds.
  [[nodiscard]] bool run_until(const std::function<bool()>& done);
  /// Takes turns until nothing is ready.
  void settle();
  /// Runs every timer due within `span` from now.
  void pass(Millis span);
  /// Takes empty turns until the worker's clock shows `span` more.
  void await_clock(Millis span);

  [[nodiscard]] Acquired acquire(User& user, Reuse reuse = Reuse::Pooled) {
    return upstreams->acquire(BackendId{0}, backends_.at(0), user, reuse);
  }
  /// Acquired and connected.
  [[nodiscard]] Link* open(User& user, Reuse reuse = Reuse::Pooled);
  void release(Link* link, Unread unread = Unread::Nothing) { upstreams->release(*link, unread); }
  void abandon(Link* link) { upstreams->abandon(*link); }

  std::unique_ptr<net::Poller> poller;
  net::WorkerContext context;
  Counts counts;
  std::unique_ptr<Upstreams> upstreams;

 private:
  std::vector<BackendPtr> backends_;
  std::uint64_t generation_ = 0;
};

/// Peer's end: writes, or reads what is there; "" at EOF or if nothing is there.
void send_text(const net::UniqueFd& fd, std::string_view text);
[[nodiscard]] bool is_closed_by_us(const net::UniqueFd& fd);

}  // namespace pintle::upstream
