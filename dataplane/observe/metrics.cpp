#include "dataplane/observe/metrics.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include "dataplane/observe/recent_requests.hpp"

namespace pintle::observe {
namespace {

[[nodiscard]] std::uint64_t count_of(Nanos duration) noexcept {
  return duration.count() > 0 ? static_cast<std::uint64_t>(duration.count()) : 0;
}

[[nodiscard]] std::size_t version_index(std::string_view version) noexcept {
  if (version.ends_with("1.3")) return 2;
  return version.ends_with("1.2") ? 1 : 0;
}

/// Position of an object in memory and a few small numbers: unique while the pointer is.
struct HttpKey {
  const void* where = nullptr;
  std::uint64_t labels = 0;
  friend bool operator==(const HttpKey&, const HttpKey&) = default;
};
struct HashHttpKey {
  using is_avalanching = void;
  std::size_t operator()(const HttpKey& key) const noexcept {
    std::uint64_t mixed = (reinterpret_cast<std::uintptr_t>(key.where) ^ (key.labels << 17U)) * 0x9e3779b97f4a7c15U;
    mixed ^= key.labels;
    mixed = (mixed ^ (mixed >> 32U)) * 0xd6e8feb86659fd93U;
    return mixed ^ (mixed >> 32U);
  }
};

[[nodiscard]] std::uint64_t pack(const HttpLabels& labels) noexcept {
  return static_cast<std::uint64_t>(labels.status) | (static_cast<std::uint64_t>(labels.reason) << 16U) |
         (static_cast<std::uint64_t>(labels.method) << 24U) | (static_cast<std::uint64_t>(labels.version) << 32U) |
         (static_cast<std::uint64_t>(labels.scheme) << 40U);
}

}  // namespace

bool is_rejection(Reason reason) noexcept {
  switch (reason) {
    case Reason::Upstream:
    case Reason::Redirect:
    case Reason::Direct:
    case Reason::ClientClosed:
      return false;
    default:
      return true;
  }
}

Shard& Metrics::add_shard() {
  const std::lock_guard lock(mutex_);
  return shards_.emplace_back();
}

bool Metrics::admit(std::string&& labels) {
  const std::lock_guard lock(mutex_);
  if (known_.contains(labels)) return true;
  if (known_.size() >= max_series_) return false;
  known_.insert(std::move(labels));
  return true;
}

struct ShardWriter::Caches {
  template <class K, class V, class Hash = boost::hash<K>>
  using Map = boost::unordered_flat_map<K, V, Hash>;

  // By place: valid for one generation.
  RecentRequests requests;
  Map<const void*, ListenerSeries*> listener_at;
  Map<std::pair<const void*, const void*>, RouteSeries*> route_at;  // rule and listener
  RecentMap<const void*, BackendSeries> backend_at;
  Map<const void*, BackendSeries*> backend_of_rule;
  std::vector<std::uint32_t> slot_of_socket;
  // By name: for good.
  Map<std::string, ListenerSeries*> listeners;
  Map<std::string, RouteSeries*> routes;
  Map<std::string, ConnectionSeries*> connections;
  Map<std::string, BackendSeries*> backends;
  Map<HttpKey, HttpSeries*, HashHttpKey> http;
  Map<HttpKey, ClientSeries*, HashHttpKey> clients;
  std::vector<SocketSeries*> sockets;
  Map<std::string, std::uint32_t> socket_slots;

