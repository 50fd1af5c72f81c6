#include "controller/kube/clock.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace pintle::kube {
namespace {

namespace asio = boost::asio;

struct TimerAlarm final : Alarm::Pending {
  TimerAlarm(asio::io_context& io, std::function<void()> due)
      : timer(io), call(std::make_shared<std::function<void()>>(std::move(due))) {}
  asio::steady_timer timer;
  std::shared_ptr<std::function<void()>> call;
};

class AsioClock final : public Clock {
 public:
  explicit AsioClock(asio::io_context& io) : io_(io) {}

  [[nodiscard]] Monotonic now() const override { return std::chrono::steady_clock::now(); }

  [[nodiscard]] Alarm after(Millis delay, std::function<void()> call) override {
    auto alarm = std::make_unique<TimerAlarm>(io_, std::move(call));
    alarm->timer.expires_after(delay);
    // The timer may have fired already when the Alarm goes: only the weak pointer tells.
    alarm->timer.async_wait([weak = std::weak_ptr(alarm->call)](const boost::system::error_code& fault) {
      if (const auto due = weak.lock(); due && !fault) (*due)();
    });
    return Alarm(std::move(alarm));
  }

 private:
  asio::io_context& io_;
};

}  // namespace

std::unique_ptr<Clock> make_clock(asio::io_context& io) { return std::make_unique<AsioClock>(io); }

}  // namespace pintle::kube
