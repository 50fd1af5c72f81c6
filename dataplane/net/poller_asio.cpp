#include "dataplane/net/poller_asio.hpp"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "dataplane/net/poller.hpp"
#include "dataplane/net/timer_wheel.hpp"

namespace pintle::net {
namespace asio = boost::asio;

namespace {
// Turns taken before Asio gets its say again: posted work and timers wait for no longer than this.
constexpr unsigned turns_at_once = 16;
}  // namespace

struct LoopDriver::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, Poller& the_poller, TimerWheel& the_wheel)
      : poller(the_poller), wheel(the_wheel), descriptor(context), timer(context) {}

  void wait_ready() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [this, self = shared_from_this()](const boost::system::error_code& error) {
                            if (error || stopped) return;
                            // Not dry after so many turns: async_wait re-arms, so what is left is told again.
                            static_cast<void>(poller.drain(turns_at_once));
                            if (!stopped) wait_ready();
                          });
  }

  void tick() {
    ticking = true;
    timer.expires_after(TimerWheel::slot_width);
    timer.async_wait([this, self = shared_from_this()](const boost::system::error_code& error) {
      if (error || stopped) return;
      poller.begin_turn();
      wheel.advance(poller.now());
      poller.end_turn();
      if (stopped) return;
      if (!wheel.empty()) return tick();
      ticking = false;
      wheel.sleep();
    });
  }

  Poller& poller;
  TimerWheel& wheel;
  asio::posix::stream_descriptor descriptor;
  asio::steady_timer timer;
  bool ticking = false;
  bool stopped = false;
};

LoopDriver::LoopDriver(asio::io_context& context, Poller& poller, TimerWheel& wheel)
    : state_(std::make_shared<State>(context, poller, wheel)) {}

LoopDriver::~LoopDriver() { stop(); }

void LoopDriver::start() {
  // A duplicate: Asio closes what it is given, the poller keeps its own.
  state_->descriptor.assign(::dup(state_->poller.descriptor()));
  state_->wheel.on_wake([state = state_.get()] {
    if (!state->ticking && !state->stopped) state->tick();
  });
  if (!state_->wheel.empty()) state_->tick();
  state_->wait_ready();
}

void LoopDriver::stop() noexcept {
  if (state_->stopped) return;
  state_->stopped = true;
  state_->wheel.on_wake({});
  boost::system::error_code ignored;
  state_->descriptor.close(ignored);
  try {
    state_->timer.cancel();
  } catch (...) {  // a timer that cannot be cancelled finds `stopped` set
  }
}

}  // namespace pintle::net
