// A worker without a thread: a real poller and wheel, real loopback sockets, clients and backends that the test plays.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/net/connection.hpp"
#include "dataplane/observe/record.hpp"
#include "dataplane/proxy/proxy.hpp"

namespace pintle::proxy {

/// The test's end of a connection. Its calls are read and write, so that recv and send are the gateway's alone.
class End {
 public:
  End() = default;
  explicit End(net::UniqueFd fd) : fd_(std::move(fd)) {}

  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
  [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }
  /// All of it must fit into the socket.
  void send(std::string_view text);
  /// As much as fits; returns how much that was.
  std::size_t push(std::string_view text);
  /// Takes what is there.
  const std::string& pull();
  [[nodiscard]] std::string take() { return std::exchange(received, {}); }
  void finish();  ///< FIN
  void reset();   ///< RST

  std::string received;
  bool ended = false;  ///< the gateway's FIN came
  bool cut = false;    ///< the gateway's RST came

 private:
  net::UniqueFd fd_;
};

/// A port of the loopback that accepts or, until listen(), refuses.
class Peer {
 public:
  enum class Kind : std::uint8_t { Accepts, Refuses };
  explicit Peer(Kind kind = Kind::Accepts);
  [[nodiscard]] const runtime::SocketAddress& address() const noexcept { return address_; }
  /// The next connection, if there is one.
  [[nodiscard]] End accept();

 private:
  net::UniqueFd fd_;
  runtime::SocketAddress address_;
};

/// A record with views that live on.
struct Seen {
  std::uint16_t status = 0;
  std::uint16_t upstream_status = 0;
  Reason reason = Reason::Internal;
  std::string detail;
  std::string client;
  std::uint8_t attempts = 0;
  std::uint64_t request_body = 0;
  std::uint64_t response_body = 0;
  bool was_started = false;
};

struct Notes final : observe::WorkerSink {
  void on_apply(const runtime::Compiled&) override {}
  observe::SocketSlot on_connection_opened(SocketId) override { return ++open, observe::SocketSlot{}; }
  void on_connection_closed(observe::SocketSlot) override { --open; }
  void on_tls_handshake(const observe::HandshakeRecord& record) override { handshakes.push_back(record.result); }
  void on_request_started(runtime::SocketProtocol) override { ++started; }
  void on_request(const observe::RequestRecord& record) override;
  void on_upstream_connection_opened(const runtime::Backend&) override { ++upstream_open; }
  void on_upstream_connection_closed(const runtime::Backend&, observe::Nanos) override { --upstream_open; }
  void on_upstream_connection_busy(const runtime::Backend&, std::int32_t change) override { busy += change; }
  void on_connect_failed(const runtime::Backend&, Reason) override {}
  void on_retry(const runtime::Backend&, Reason) override { ++retries; }
  void on_ejected(const runtime::Backend&, std::int32_t) override {}
  void on_turn_end(Monotonic) override {}

  std::vector<Seen> requests;
  std::vector<observe::HandshakeResult> handshakes;
  int open = 0;
  int started = 0;
  int upstream_open = 0;
  int busy = 0;
  int retries = 0;
};

class Bench {
 public:
  explicit Bench(const Settings& settings = {});
  /// Nothing is left behind: every started request was recorded once, every connection counted out.
  ~Bench();

  /// A generation with one rule for every host and path, to a backend with these endpoints.
  void serve(const std::vector<const Peer*>& peers, route::Rule rule = {});
  /// The same with what the rule does instead of forwarding.
  void serve_action(route::Action action);

  /// A client's end of a new session.
  [[nodiscard]] End connect();
  [[nodiscard]] End connect(net::Connection server, net::UniqueFd client);

  /// Takes turns until `done`; false after five seconds.
  bool run_until(const std::function<bool()>& done);
  /// Takes turns until nothing is ready.
  void settle();
  /// Until `end` has received `text`; gives all it has received.
  std::string expect(End& end, std::string_view text);
  [[nodiscard]] End accept(Peer& peer);
  /// Until the gateway has closed towards `end`, by FIN.
  void expect_end(End& end);
  void expect_cut(End& end);
  /// Sends `request`, plays the backend once and reads the answer to its end `mark`.
  void round_trip(End& client, End& backend, std::string_view request, std::string_view answer, std::string_view mark);

  [[nodiscard]] const Seen& last() const { return notes.requests.back(); }

  std::unique_ptr<net::Poller> poller;
  net::WorkerContext context;
  Notes notes;
  std::uint32_t weight = 1;  ///< of the backend in what is served next
  runtime::BackendProtocol backend_protocol = runtime::BackendProtocol::Http1;  ///< of what serve() makes
  std::shared_ptr<const Secret> session_key;                                    ///< of what serve() makes
  std::vector<const Peer*> others;  ///< backends 1 and on, which the rule may name, with one endpoint each
  std::shared_ptr<net::BoundSocket> socket;
  std::unique_ptr<net::SessionFactory> factory;

 private:
  void publish(std::shared_ptr<const route::Rule> rule, std::shared_ptr<const runtime::EndpointSet> endpoints);
  std::uint64_t generation_ = 0;
};

inline constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
inline constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace pintle::proxy
