// The worker's side of a downstream session. The worker accepts and hands over; from then on the session owns itself:
// it registers at the poller, arms its timers, and ends by calling end(), which frees it at the end of the turn.
#pragma once
#include <utility>

#include "dataplane/net/connection.hpp"
#include "dataplane/net/worker_context.hpp"

namespace pintle::net {

class Session : public EventSink, public TurnTask, public ListHook<Session> {
 public:
  /// A flow: of datagrams, which takes no place of a connection.
  enum class Kind : std::uint8_t { Connection, Flow };
  /// Enters the worker's list of its kind. `socket` outlives the session.
  Session(WorkerContext& context, std::shared_ptr<const BoundSocket> socket, Kind kind = Kind::Connection) noexcept
      : context_(context), socket_(std::move(socket)), kind_(kind) {
    (kind == Kind::Flow ? context_.flows : context_.sessions).push_back(*this);
    ++count();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() { leave(); }

  /// Finish the request in flight, promise nothing after it (`Connection: close`), then end. Idle: end now.
  virtual void drain() = 0;
  /// End now, whatever is in flight. Must remove its descriptors from the poller and call end().
  virtual void close() = 0;
  /// Between requests with nothing received, or silent for a while: may be shed under memory pressure.
  [[nodiscard]] virtual bool is_idle() const noexcept = 0;
  /// Whether a request was served since this was asked last: who is at work is shed after those that only sit there.
  [[nodiscard]] bool take_served() noexcept { return std::exchange(served_, false); }

  [[nodiscard]] const BoundSocket& socket() const noexcept { return *socket_; }
  [[nodiscard]] const std::shared_ptr<const BoundSocket>& shared_socket() const noexcept { return socket_; }
  [[nodiscard]] WorkerContext& context() const noexcept { return context_; }

 protected:
  /// Frees this session at the end of the turn and takes it off the worker's list now. After it, nothing may call into
  /// the session; calling end() again is harmless.
  void end() noexcept {
    leave();
    context_.poller.reap_later(*this);
  }
  void note_served() noexcept { served_ = true; }

 private:
  void on_turn_end() final { delete this; }  // only ever in the reap list
  void leave() noexcept {
    if (!ListHook<Session>::is_linked()) return;
    ListHook<Session>::unlink();
    --count();
  }
  [[nodiscard]] std::uint32_t& count() noexcept {
    return kind_ == Kind::Flow ? context_.flow_count : context_.session_count;
  }
  WorkerContext& context_;
  std::shared_ptr<const BoundSocket> socket_;
  Kind kind_;
  bool served_ = false;
};

/// A UDP socket at work: reads it and answers through it. Its flows are sessions, and end with it.
class DatagramPort {
 public:
  virtual ~DatagramPort() = default;
};

/// Makes sessions. One per worker, made by the application from proxy and http1; lives as long as the worker.
class SessionFactory {
 public:
  virtual ~SessionFactory() = default;
  /// The connection is accepted, non-blocking, not registered; over Https its TLS is attached, the handshake not begun,
  /// unless the socket says `hello_first`.
  virtual void start(Connection&& connection, std::shared_ptr<const BoundSocket> socket) = 0;
  /// `fd`: a bound UDP socket of this worker (net/datagrams.hpp). nullptr: it is not served.
  [[nodiscard]] virtual std::unique_ptr<DatagramPort> open(UniqueFd /*fd*/,
                                                           const std::shared_ptr<const BoundSocket>& /*socket*/) {
    return nullptr;
  }
};

}  // namespace pintle::net
