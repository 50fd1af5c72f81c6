#include "controller/kube/write_queue.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controller/api/document.hpp"

namespace pintle::kube {

namespace asio = boost::asio;

struct WriteQueue::State : std::enable_shared_from_this<State> {
  struct Delay {
    Millis last{0};
    std::unique_ptr<asio::steady_timer> timer;  ///< set while the key waits
  };
  State(asio::io_context& context, WriteQueue::Settings given, std::function<void(const api::ObjectKey&)> call)
      : io(context), settings(given), begin(std::move(call)) {}

  void want(const api::ObjectKey& key) {
    if (under_way.contains(key)) {
      wanted_again.insert(key);
      return;
    }
    const auto delay = delays.find(key);
    if (delay != delays.end() && delay->second.timer) return;
    if (waiting.insert(key).second) order.push_back(key);
    pump();
  }

  /// From the event loop, so that nobody is called from inside his own call.
  void pump() {
    if (pumping) return;
    pumping = true;
    asio::post(io, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->start_jobs();
    });
  }

  void start_jobs() {
    pumping = false;
    while (!order.empty() && under_way.size() < settings.in_flight) {
      const api::ObjectKey key = std::move(order.front());
      order.pop_front();
      waiting.erase(key);
      under_way.insert(key);
      begin(key);
    }
  }

  void finish(const api::ObjectKey& key, Outcome outcome, std::optional<std::chrono::seconds> retry_after) {
    if (under_way.erase(key) == 0) return;
    const bool again = wanted_again.erase(key) > 0;
    if (outcome == Outcome::Done) {
      delays.erase(key);
      if (again) want(key);
    } else {
      wait(key, retry_after);
    }
    if (!order.empty()) pump();
  }

  void wait(const api::ObjectKey& key, std::optional<std::chrono::seconds> retry_after) {
    Delay& delay = delays[key];
    delay.last = delay.last == Millis{0} ? settings.first_delay : std::min(delay.last * 2, settings.longest_delay);
    const Millis told = retry_after.value_or(std::chrono::seconds{0});
    delay.timer = std::make_unique<asio::steady_timer>(io, std::max(delay.last, told));
    delay.timer->async_wait([weak = weak_from_this(), key](const boost::system::error_code& fault) {
      const auto self = weak.lock();
      if (!self || fault) return;
      self->delays[key].timer.reset();
      self->want(key);
    });
  }

  asio::io_context& io;
  WriteQueue::Settings settings;
  std::function<void(const api::ObjectKey&)> begin;
  std::deque<api::ObjectKey> order;
  std::set<api::ObjectKey> waiting;  ///< those in `order`
  std::set<api::ObjectKey> under_way;
  std::set<api::ObjectKey> wanted_again;  ///< wanted while under way
  std::map<api::ObjectKey, Delay> delays;
  bool pumping = false;
};

WriteQueue::WriteQueue(asio::io_context& io, Settings settings, std::function<void(const api::ObjectKey&)> begin)
    : state_(std::make_shared<State>(io, settings, std::move(begin))) {}
WriteQueue::~WriteQueue() { clear(); }

void WriteQueue::want(const api::ObjectKey& key) { state_->want(key); }

void WriteQueue::finish(const api::ObjectKey& key, Outcome outcome, std::optional<std::chrono::seconds> retry_after) {
  state_->finish(key, outcome, retry_after);
}

void WriteQueue::clear() {
  state_->order.clear();
  state_->waiting.clear();
  state_->under_way.clear();
  state_->wanted_again.clear();
  state_->delays.clear();
}

bool WriteQueue::is_under_way(const api::ObjectKey& key) const { return state_->under_way.contains(key); }

bool WriteQueue::idle() const noexcept {
  return state_->order.empty() && state_->under_way.empty() && state_->delays.empty();
}

bool may_pass_later(const Result<Response>& answer) noexcept {
  if (!answer) return true;
  const int status = answer->status;
  return status == 401 || status == 403 || status == 408 || status == 429 || status >= 500;
}

std::string failure_message(const Response& response) {
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  if (!body.is_object()) return {};
  const auto message = body.find("message");
  return message != body.end() && message->is_string() ? message->get<std::string>() : std::string();
}

std::string describe_failure(const api::ObjectKey& key, const Result<Response>& answer) {
  if (!answer) return fmt::format("{} was not written: {}", api::to_string(key), answer.error().context);
  return fmt::format("{} was not written: the API server answered {}: {}", api::to_string(key), answer->status,
                     api::quote(failure_message(*answer), 512));
}

}  // namespace pintle::kube
