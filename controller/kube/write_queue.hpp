// When writes go out: who writes objects (status, infra, events) says what, this says when.
//  - guarantees: at most one job of a key under way, and `in_flight` in all; keys first come first served; a key wanted
//    while its job is under way begins again after it; what failed waits 0.8 s, then twice as long each time up to 30
//    s, or as long as the server said (Retry-After); `begin` is never called from inside a call of this object.
//  - leaves to others: what a job is, and who may write.
//  - threads: the control thread.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <pintle/base/clock.hpp>

#include "controller/api/object.hpp"
#include "controller/kube/api.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::kube {

enum class Outcome : std::uint8_t {
  Done,
  Again,  ///< after a delay
};

class WriteQueue {
 public:
  struct Settings {
    std::size_t in_flight = 8;
    Millis first_delay{800};
    Millis longest_delay{30'000};
  };
  /// `begin` starts the job of a key, or calls finish() if there is nothing to do any more.
  WriteQueue(boost::asio::io_context& io, Settings settings, std::function<void(const api::ObjectKey&)> begin);
  ~WriteQueue();
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  /// There is something to write for the key. A key that waits after a failure goes on waiting.
  void want(const api::ObjectKey& key);
  /// The job that `begin` started is over.
  void finish(const api::ObjectKey& key, Outcome outcome, std::optional<std::chrono::seconds> retry_after = {});
  /// Nothing waits any more; what is under way is forgotten too: its finish() has no effect.
  void clear();
  [[nodiscard]] bool is_under_way(const api::ObjectKey& key) const;
  [[nodiscard]] bool idle() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Whether trying the same again may bring another answer: no answer at all, 401 (a token that has rotated), 403
/// (rights that come with an upgrade), 408, 429 and 5xx.
[[nodiscard]] bool may_pass_later(const Result<Response>& answer) noexcept;
/// "Service shop/gw: 422 ... is invalid": what a Status object of the API says, one line, for the log.
[[nodiscard]] std::string describe_failure(const api::ObjectKey& key, const Result<Response>& answer);
/// The `message` of a Status object; empty if there is none.
[[nodiscard]] std::string failure_message(const Response& response);

}  // namespace pintle::kube
