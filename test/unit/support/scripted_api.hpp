// A kube::Api that keeps what is asked of it until the test answers.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "controller/kube/api.hpp"

namespace pintle::kube::testing {

class ScriptedApi final : public Api {
 public:
  struct Asked {
    Request request;
    std::function<void(Result<Response>)> done;  ///< of send
    StreamEvents events;                         ///< of stream
    bool is_stream = false;
    bool is_open = true;  ///< neither answered nor let go of
    /// "GET /api/v1/services?limit=500"
    [[nodiscard]] std::string target() const {
      return request.path + (request.query.empty() ? "" : "?" + request.query);
    }
  };

  [[nodiscard]] Call send(Request request, std::function<void(Result<Response>)> done) override {
    return keep({.request = std::move(request), .done = std::move(done), .events = {}});
  }
  [[nodiscard]] Call stream(Request request, StreamEvents events) override {
    return keep({.request = std::move(request), .done = {}, .events = std::move(events), .is_stream = true});
  }

  /// The oldest open request whose target holds the text; nullptr: none.
  [[nodiscard]] Asked* find(std::string_view text) {
    for (const auto& asked : asked_)
      if (asked->is_open && asked->target().find(text) != std::string::npos) return asked.get();
    return nullptr;
  }
  [[nodiscard]] std::size_t open() const {
    std::size_t count = 0;
    for (const auto& asked : asked_) count += asked->is_open ? 1 : 0;
    return count;
  }
  [[nodiscard]] std::size_t asked() const noexcept { return asked_.size(); }

  void answer(std::string_view text, Result<Response> with) {
    const auto asked = take(text);
    if (!asked) return;
    asked->is_open = false;
    if (asked->is_stream)
      asked->events.on_end(std::move(with));
    else
      asked->done(std::move(with));
  }
  void answer(std::string_view text, int status, std::string body = {}) {
    answer(text, Response{.status = status, .body = std::move(body), .retry_after = {}});
  }
  void fail(std::string_view text, ErrorCode code = ErrorCode::ConnectFailed, std::string why = "no answer") {
    answer(text, make_error(code, std::move(why)));
  }
  void open_stream(std::string_view text) {
    if (const auto asked = take(text); asked && asked->events.on_open) asked->events.on_open();
  }
  void line(std::string_view text, std::string_view line) {
    if (const auto asked = take(text)) asked->events.on_line(line);
  }

 private:
  struct Pending final : Call::Pending {
    explicit Pending(std::shared_ptr<Asked> held) : asked(std::move(held)) {}
    ~Pending() override { asked->is_open = false; }
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    std::shared_ptr<Asked> asked;
  };

  Call keep(Asked asked) {
    asked_.push_back(std::make_shared<Asked>(std::move(asked)));
    return Call(std::make_unique<Pending>(asked_.back()));
  }
  std::shared_ptr<Asked> take(std::string_view text) {
    for (const auto& asked : asked_)
      if (asked->is_open && asked->target().find(text) != std::string::npos) return asked;
    ADD_FAILURE() << "nothing is asked of " << text;
    return nullptr;
  }

  std::list<std::shared_ptr<Asked>> asked_;
};

}  // namespace pintle::kube::testing
