// What the data plane tells about its work, and to whom: facts in, access log lines and counters out.
//  - guarantees: WorkerSink calls never block on another thread, never throw and use no heap on a warm series.
//  - leaves to others: measuring (proxy, upstream, worker), reading the counters (metrics.hpp, exposition.hpp).
//  - threads: one sink per worker, called by that worker alone.
// Views and pointers in a record need to live only as long as the call.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/base/ids.hpp>
#include <pintle/base/reason.hpp>
#include <pintle/http/method.hpp>
#include <pintle/http/request.hpp>
#include <pintle/route/filter.hpp>
#include <pintle/route/table.hpp>
#include <pintle/runtime/compiled.hpp>

namespace pintle::observe {

using Nanos = std::chrono::nanoseconds;

/// One exchange that ended, whoever answered it and however. Empty views and absent optionals leave their field out.
/// Counters need few of these; those marked (details) are there only for a sink that looks_at_details().
struct RequestRecord {
  // identity (details)
  std::string_view request_id;
  std::string_view trace_id;
  std::string_view span_id;
  // request
  http::Method method = http::Method::Other;
  std::string_view method_text;  ///< as received; may be empty when the head was refused (details)
  runtime::SocketProtocol scheme = runtime::SocketProtocol::Http;
  std::string_view server_address;  ///< host the client asked for (details)
  std::uint16_t server_port = 0;    ///< (details)
  std::string_view path;            ///< as matched; empty when the head was refused (details)
  std::string_view query;           ///< logged only if the log was told to (details)
  http::Version version = http::Version::Http11;
  std::uint64_t request_body_bytes = 0;
  std::string_view user_agent;  ///< (details)
  // response
  std::uint16_t status = 0;  ///< sent to the client; 0: nothing was sent
  std::uint64_t response_body_bytes = 0;
  // client (details)
  runtime::SocketAddress client;  ///< after trusted hops; port 0 if it came from a field
  runtime::SocketAddress peer;    ///< of the socket
  // TLS of the client's connection (details)
  std::string_view tls_version;  ///< "1.2", "1.3"
  std::string_view tls_server_name;
  std::string_view tls_client_subject;
  // routing
  const route::Listener* listener = nullptr;
  const route::Rule* rule = nullptr;
  const route::WeightedBackend* backend = nullptr;
  // upstream
  const runtime::SocketAddress* upstream_address = nullptr;  ///< of the last try (details)
  std::optional<http::Version> upstream_version;             ///< of the backend's answer, if one came (details)
  std::uint16_t upstream_status = 0;
  std::uint8_t attempts = 0;  ///< (details)
  // time
  Monotonic started{};  ///< first byte of the head seen
  Monotonic ended{};
  std::optional<Nanos> upstream_time;        ///< from choosing a backend to the end of its answer, tries included
  std::optional<Nanos> upstream_connect;     ///< only if a connection was made for it (details)
  std::optional<Nanos> upstream_first_byte;  ///< (details)
  // why
  Reason reason = Reason::Upstream;
  std::string_view reason_detail;  ///< who failed, which object, which limit; never bytes of a message (details)
  Generation generation;           ///< (details)
  /// on_request_started was called for it. False for heads refused before that.
  bool was_started = true;
};

/// One connection, or one client's flow of datagrams, that was passed on as it is or refused; at its end.
struct ConnectionRecord {
  runtime::Transport transport = runtime::Transport::Tcp;
  runtime::SocketAddress client;
  std::string_view tls_version;  ///< if TLS ended here
  std::string_view tls_server_name;
  const route::Listener* listener = nullptr;
  const route::Rule* rule = nullptr;
  const route::WeightedBackend* backend = nullptr;
  const runtime::SocketAddress* upstream_address = nullptr;
  std::uint8_t attempts = 0;
  std::uint64_t received_bytes = 0;  ///< from the client
  std::uint64_t sent_bytes = 0;      ///< to it
  Monotonic started{};
  Monotonic ended{};
  std::optional<Nanos> upstream_connect;
  Reason reason = Reason::Upstream;
  std::string_view reason_detail;
  Generation generation;  ///< whose tables decided
};

/// A bound socket of this process as the metrics know it; stays valid over generations.
struct SocketSlot {
  std::uint32_t value = 0;
};

enum class HandshakeResult : std::uint8_t { Ok, Failed, TimedOut, UnknownName };
enum class Resumption : std::uint8_t { Full, Resumed };
struct HandshakeRecord {
  SocketSlot socket;
  std::string_view version;  ///< "1.2", "1.3"; empty if none was agreed
  HandshakeResult result = HandshakeResult::Ok;
  Resumption resumption = Resumption::Full;
  Nanos duration{0};
};

class WorkerSink {
 public:
  virtual ~WorkerSink() = default;

  /// Whether on_request() looks at more of a record than counters do.
  [[nodiscard]] bool looks_at_details() const noexcept { return looks_at_details_; }

  /// Before the first request of a generation; pointers of earlier generations are not looked at afterwards, but for
  /// requests that still pin them.
  virtual void on_apply(const runtime::Compiled& compiled) = 0;

  /// Downstream. `socket` is of the generation last applied.
  [[nodiscard]] virtual SocketSlot on_connection_opened(SocketId socket) = 0;
  virtual void on_connection_closed(SocketSlot slot) = 0;
  virtual void on_tls_handshake(const HandshakeRecord& record) = 0;
  /// A head is complete. Exactly one on_request with was_started follows.
  virtual void on_request_started(runtime::SocketProtocol scheme) = 0;
  virtual void on_request(const RequestRecord& record) = 0;
  virtual void on_connection(const ConnectionRecord& /*record*/) {}

  /// Upstream. The Backend is the one of the EndpointSet; only its name is kept.
  virtual void on_upstream_connection_opened(const runtime::Backend& backend) = 0;
  virtual void on_upstream_connection_closed(const runtime::Backend& backend, Nanos age) = 0;
  /// A pooled connection began (+1) or ended (-1) carrying a request.
  virtual void on_upstream_connection_busy(const runtime::Backend& backend, std::int32_t change) = 0;
  virtual void on_connect_failed(const runtime::Backend& backend, Reason reason) = 0;
  virtual void on_retry(const runtime::Backend& backend, Reason reason) = 0;
  /// A mirror's copy that did not reach its backend whole, or got no answer.
  virtual void on_copy_lost(const runtime::Backend& /*backend*/) {}
  /// An endpoint was ejected (+1) or came back or left (-1).
  virtual void on_ejected(const runtime::Backend& backend, std::int32_t change) = 0;

  /// At the end of a turn and at least each 100 ms while there was work: lets the access log write.
  virtual void on_turn_end(Monotonic now) = 0;

 protected:
  bool looks_at_details_ = true;
};

}  // namespace pintle::observe
