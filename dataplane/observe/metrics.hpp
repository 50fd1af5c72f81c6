// The counters of the data plane: one shard per worker, written by that worker alone, read by the scraper at any time.
//  - guarantees: no lock and no read-modify-write on a warm series; a series exists from its first hit; there are never
//    more label sets than the budget, the rest is counted under the labels `other` and in
//    pintle_metrics_dropped_series_total; no host, path or client ever becomes a label.
//  - leaves to others: text for Prometheus (exposition.hpp), what is known to the control thread (ControlMetrics
//  there).
//  - threads: Metrics::add_shard and reading: any. ShardWriter: its worker.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include <pintle/base/reason.hpp>
#include <pintle/runtime/compiled.hpp>

#include "dataplane/observe/counters.hpp"
#include "dataplane/observe/record.hpp"

namespace pintle::observe {

inline constexpr std::string_view other_label = "other";

inline constexpr std::size_t tls_versions = 3;  ///< none, 1.2, 1.3
inline constexpr std::size_t handshake_results = 4;

struct SocketSeries {
  std::string listener;  ///< "namespace/gateway:port"
  Counter opened;
  Gauge open;
  /// [version][result][resumed]
  std::array<std::array<std::array<Counter, 2>, handshake_results>, tls_versions> handshakes;
  Histogram<8> handshake_duration;
};

struct ListenerSeries {
  std::string gateway;
  std::string listener;
  Histogram<8> overhead;
};

/// What the labels of a request say, as one number.
struct HttpLabels {
  http::Method method = http::Method::Other;
  runtime::SocketProtocol scheme = runtime::SocketProtocol::Http;
  http::Version version = http::Version::Http11;
  std::uint16_t status = 0;
  Reason reason = Reason::Upstream;
  friend bool operator==(const HttpLabels&, const HttpLabels&) = default;
};
struct HttpSeries {
  bool other = false;  ///< over the budget: every label reads `other`
  const ListenerSeries* listener = nullptr;
  HttpLabels labels;
  Histogram<14> duration;
  Histogram<8> request_size;
  Histogram<8> response_size;
};

/// Answers of a rule by class of status and reason; a rule has one or two of them, rarely more.
struct AnswerCount {
  std::uint8_t code_class = 0;  ///< 0: nothing was sent, 1..5
  Reason reason = Reason::Upstream;
  Counter count;
};
struct RouteSeries {
  std::string gateway;
  std::string listener;
  std::string route;
  std::string rule;  ///< its name, else its index
  SeriesList<AnswerCount> answers;
  Histogram<8> duration;
};

/// Connections and flows that a TLSRoute, TCPRoute or UDPRoute took, or nobody.
struct ConnectionSeries {
  std::string gateway;
  std::string listener;
  std::string route;  ///< empty: none took them
  runtime::Transport transport = runtime::Transport::Tcp;
  std::array<Counter, reason_count> ended;
  Counter received;
  Counter sent;
  Histogram<8> duration;
};

struct BackendSeries {
  std::string backend;
  Gauge open;
  Gauge busy;
  Gauge ejected;
  Counter ejections;
  Counter copies_lost;
  std::array<Counter, reason_count> connect_failures;
  std::array<Counter, reason_count> retries;
  Histogram<8> connection_age;
};
struct ClientSeries {
  bool other = false;
  const BackendSeries* backend = nullptr;
  std::uint16_t status = 0;
  Reason reason = Reason::Upstream;
  Histogram<14> duration;
};

struct Shard {
  SeriesList<SocketSeries> sockets;
  SeriesList<ListenerSeries> listeners;
  SeriesList<HttpSeries> http;
  SeriesList<RouteSeries> routes;
  SeriesList<ConnectionSeries> connections;
  SeriesList<BackendSeries> backends;
  SeriesList<ClientSeries> clients;
  std::array<Gauge, 2> active;  ///< requests, by SocketProtocol
  std::array<Counter, reason_count> rejected;
  Counter dropped_series;
  Counter dropped_log_lines;
};

/// True for the reasons of answers that the gateway gives because it refuses or cannot serve.
[[nodiscard]] bool is_rejection(Reason reason) noexcept;

class Metrics {
 public:
  explicit Metrics(std::size_t max_series) : max_series_(max_series) {}
  /// Lives as long as this object.
  [[nodiscard]] Shard& add_shard();
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::lock_guard lock(mutex_);
    for (const Shard& shard : shards_) visit(shard);
  }
  /// False when the label set is new and the budget is spent. Takes a lock: only for the first hit of a series.
  [[nodiscard]] bool admit(std::string&& labels);

 private:
  std::size_t max_series_;
  mutable std::mutex mutex_;
  std::deque<Shard> shards_;
  std::unordered_set<std::string> known_;
};

struct RequestSeries;

/// The worker's side of its shard.
class ShardWriter {
 public:
  explicit ShardWriter(Metrics& metrics);
  ~ShardWriter();
  ShardWriter(const ShardWriter&) = delete;
  ShardWriter& operator=(const ShardWriter&) = delete;

  void on_apply(const runtime::Compiled& compiled);
  [[nodiscard]] SocketSlot open_connection(SocketId socket);
  void close_connection(SocketSlot slot) noexcept;
  void count_handshake(const HandshakeRecord& record) noexcept;
  void count_started(runtime::SocketProtocol scheme) noexcept;
  void count_request(const RequestRecord& record);
  void count_connection(const ConnectionRecord& record);
  [[nodiscard]] BackendSeries& find_backend(const runtime::Backend& backend);
  [[nodiscard]] Shard& shard() noexcept { return shard_; }

 private:
  struct Caches;
  [[nodiscard]] RequestSeries& find_series(const RequestRecord& record);
  [[nodiscard]] RequestSeries look_up(const RequestRecord& record);
  [[nodiscard]] AnswerCount& find_answer(const RequestRecord& record, RouteSeries& route);
  [[nodiscard]] ConnectionSeries& find_connections(const ConnectionRecord& record);
  [[nodiscard]] ListenerSeries& find_listener(const RequestRecord& record);
  [[nodiscard]] RouteSeries& find_route(const RequestRecord& record, const ListenerSeries& listener);
  [[nodiscard]] HttpSeries& find_http(const RequestRecord& record, const ListenerSeries& listener);
  [[nodiscard]] ClientSeries& find_client(const RequestRecord& record);
  [[nodiscard]] BackendSeries& find_backend(std::string_view name);
  [[nodiscard]] BackendSeries& find_new_backend(const runtime::Backend& backend);

  Metrics& metrics_;
  Shard& shard_;
  std::unique_ptr<Caches> caches_;
};

}  // namespace pintle::observe
