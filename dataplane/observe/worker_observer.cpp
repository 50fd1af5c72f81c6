#include "dataplane/observe/worker_observer.hpp"

namespace pintle::observe {

WorkerObserver::WorkerObserver(Metrics& metrics, const std::optional<AccessLogSettings>& log) : writer_(metrics) {
  if (log) log_.emplace(log->target, log->query);
  looks_at_details_ = log_.has_value();
}

void WorkerObserver::on_apply(const runtime::Compiled& compiled) { writer_.on_apply(compiled); }
SocketSlot WorkerObserver::on_connection_opened(SocketId socket) {
  if (wake_) wake_();
  return writer_.open_connection(socket);
}
void WorkerObserver::on_connection_closed(SocketSlot slot) { writer_.close_connection(slot); }
void WorkerObserver::on_tls_handshake(const HandshakeRecord& record) { writer_.count_handshake(record); }
void WorkerObserver::on_request_started(runtime::SocketProtocol scheme) { writer_.count_started(scheme); }

void WorkerObserver::on_request(const RequestRecord& record) {
  writer_.count_request(record);
  if (log_) log_->append(record);
}

void WorkerObserver::on_connection(const ConnectionRecord& record) {
  writer_.count_connection(record);
  if (log_) log_->append(record);
}

void WorkerObserver::on_upstream_connection_opened(const runtime::Backend& backend) {
  writer_.find_backend(backend).open.add(1);
}
void WorkerObserver::on_upstream_connection_closed(const runtime::Backend& backend, Nanos age) {
  BackendSeries& series = writer_.find_backend(backend);
  series.open.add(-1);
  series.connection_age.record(static_cast<std::uint64_t>(age.count() > 0 ? age.count() : 0), age_bounds);
}
void WorkerObserver::on_upstream_connection_busy(const runtime::Backend& backend, std::int32_t change) {
  writer_.find_backend(backend).busy.add(change);
}
void WorkerObserver::on_connect_failed(const runtime::Backend& backend, Reason reason) {
  writer_.find_backend(backend).connect_failures[static_cast<std::size_t>(reason)].add();
}
void WorkerObserver::on_copy_lost(const runtime::Backend& backend) { writer_.find_backend(backend).copies_lost.add(); }

void WorkerObserver::on_retry(const runtime::Backend& backend, Reason reason) {
  writer_.find_backend(backend).retries[static_cast<std::size_t>(reason)].add();
}
void WorkerObserver::on_ejected(const runtime::Backend& backend, std::int32_t change) {
  BackendSeries& series = writer_.find_backend(backend);
  series.ejected.add(change);
  if (change > 0) series.ejections.add(static_cast<std::uint64_t>(change));
}

void WorkerObserver::on_turn_end(Monotonic now) {
  if (!log_) return;
  log_->on_turn_end(now);
  writer_.shard().dropped_log_lines.add(log_->dropped_lines() - dropped_lines_);
  dropped_lines_ = log_->dropped_lines();
}

}  // namespace pintle::observe
