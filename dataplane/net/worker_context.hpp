// What a worker offers to everything that runs on it: sessions, upstream pools, balancers. Net level: no proxy types.
// All of it belongs to one thread; nothing here locks. References stay valid as long as the worker lives.
#pragma once
#include <cstdint>
#include <memory>
#include <utility>

#include <pintle/base/clock.hpp>
#include <pintle/runtime/compiled.hpp>

#include "dataplane/net/buffer.hpp"
#include "dataplane/net/intrusive_list.hpp"
#include "dataplane/net/pipe.hpp"
#include "dataplane/net/poller.hpp"
#include "dataplane/net/timer_wheel.hpp"

namespace pintle::observe {
class WorkerSink;  // access log and counters of one worker; net only carries the pointer
}

namespace pintle::net {

class Session;
class TlsContexts;
class TlsWorker;

/// One generation as one worker sees it. Counted without atomics; a request pins it at its head and never re-reads.
class Snapshot {
 public:
  Snapshot(runtime::CompiledPtr compiled, std::shared_ptr<const TlsContexts> tls) noexcept
      : compiled_(std::move(compiled)), tls_(std::move(tls)) {}
  [[nodiscard]] const runtime::Compiled& compiled() const noexcept { return *compiled_; }
  /// Null if no socket speaks TLS.
  [[nodiscard]] const std::shared_ptr<const TlsContexts>& shared_tls() const noexcept { return tls_; }

 private:
  friend class SnapshotRef;
  runtime::CompiledPtr compiled_;
  std::shared_ptr<const TlsContexts> tls_;
  std::uint32_t references_ = 0;
};

class SnapshotRef {
 public:
  SnapshotRef() noexcept = default;
  /// Takes part in the ownership of a Snapshot made with new.
  explicit SnapshotRef(Snapshot* snapshot) noexcept : snapshot_(snapshot) {
    if (snapshot_ != nullptr) ++snapshot_->references_;
  }
  SnapshotRef(const SnapshotRef& other) noexcept : SnapshotRef(other.snapshot_) {}
  SnapshotRef(SnapshotRef&& other) noexcept : snapshot_(std::exchange(other.snapshot_, nullptr)) {}
  SnapshotRef& operator=(SnapshotRef other) noexcept {
    std::swap(snapshot_, other.snapshot_);
    return *this;
  }
  ~SnapshotRef() {
    if (snapshot_ != nullptr && --snapshot_->references_ == 0) delete snapshot_;
  }
  explicit operator bool() const noexcept { return snapshot_ != nullptr; }
  [[nodiscard]] const runtime::Compiled& operator*() const noexcept { return snapshot_->compiled(); }
  [[nodiscard]] const runtime::Compiled* operator->() const noexcept { return &snapshot_->compiled(); }
  [[nodiscard]] const Snapshot& get() const noexcept { return *snapshot_; }

 private:
  Snapshot* snapshot_ = nullptr;
};

/// A bound address as one worker sees it. Stable while a session refers to it; the id follows the current generation.
struct BoundSocket {
  runtime::SocketAddress address;
  SocketId id;  ///< within the current plan; meaningless once `leaving`
  runtime::SocketProtocol protocol = runtime::SocketProtocol::Http;
  bool hello_first = false;  ///< TLS: PlannedSocket::hello_first
  bool leaving = false;      ///< not in the plan any more: sessions were told to drain
};

/// Small fast generator (not for secrets), seeded differently on each worker: weighted choice is fair over all workers.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}
  [[nodiscard]] std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, bound); bound > 0.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
  }

 private:
  std::uint64_t state_;
};

/// Memory pressure (req 50). Each level includes those before it.
enum class Pressure : std::uint8_t { None, ShedIdle, CloseKeepAlive, StopAccepting };

/// Told on the worker, after the swap, before any event is delivered: upstream pools drop endpoints that left.
class ApplyObserver : public ListHook<ApplyObserver> {
 public:
  /// `previous` is empty at the first generation.
  virtual void on_apply(const SnapshotRef& previous, const SnapshotRef& current) = 0;
  /// The level that WorkerContext::pressure has now; told again while it lasts.
  virtual void on_pressure(Pressure /*pressure*/) {}

 protected:
  ~ApplyObserver() = default;
};

struct WorkerContext {
  WorkerContext(Poller& poller_ref, std::uint32_t index, std::uint64_t seed) noexcept
      : poller(poller_ref), wheel(poller_ref.now()), random(seed), worker_index(index) {}
  WorkerContext(const WorkerContext&) = delete;
  WorkerContext& operator=(const WorkerContext&) = delete;

  [[nodiscard]] Monotonic now() const noexcept { return poller.now(); }
  void arm_after(Timer& timer, Millis delay) noexcept { wheel.arm(timer, poller.now() + delay); }

  Poller& poller;
  TimerWheel wheel;
  BufferPool buffers;
  Scratch scratch;
  Scratch frames;  ///< of multiplexed connections, in and out: while it is lent, exchanges may borrow `scratch`
  PipePool pipes;
  Random random;
  std::uint32_t worker_index;
  SnapshotRef current;  ///< empty before the first publish; a request copies it at its head
  IntrusiveList<ApplyObserver> apply_observers;
  IntrusiveList<Session> sessions;  ///< of connections
  std::uint32_t session_count = 0;
  IntrusiveList<Session> flows;  ///< of datagrams
  std::uint32_t flow_count = 0;
  std::size_t max_flows = 16384;  ///< of all UDP sockets of this worker
  Pressure pressure = Pressure::None;
  /// The process goes away: answer with `Connection: close`, keep nothing alive (req 75).
  bool draining = false;
  observe::WorkerSink* observe = nullptr;
  TlsWorker* tls = nullptr;  ///< state of all TLS streams

  [[nodiscard]] bool keep_alive_allowed() const noexcept { return !draining && pressure < Pressure::CloseKeepAlive; }
};

}  // namespace pintle::net
