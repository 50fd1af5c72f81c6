// All workers, seen from the control thread: publishing, draining, overload, ticket keys.
// Publishes are carried out one after another, in order: bind what is new, build TLS contexts, hand one update to each
// worker, wait for every acknowledgement, report. So an address that left the plan is closed everywhere before a later
// publish may bind it again. An address that could not be bound is tried again by each publish.
// Every method is the control thread's.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include <pintle/base/clock.hpp>
#include <pintle/runtime/publisher.hpp>

#include "dataplane/worker/worker.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::worker {

struct PoolSettings {
  unsigned threads = 0;             ///< 0: CPU quota of the cgroup, else the CPUs there are
  std::size_t max_connections = 0;  ///< of the whole process; 0: what the descriptor limit allows
  std::uint64_t memory_cap = 0;     ///< bytes; 0: limit of the cgroup, none without one
};

struct DrainSettings {
  Millis delay{0};    ///< how long accepting goes on, with `Connection: close`
  Millis max{30000};  ///< how long requests in flight may take after that
};

class WorkerPool final : public runtime::Publisher {
 public:
  /// Starts the threads. `control` outlives the pool.
  [[nodiscard]] static Result<std::unique_ptr<WorkerPool>> make(boost::asio::io_context& control,
                                                                const PoolSettings& settings,
                                                                const MakeSessions& make_sessions);
  /// Stops and joins; open connections are closed. Callbacks not yet called never will be.
  ~WorkerPool() override;

  void publish(runtime::CompiledPtr compiled, std::function<void(const runtime::ApplyReport&)> done) override;
  /// Req 75. `done` once, on the control thread, when no session is left or the time is over.
  void drain(const DrainSettings& settings, std::function<void()> done);

  [[nodiscard]] unsigned threads() const noexcept;
  [[nodiscard]] net::Pressure pressure() const noexcept;
  /// Runs `task` on each worker; for metrics and tests.
  void post_to_all(const std::function<void(Worker&)>& task);

 private:
  struct State;
  explicit WorkerPool(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace pintle::worker
