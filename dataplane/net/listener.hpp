// Listening sockets: one per worker and address, sharing the port by SO_REUSEPORT, and the accept loop over one of
// them.
#pragma once
#include <cstdint>
#include <vector>

#include <pintle/base/error.hpp>
#include <pintle/runtime/endpoints.hpp>

#include "dataplane/net/poller.hpp"
#include "dataplane/net/timer_wheel.hpp"
#include "dataplane/net/unique_fd.hpp"

namespace pintle::net {

/// `count` sockets that listen on one address: all, or an Error that names the address and the way out.
/// SO_REUSEPORT alone would let a second program of the same user join the port in silence and take half of its
/// connections. So the first socket binds and listens without it, which the kernel grants to one program alone; only
/// then it is marked shareable and the others join. A second Pintle starts the same way and is refused. Port 0: the
/// kernel chooses one, see local_address(). Control thread.
[[nodiscard]] Result<std::vector<UniqueFd>> open_listening_sockets(const runtime::SocketAddress& address,
                                                                   unsigned count);
/// Why an address could not be bound, with the way out.
[[nodiscard]] std::unexpected<Error> explain_bind(int error, const runtime::SocketAddress& address);

/// A descriptor kept to be given up when the process has none left (req 51). One per worker.
class ReserveDescriptor {
 public:
  ReserveDescriptor() noexcept { refill(); }
  /// Accepts one connection in its place and closes it, so that the client learns it now. False: nothing to accept.
  bool shed_one(int listening_fd) noexcept;
  [[nodiscard]] bool is_held() const noexcept { return static_cast<bool>(fd_); }

 private:
  void refill() noexcept;
  UniqueFd fd_;
};

/// What to do about an errno of accept.
enum class AcceptFailure : std::uint8_t { Drained, TryNext, NoDescriptors, NoMemory, Broken };
[[nodiscard]] AcceptFailure classify_accept_error(int error) noexcept;

class Listener;
class AcceptSink {
 public:
  virtual void on_accept(Listener& listener, UniqueFd fd, const runtime::SocketAddress& peer) = 0;
  /// Descriptors or memory ran out; the listener pauses. A chance to shed idle connections.
  virtual void on_accept_exhausted(Listener& listener, AcceptFailure failure) = 0;

 protected:
  ~AcceptSink() = default;
};

class Listener final : public EventSink {
 public:
  static constexpr unsigned accepts_a_turn = 64;
  static constexpr Millis pause_time{100};

  struct Environment {
    Poller& poller;
    TimerWheel& wheel;
    ReserveDescriptor& reserve;
    AcceptSink& sink;
  };
  Listener(const Environment& environment, UniqueFd fd) noexcept;
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] Result<void> start();
  /// Leaves connections in the backlog until resume() (req 50, 97 %).
  void hold() noexcept { held_ = true; }
  void resume() noexcept;
  [[nodiscard]] bool is_held() const noexcept { return held_; }
  [[nodiscard]] std::uint64_t shed_count() const noexcept { return shed_; }
  [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }

 private:
  void on_events(std::uint32_t events) override;
  void accept_some();
  void pause(AcceptFailure failure);
  void on_pause_over();

  Environment env_;
  UniqueFd fd_;
  bool started_ = false;
  bool held_ = false;
  bool paused_ = false;
  std::uint64_t shed_ = 0;
  MemberTimer<Listener, &Listener::on_pause_over> pause_timer_{*this};
};

}  // namespace pintle::net
