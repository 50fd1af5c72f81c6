// The only door into a worker from other threads: closures behind an eventfd in the poller of the worker, whose loop
// needs no locks at all. Rare events only (publish, pressure, drain), never a request.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <pintle/base/error.hpp>

#include "dataplane/net/poller.hpp"

namespace pintle::worker {

class Mailbox final : public net::EventSink {
 public:
  using Task = std::move_only_function<void()>;

  [[nodiscard]] static Result<std::unique_ptr<Mailbox>> make(net::Poller& poller);
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Any thread. Tasks run in order, as part of a turn of the worker.
  void post(Task task);

 private:
  Mailbox(net::Poller& poller, net::UniqueFd fd) noexcept : poller_(poller), fd_(std::move(fd)) {}
  void on_events(std::uint32_t events) override;

  net::Poller& poller_;
  net::UniqueFd fd_;
  std::mutex mutex_;
  std::vector<Task> tasks_;
};

}  // namespace pintle::worker
