// Hangs a Poller and a TimerWheel into an io_context, through Asio's public API only. Worker thread.
#pragma once
#include <memory>

namespace boost::asio {
class io_context;
}

namespace pintle::net {

class Poller;
class TimerWheel;

class LoopDriver {
 public:
  LoopDriver(boost::asio::io_context& context, Poller& poller, TimerWheel& wheel);
  ~LoopDriver();
  LoopDriver(const LoopDriver&) = delete;
  LoopDriver& operator=(const LoopDriver&) = delete;

  void start();
  /// No callback runs after this; the io_context may run out of work.
  void stop() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< shared with completions under way
};

}  // namespace pintle::net
