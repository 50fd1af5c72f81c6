// One running Pintle: workers, the reconcile loop, admin and health addresses, signals and drain; all that `serve` and
// `controller` have in common. Where objects come from and where statuses go is theirs to add.
//  - guarantees: TERM and INT drain once, a second INT ends at once; ready only after the first generation is served;
//    readiness is false while draining.
//  - threads: the control thread (the caller of run()); workers are the pool's.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "controller/reconcile/reconciler.hpp"
#include "src/app/run_options.hpp"

namespace pintle::app {

/// What the command is told, on the control thread. All may be empty.
struct InstanceEvents {
  /// Once, when everything of the first generation is bound and acknowledged. `admin` is the bound address of the admin
  /// server ("" if off).
  std::function<void(const std::string& admin)> on_ready;
  /// Asked while nothing is served yet: what is waited for, for people; empty if nothing is known to be.
  std::function<std::string()> waits_for;
  /// Asked every 50 ms at most; true drains and ends.
  std::function<bool()> should_stop;
  std::function<void()> on_hangup;
  /// After each generation.
  std::function<void(const reconcile::Served&)> on_served;
  /// Drain begins: what others must know at once (a Lease let go).
  std::function<void()> on_drain;
};

/// Those of reconcile::Ports that serve and controller wire each in its way.
struct ReconcileWiring {
  status::StatusSink& sink;
  decltype(reconcile::Ports::make_internal_certificate) make_internal_certificate = {};
  decltype(reconcile::Ports::session_key) session_key = {};
  decltype(reconcile::Ports::expose) expose = {};
  decltype(reconcile::Ports::compare_replicas) compare_replicas = {};
};

class Instance {
 public:
  /// The options outlive it.
  Instance(const RunOptions& options, InstanceEvents events);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  [[nodiscard]] boost::asio::io_context& io() noexcept;
  /// Awaits signals, binds the admin addresses, starts the workers.
  [[nodiscard]] Result<void> open();
  /// After open() and before the first batch.
  void reconcile(reconcile::Settings settings, ReconcileWiring wiring);
  void on_batch(const source::Batch& batch);
  void renew_certificates();
  void look_again();   ///< as Reconciler
  void judge_again();  ///< as Reconciler
  void recount();      ///< as Reconciler
  /// "2 workers; admin address http://127.0.0.1:9801", for the log.
  [[nodiscard]] std::string description() const;

  /// Until drained.
  [[nodiscard]] Exit run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Before anything else of a command that serves: the log, the TLS library, and memory that nobody else may read.
void prepare_to_serve(const RunOptions& options);

}  // namespace pintle::app
