// An API server that a test plays: requests are kept until the test answers them, from the event loop as the real one.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "controller/kube/api.hpp"

namespace pintle::testing {

class PostedApi final : public kube::Api {
 public:
  explicit PostedApi(boost::asio::io_context& io) : io_(io) {}

  using Answer = Result<kube::Response>;
  /// Answers every request at once if set; else they wait for answer().
  std::function<Answer(const kube::Request&)> script;
  std::vector<kube::Request> requests;  ///< all there were

  [[nodiscard]] kube::Call send(kube::Request request, std::function<void(Answer)> done) override {
    requests.push_back(request);
    auto pending = std::make_shared<Waiting>(Waiting{std::move(request), std::move(done)});
    auto call = std::make_unique<Held>(pending);
    if (script)
      post(pending, script(pending->request));
    else
      waiting_.push_back(pending);
    return kube::Call(std::move(call));
  }
  [[nodiscard]] kube::Call stream(kube::Request request, kube::StreamEvents) override {
    requests.push_back(std::move(request));
    return {};
  }

  /// Those asked and neither answered nor cancelled.
  [[nodiscard]] std::size_t unanswered() {
    std::erase_if(waiting_, [](const auto& one) { return !one->done; });
    return waiting_.size();
  }
  [[nodiscard]] const kube::Request& oldest() { return unanswered() > 0 ? waiting_.front()->request : none_; }
  /// The oldest, and runs what comes of it. False if none waits.
  bool answer(int status, std::string body = "{}") { return answer(kube::Response{status, std::move(body), {}}); }
  bool answer(Answer with) {
    if (unanswered() == 0) return false;
    const auto first = waiting_.front();
    waiting_.pop_front();
    post(first, std::move(with));
    run();
    return true;
  }
  /// All that is ready.
  void run() {
    io_.restart();
    io_.poll();
  }

 private:
  struct Waiting {
    kube::Request request;
    std::function<void(Answer)> done;  ///< empty when cancelled
  };
  struct Held final : kube::Call::Pending {
    explicit Held(std::shared_ptr<Waiting> one) : waiting(std::move(one)) {}
    ~Held() override { waiting->done = nullptr; }
    std::shared_ptr<Waiting> waiting;
  };
  void post(const std::shared_ptr<Waiting>& to, Answer with) {
    boost::asio::post(io_, [to, with = std::move(with)] {
      if (const auto done = std::exchange(to->done, nullptr)) done(with);
    });
  }

  boost::asio::io_context& io_;
  std::deque<std::shared_ptr<Waiting>> waiting_;
  kube::Request none_;
};

}  // namespace pintle::testing