  ListenerSeries* no_listener = nullptr;
  ListenerSeries* other_listener = nullptr;
  RouteSeries* other_route = nullptr;
  ConnectionSeries* other_connections = nullptr;
  BackendSeries* other_backend = nullptr;
  HttpSeries* other_http = nullptr;
  ClientSeries* other_client = nullptr;
};

ShardWriter::ShardWriter(Metrics& metrics)
    : metrics_(metrics), shard_(metrics.add_shard()), caches_(std::make_unique<Caches>()) {
  caches_->no_listener = &shard_.listeners.append([](ListenerSeries&) {});
  caches_->sockets.push_back(
      &shard_.sockets.append([](SocketSeries& series) { series.listener = std::string(other_label); }));
}
ShardWriter::~ShardWriter() = default;

void ShardWriter::on_apply(const runtime::Compiled& compiled) {
  Caches& caches = *caches_;
  caches.requests.clear();
  caches.listener_at.clear();
  caches.route_at.clear();
  caches.backend_at.clear();
  caches.backend_of_rule.clear();
  caches.slot_of_socket.clear();
  if (!compiled.plan || !compiled.table) return;
  for (const runtime::PlannedSocket& socket : compiled.plan->sockets) {
    const route::PortTable* port = compiled.table->find_port(socket.id);
    const std::uint16_t number =
        port != nullptr && !port->listeners().empty() ? port->listeners().front().port : socket.address.port;
    std::string name = fmt::format("{}:{}", socket.gateway, number);
    auto [found, added] = caches.socket_slots.try_emplace(name, static_cast<std::uint32_t>(caches.sockets.size()));
    if (added)
      caches.sockets.push_back(
          &shard_.sockets.append([&](SocketSeries& series) { series.listener = std::move(name); }));
    if (caches.slot_of_socket.size() <= socket.id.index()) caches.slot_of_socket.resize(socket.id.index() + 1);
    caches.slot_of_socket[socket.id.index()] = found->second;
  }
}

SocketSlot ShardWriter::open_connection(SocketId socket) {
  const auto& slots = caches_->slot_of_socket;
  const SocketSlot slot{socket.index() < slots.size() ? slots[socket.index()] : 0};
  SocketSeries& series = *caches_->sockets[slot.value];
  series.opened.add();
  series.open.add(1);
  return slot;
}

void ShardWriter::close_connection(SocketSlot slot) noexcept { caches_->sockets[slot.value]->open.add(-1); }

void ShardWriter::count_handshake(const HandshakeRecord& record) noexcept {
  SocketSeries& series = *caches_->sockets[record.socket.value];
  series
      .handshakes[version_index(record.version)][static_cast<std::size_t>(record.result)]
                 [static_cast<std::size_t>(record.resumption)]
      .add();
  if (record.result == HandshakeResult::Ok)
    series.handshake_duration.record(count_of(record.duration), overhead_bounds);
}

void ShardWriter::count_started(runtime::SocketProtocol scheme) noexcept {
  shard_.active[static_cast<std::size_t>(scheme)].add(1);
}

void ShardWriter::count_request(const RequestRecord& record) {
  if (record.was_started) shard_.active[static_cast<std::size_t>(record.scheme)].add(-1);
  if (is_rejection(record.reason)) shard_.rejected[static_cast<std::size_t>(record.reason)].add();

  RequestSeries& series = find_series(record);
  const std::uint64_t duration = count_of(record.ended - record.started);
  series.http->duration.record(duration, request_bounds);
  series.http->request_size.record(record.request_body_bytes, size_bounds);
  series.http->response_size.record(record.response_body_bytes, size_bounds);
  if (series.route != nullptr) {
    series.route->duration.record(duration, route_bounds);
    series.answer->count.add();
  }
  if (!record.upstream_time) return;
  series.listener->overhead.record(count_of(record.ended - record.started - *record.upstream_time), overhead_bounds);
  if (record.backend == nullptr) return;
  if (series.client == nullptr) series.client = &find_client(record);
  series.client->duration.record(count_of(*record.upstream_time), request_bounds);
}

RequestSeries& ShardWriter::find_series(const RequestRecord& record) {
  const HttpLabels labels{record.method, record.scheme, record.version, record.status, record.reason};
  const RequestKind kind{.listener = record.listener,
                         .rule = record.rule,
                         .backend = record.backend,
                         .labels = pack(labels),
                         .upstream_status = record.upstream_status};
  RequestSeries& place = caches_->requests.place_of(kind);
  if (place.listener == nullptr || place.kind != kind) [[unlikely]] {
    place = look_up(record);
    place.kind = kind;
  }
  return place;
}

[[gnu::noinline]] RequestSeries ShardWriter::look_up(const RequestRecord& record) {
  RequestSeries series;
  series.listener = &find_listener(record);
  series.http = &find_http(record, *series.listener);
  if (record.rule == nullptr) return series;
  series.route = &find_route(record, *series.listener);
  series.answer = &find_answer(record, *series.route);
  return series;
}

AnswerCount& ShardWriter::find_answer(const RequestRecord& record, RouteSeries& route) {
  const auto code_class = static_cast<std::uint8_t>(std::min(record.status / 100, 5));
  AnswerCount* const known = route.answers.find_if(
      [&](const AnswerCount& a) { return a.code_class == code_class && a.reason == record.reason; });
  if (known != nullptr) return *known;
  return route.answers.append([&](AnswerCount& made) {
    made.code_class = code_class;
    made.reason = record.reason;
  });
}

void ShardWriter::count_connection(const ConnectionRecord& record) {
  if (is_rejection(record.reason)) shard_.rejected[static_cast<std::size_t>(record.reason)].add();
  ConnectionSeries& series = find_connections(record);
  series.ended[static_cast<std::size_t>(record.reason)].add();
  series.received.add(record.received_bytes);
  series.sent.add(record.sent_bytes);
  series.duration.record(count_of(record.ended - record.started), age_bounds);
}

ConnectionSeries& ShardWriter::find_connections(const ConnectionRecord& record) {
  Caches& caches = *caches_;
  static const route::Listener nobody{};
  const route::Listener& listener = record.listener == nullptr ? nobody : *record.listener;
  const std::string_view route = record.rule == nullptr ? std::string_view() : record.rule->source.route;
  const std::string_view transport = to_string(record.transport);
  std::string name = fmt::format("connection\n{}\n{}\n{}\n{}", listener.gateway, listener.name, route, transport);
  if (const auto known = caches.connections.find(name); known != caches.connections.end()) return *known->second;
  if (!metrics_.admit(std::string(name))) {
    shard_.dropped_series.add();
    if (caches.other_connections == nullptr)
      caches.other_connections = &shard_.connections.append(
          [](ConnectionSeries& made) { made.gateway = made.listener = made.route = std::string(other_label); });
    return *caches.other_connections;
  }
  return *(caches.connections[std::move(name)] = &shard_.connections.append([&](ConnectionSeries& made) {
    made.gateway = listener.gateway;
    made.listener = listener.name;
    made.route = route;
    made.transport = record.transport;
  }));
}

ListenerSeries& ShardWriter::find_listener(const RequestRecord& record) {
  Caches& caches = *caches_;
  if (record.listener == nullptr) return *caches.no_listener;
  if (const auto found = caches.listener_at.find(record.listener); found != caches.listener_at.end())
    return *found->second;

  std::string name = fmt::format("{}\n{}", record.listener->gateway, record.listener->name);
  ListenerSeries*& series = caches.listeners[name];
  if (series == nullptr) {
    if (metrics_.admit("listener\n" + name)) {
      series = &shard_.listeners.append([&](ListenerSeries& made) {
        made.gateway = record.listener->gateway;
        made.listener = record.listener->name;
      });
    } else {
      shard_.dropped_series.add();
      if (caches.other_listener == nullptr)
        caches.other_listener = &shard_.listeners.append([](ListenerSeries& made) {
          made.gateway = other_label;
          made.listener = other_label;
        });
      ListenerSeries* other = caches.other_listener;
      caches.listeners.erase(name);  // asked again in the next generation, so the map stays as small as the budget
      caches.listener_at.emplace(record.listener, other);
      return *other;
    }
  }
  caches.listener_at.emplace(record.listener, series);
  return *series;
}

RouteSeries& ShardWriter::find_route(const RequestRecord& record, const ListenerSeries& listener) {
  Caches& caches = *caches_;
  const std::pair<const void*, const void*> place{record.rule, &listener};
  if (const auto found = caches.route_at.find(place); found != caches.route_at.end()) return *found->second;

  const route::RuleSource& source = record.rule->source;
  const std::string rule = source.name.empty() ? fmt::format("{}", source.index) : source.name;
  std::string name = fmt::format("route\n{}\n{}\n{}\n{}", listener.gateway, listener.listener, source.route, rule);
  RouteSeries* series = nullptr;
  if (const auto known = caches.routes.find(name); known != caches.routes.end()) {
    series = known->second;
  } else if (metrics_.admit(std::string(name))) {
    series = &shard_.routes.append([&](RouteSeries& made) {
      made.gateway = listener.gateway;
      made.listener = listener.listener;
      made.route = source.route;
      made.rule = rule;
    });
    caches.routes.emplace(std::move(name), series);
  } else {
    shard_.dropped_series.add();
    if (caches.other_route == nullptr)
      caches.other_route = &shard_.routes.append(
          [](RouteSeries& made) { made.gateway = made.listener = made.route = made.rule = std::string(other_label); });
    series = caches.other_route;
  }
  caches.route_at.emplace(place, series);
  return *series;
}

HttpSeries& ShardWriter::find_http(const RequestRecord& record, const ListenerSeries& listener) {
  Caches& caches = *caches_;
  const HttpLabels labels{record.method, record.scheme, record.version, record.status, record.reason};
  const HttpKey key{&listener, pack(labels)};
  if (const auto found = caches.http.find(key); found != caches.http.end()) return *found->second;

  if (metrics_.admit(fmt::format("http\n{}\n{}\n{}", listener.gateway, listener.listener, key.labels))) {
    HttpSeries& made = shard_.http.append([&](HttpSeries& series) {
      series.listener = &listener;
      series.labels = labels;
    });
    caches.http.emplace(key, &made);
    return made;
  }
  shard_.dropped_series.add();
  if (caches.other_http == nullptr)
    caches.other_http = &shard_.http.append([](HttpSeries& series) { series.other = true; });
  return *caches.other_http;
}

ClientSeries& ShardWriter::find_client(const RequestRecord& record) {
  Caches& caches = *caches_;
  BackendSeries*& backend = caches.backend_of_rule[record.backend];
  if (backend == nullptr) backend = &find_backend(std::string_view(record.backend->name));
  const HttpKey key{backend, pack({.status = record.upstream_status, .reason = record.reason})};
  if (const auto found = caches.clients.find(key); found != caches.clients.end()) return *found->second;

  if (metrics_.admit(fmt::format("client\n{}\n{}", backend->backend, key.labels))) {
    ClientSeries& made = shard_.clients.append([&](ClientSeries& series) {
      series.backend = backend;
      series.status = record.upstream_status;
      series.reason = record.reason;
    });
    caches.clients.emplace(key, &made);
    return made;
  }
  shard_.dropped_series.add();
  if (caches.other_client == nullptr)
    caches.other_client = &shard_.clients.append([](ClientSeries& series) { series.other = true; });
  return *caches.other_client;
}

BackendSeries& ShardWriter::find_backend(const runtime::Backend& backend) {
  BackendSeries* const found = caches_->backend_at.find(&backend);
  return found != nullptr ? *found : find_new_backend(backend);
}

[[gnu::noinline]] BackendSeries& ShardWriter::find_new_backend(const runtime::Backend& backend) {
  BackendSeries& series = find_backend(std::string_view(backend.name));
  caches_->backend_at.emplace(&backend, &series);
  return series;
}

BackendSeries& ShardWriter::find_backend(std::string_view name) {
  Caches& caches = *caches_;
  if (const auto known = caches.backends.find(std::string(name)); known != caches.backends.end()) return *known->second;
  if (metrics_.admit(fmt::format("backend\n{}", name))) {
    BackendSeries& made = shard_.backends.append([&](BackendSeries& series) { series.backend = name; });
    caches.backends.emplace(std::string(name), &made);
    return made;
  }
  shard_.dropped_series.add();
  if (caches.other_backend == nullptr)
    caches.other_backend = &shard_.backends.append([](BackendSeries& series) { series.backend = other_label; });
  return *caches.other_backend;
}

}  // namespace pintle::observe
