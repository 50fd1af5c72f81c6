// The sink of a worker as the program uses it: counters always, an access log if wanted. The worker's thread alone.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "dataplane/observe/access_log.hpp"
#include "dataplane/observe/metrics.hpp"
#include "dataplane/observe/record.hpp"

namespace pintle::observe {

struct AccessLogSettings {
  std::shared_ptr<const AccessLogTarget> target;
  QueryField query = QueryField::LeaveOut;
};

class WorkerObserver final : public WorkerSink {
 public:
  /// `metrics` outlives the observer.
  WorkerObserver(Metrics& metrics, const std::optional<AccessLogSettings>& log);

  /// Called whenever a connection or flow begins: somebody has to call on_turn_end() from now on.
  void on_wake(std::function<void()> wake) { wake_ = std::move(wake); }

  void on_apply(const runtime::Compiled& compiled) override;
  [[nodiscard]] SocketSlot on_connection_opened(SocketId socket) override;
  void on_connection_closed(SocketSlot slot) override;
  void on_tls_handshake(const HandshakeRecord& record) override;
  void on_request_started(runtime::SocketProtocol scheme) override;
  void on_request(const RequestRecord& record) override;
  void on_connection(const ConnectionRecord& record) override;
  void on_upstream_connection_opened(const runtime::Backend& backend) override;
  void on_upstream_connection_closed(const runtime::Backend& backend, Nanos age) override;
  void on_upstream_connection_busy(const runtime::Backend& backend, std::int32_t change) override;
  void on_connect_failed(const runtime::Backend& backend, Reason reason) override;
  void on_retry(const runtime::Backend& backend, Reason reason) override;
  void on_copy_lost(const runtime::Backend& backend) override;
  void on_ejected(const runtime::Backend& backend, std::int32_t change) override;
  void on_turn_end(Monotonic now) override;

 private:
  ShardWriter writer_;
  std::optional<AccessLog> log_;
  std::uint64_t dropped_lines_ = 0;
  std::function<void()> wake_;
};

}  // namespace pintle::observe
