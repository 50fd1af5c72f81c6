// One worker: a thread with its own loop, poller, wheel, buffers and sockets. Nothing of a connection leaves it.
// It accepts, attaches TLS and hands over to the session factory; it swaps the configuration in one step between turns;
// it sheds, drains and closes sessions. What a session does with its bytes is not its business.
// Every method is the worker thread's, except make(), run() (which becomes it) and post().
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <pintle/runtime/compiled.hpp>

#include "dataplane/net/listener.hpp"
#include "dataplane/net/loop.hpp"
#include "dataplane/net/session.hpp"
#include "dataplane/net/tls.hpp"
#include "dataplane/worker/mailbox.hpp"

namespace pintle::net {
class TicketRing;
class TlsContexts;
}  // namespace pintle::net

namespace pintle::worker {

/// Called once per worker, on its thread, before it serves.
using MakeSessions = std::function<std::unique_ptr<net::SessionFactory>(net::WorkerContext&)>;

struct WorkerSettings {
  std::uint32_t index = 0;
  std::uint64_t seed = 0;
  std::size_t max_connections = 0;  ///< of this worker; 0: no limit
  std::size_t max_pipes = net::PipePool::default_limit;
  std::size_t max_flows = 16384;  ///< UDP flows of this worker
};

/// A listening socket opened for this worker.
struct OpenedSocket {
  runtime::SocketAddress address;
  net::UniqueFd fd;
};

struct Update {
  runtime::CompiledPtr compiled;
  std::shared_ptr<const net::TlsContexts> tls;
  std::vector<OpenedSocket> opened;
};

class Worker {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Worker>> make(const WorkerSettings& settings);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Any thread; runs as part of a turn.
  void post(std::move_only_function<void(Worker&)> task);
  /// Serves until stop(). The calling thread is the worker from now on.
  void run(const MakeSessions& make_sessions);

  /// Complete before visible: sockets join first, then the pointer is swapped, then what left the plan drains.
  void apply(Update update);
  void set_tickets(std::shared_ptr<const net::TicketRing> ring) { tls_.set_tickets(std::move(ring)); }
  void set_pressure(net::Pressure pressure);
  /// Readiness is gone, clients are asked to leave with their next answer; accepting goes on (req 75).
  void start_draining() noexcept { context_.draining = true; }
  /// Stops accepting; idle sessions end, others finish their request. `empty` is called once when none is left.
  void finish_draining(std::move_only_function<void()> empty);
  void close_sessions();
  void stop();

  [[nodiscard]] net::WorkerContext& context() noexcept { return context_; }
  [[nodiscard]] std::uint64_t refused_connections() const noexcept { return refused_; }

 private:
  class Door;  ///< one bound address: its listener and the BoundSocket that its sessions refer to
  explicit Worker(const WorkerSettings& settings, std::unique_ptr<net::Poller> poller);
  void open_doors(std::vector<OpenedSocket> opened);
  void renumber_doors(const runtime::ListenerPlan& plan);
  void drain_sessions_of(const net::BoundSocket& socket);
  void close_leaving_doors();
  void accept(Door& door, net::UniqueFd fd, const runtime::SocketAddress& peer);
  bool make_room();
  [[nodiscard]] static bool shed_one_idle(net::IntrusiveList<net::Session>& sessions);
  /// Those of connections and of datagrams.
  template <class Visit>
  void for_each_session(const Visit& visit);
  void shed_all_idle();
  void look_if_empty();

  WorkerSettings settings_;
  std::unique_ptr<net::Poller> poller_;
  net::WorkerContext context_;
  net::TlsWorker tls_;
  net::ReserveDescriptor reserve_;
  std::unique_ptr<Mailbox> mailbox_;
  net::Loop loop_;
  std::unique_ptr<net::SessionFactory> sessions_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::uint64_t refused_ = 0;
  Monotonic next_log_{};
  std::move_only_function<void()> on_empty_;
  net::MemberTimer<Worker, &Worker::look_if_empty> empty_timer_{*this};
};

}  // namespace pintle::worker
