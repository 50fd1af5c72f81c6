// When writes go out.
#include "controller/kube/write_queue.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

struct Scene {
  boost::asio::io_context io;
  std::vector<std::string> begun;
  WriteQueue queue{io, {.in_flight = 2, .first_delay = 5ms, .longest_delay = 20ms}, [this](const api::ObjectKey& key) {
                     begun.push_back(key.name);
                   }};

  static api::ObjectKey key(std::string name) { return {api::Kind::Service, "ns", std::move(name)}; }
  void want(std::string name) {
    queue.want(key(std::move(name)));
    poll();
  }
  void finish(std::string name, Outcome outcome = Outcome::Done, std::optional<std::chrono::seconds> told = {}) {
    queue.finish(key(std::move(name)), outcome, told);
    poll();
  }
  void poll() {
    io.restart();
    io.poll();
  }
  bool until_begun(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (begun.size() < count && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(50ms);
    }
    return begun.size() == count;
  }
};

TEST(WriteQueue, InTheOrderTheyCameAndNoMoreThanAllowed) {
  Scene scene;
  for (const char* name : {"a", "b", "c", "a"}) scene.want(name);
  EXPECT_THAT(scene.begun, ElementsAre("a", "b"));
  scene.finish("b");
  EXPECT_THAT(scene.begun, ElementsAre("a", "b", "c"));
}

TEST(WriteQueue, WantedWhileUnderWayBeginsAgainAfter) {
  Scene scene;
  for (int at = 0; at < 3; ++at) scene.want("a");
  EXPECT_THAT(scene.begun, ElementsAre("a"));
  scene.finish("a");
  EXPECT_THAT(scene.begun, ElementsAre("a", "a"));
  scene.finish("a");
  EXPECT_TRUE(scene.queue.idle());
}

TEST(WriteQueue, WhatFailedComesAgainLaterEachTime) {
  Scene scene;
  scene.want("a");
  auto began = std::chrono::steady_clock::now();
  for (const auto delay : {5ms, 10ms, 20ms, 20ms}) {
    const std::size_t before = scene.begun.size();
    scene.finish("a", Outcome::Again);
    scene.want("a");  // is no way around the delay
    EXPECT_TRUE(scene.until_begun(before + 1));
    EXPECT_GE(std::chrono::steady_clock::now() - began, delay);
    began = std::chrono::steady_clock::now();
  }
  scene.finish("a");
  EXPECT_TRUE(scene.queue.idle());
}

TEST(WriteQueue, TheServersDelayCountsIfItIsLonger) {
  Scene scene;
  scene.want("a");
  const auto began = std::chrono::steady_clock::now();
  scene.finish("a", Outcome::Again, 1s);
  EXPECT_TRUE(scene.until_begun(2));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 1s);
}

TEST(WriteQueue, ClearedMeansForgotten) {
  Scene scene;
  for (const char* name : {"a", "b", "c"}) scene.want(name);
  scene.queue.clear();
  EXPECT_TRUE(scene.queue.idle());
  scene.finish("a", Outcome::Again);
  EXPECT_TRUE(scene.queue.idle()) << "what was under way is nobody's";
}

TEST(WriteQueue, WhatMayPassLater) {
  for (const int status : {401, 403, 408, 429, 500, 503})
    EXPECT_TRUE(may_pass_later(Response{status, {}, {}})) << status;
  for (const int status : {200, 400, 404, 409, 422}) EXPECT_FALSE(may_pass_later(Response{status, {}, {}})) << status;
  EXPECT_TRUE(may_pass_later(make_error(ErrorCode::Timeout, "")));
}

TEST(WriteQueue, AFailureInOneLine) {
  const Response refused{422, "{\"message\":\"spec is\\nwrong\"}", {}};
  EXPECT_EQ(describe_failure(Scene::key("a"), refused),
            "Service ns/a was not written: the API server answered 422: \"spec is\\nwrong\"");
  EXPECT_EQ(failure_message({500, "<html>", {}}), "");
}

}  // namespace
}  // namespace pintle::kube
