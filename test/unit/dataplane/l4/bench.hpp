// A worker without a thread whose routes are of connections: real poller, real loopback sockets; the test plays clients
// and backends.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/l4/l4.hpp"
#include "dataplane/net/datagrams.hpp"
#include "dataplane/observe/record.hpp"

namespace pintle::l4 {

/// A record with views that live on.
struct Seen {
  Reason reason = Reason::Internal;
  std::string detail;
  std::string sni;
  std::string backend;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint8_t attempts = 0;
};

struct Notes final : observe::WorkerSink {
  void on_apply(const runtime::Compiled&) override {}
  observe::SocketSlot on_connection_opened(SocketId) override { return ++open, observe::SocketSlot{}; }
  void on_connection_closed(observe::SocketSlot) override { --open; }
  void on_tls_handshake(const observe::HandshakeRecord&) override { ++handshakes; }
  void on_request_started(runtime::SocketProtocol) override {}
  void on_request(const observe::RequestRecord&) override {}
  void on_connection(const observe::ConnectionRecord& record) override;
  void on_upstream_connection_opened(const runtime::Backend&) override {}
  void on_upstream_connection_closed(const runtime::Backend&, observe::Nanos) override {}
  void on_upstream_connection_busy(const runtime::Backend&, std::int32_t change) override { busy += change; }
  void on_connect_failed(const runtime::Backend&, Reason) override {}
  void on_retry(const runtime::Backend&, Reason) override {}
  void on_ejected(const runtime::Backend&, std::int32_t) override {}
  void on_turn_end(Monotonic) override {}

  std::vector<Seen> connections;
  int handshakes = 0;
  int open = 0;
  int busy = 0;
};

/// What is handed on as HTTP.
struct HttpSessions final : net::SessionFactory {
  void start(net::Connection&& connection, std::shared_ptr<const net::BoundSocket>) override {
    taken.push_back(std::move(connection));
  }
  std::vector<net::Connection> taken;
};

/// A share of a rule.
struct Share {
  std::string name;
  std::vector<runtime::SocketAddress> endpoints = {};
  std::uint32_t weight = 1;
  bool broken = false;
  runtime::BackendProtocol protocol = runtime::BackendProtocol::Http1;
};

class Bench {
 public:
  explicit Bench(runtime::SocketProtocol protocol, const Settings& settings = {});
  /// Nothing is left behind: every connection was counted out and recorded once.
  ~Bench();

  /// A generation whose listeners (hostname, protocol) have one rule for their host.
  struct Site {
    std::string hostname = "*";
    route::Protocol protocol = route::Protocol::Tcp;
    std::vector<Share> shares = {};
  };
  void serve(const std::vector<Site>& sites);
  void serve_tcp(std::vector<Share> shares) { serve({{.shares = std::move(shares)}}); }

  /// A client's end of a connection that the factory has started; blocking reads time out.
  [[nodiscard]] net::UniqueFd connect();
  bool run_until(const std::function<bool()>& done);
  void settle();
  /// Time passes for timers.
  void pass(Millis time);

  std::unique_ptr<net::Poller> poller;
  net::WorkerContext context;
  Notes notes;
  std::shared_ptr<net::BoundSocket> socket;
  HttpSessions* http = nullptr;
  std::unique_ptr<net::SessionFactory> factory;

 private:
  Generation generation_{0};
  Millis skew_{0};
};

/// A listening socket of loopback.
class Backend {
 public:
  enum class Kind : std::uint8_t { Accepts, Refuses };
  explicit Backend(Kind kind = Kind::Accepts);
  [[nodiscard]] const runtime::SocketAddress& address() const noexcept { return address_; }
  [[nodiscard]] net::UniqueFd accept();

 private:
  net::UniqueFd fd_;
  runtime::SocketAddress address_;
};

/// A UDP socket of loopback.
class UdpPeer {
 public:
  UdpPeer();
  [[nodiscard]] const runtime::SocketAddress& address() const noexcept { return address_; }
  void send(std::string_view text, const runtime::SocketAddress& to);
  /// What is there: text and who sent it; empty if nothing is.
  [[nodiscard]] std::pair<std::string, runtime::SocketAddress> take();

 private:
  net::UniqueFd fd_;
  runtime::SocketAddress address_;
};

}  // namespace pintle::l4
