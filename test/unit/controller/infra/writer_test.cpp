// Plans into requests: order, races, refusals, leadership.
#include "controller/infra/writer.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/support/posted_api.hpp"

namespace pintle::infra {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct Switch final : kube::Authority {
  [[nodiscard]] bool is_leader() const noexcept override { return on; }
  bool on = true;
};

struct Scene {
  boost::asio::io_context io;
  pintle::testing::PostedApi api{io};
  Switch authority;
  int replans = 0;
  int problem_changes = 0;
  std::vector<std::string> failures;
  InfraWriter writer{io,
                     {.api = api,
                      .authority = authority,
                      .replan = [this] { ++replans; },
                      .on_failure = [this](const std::string& text) { failures.push_back(text); },
                      .on_problems = [this] { ++problem_changes; }},
                     {.queue = {.in_flight = 2, .first_delay = 1ms, .longest_delay = 4ms}, .echo = 100ms}};

  void apply(const std::vector<Action>& actions) {
    writer.apply(actions);
    api.run();
  }
  bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!holds() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(100ms);
    }
    return holds();
  }
};

const api::ObjectKey gateway{api::Kind::Gateway, "default", "gw"};
Action action(Verb verb, const std::string& name, std::string body = "{}") {
  return {verb, {api::Kind::Service, "default", name}, gateway, std::move(body)};
}

TEST(InfraWriter, VerbsAreRequests) {
  Scene scene;
  scene.apply({action(Verb::Create, "a", "new"), action(Verb::Patch, "b", "changed")});
  ASSERT_EQ(scene.api.unanswered(), 2U);
  EXPECT_EQ(scene.api.requests[0].method, kube::Method::Post);
  EXPECT_EQ(scene.api.requests[0].path, "/api/v1/namespaces/default/services");
  EXPECT_EQ(scene.api.requests[0].body, "new");
  EXPECT_EQ(scene.api.requests[1].method, kube::Method::Patch);
  EXPECT_EQ(scene.api.requests[1].path, "/api/v1/namespaces/default/services/b");
  EXPECT_EQ(scene.api.requests[1].content_type, kube::merge_patch_type);
  EXPECT_EQ(request_of(action(Verb::Delete, "c", "why")).method, kube::Method::Delete);
  EXPECT_EQ(request_of(action(Verb::Delete, "c", "why")).body, "why");
}

TEST(InfraWriter, SomeAtATimeAndAllInTheEnd) {
  Scene scene;
  scene.apply({action(Verb::Create, "a"), action(Verb::Create, "b"), action(Verb::Create, "c")});
  EXPECT_EQ(scene.api.unanswered(), 2U);
  scene.api.answer(201);
  EXPECT_EQ(scene.api.requests.size(), 3U);
}

TEST(InfraWriter, WhatIsDoneIsNotRepeatedByAPlanThatHasNotSeenIt) {
  Scene scene;
  scene.apply({action(Verb::Create, "a")});
  scene.api.answer(201);
  scene.apply({action(Verb::Create, "a")});
  EXPECT_EQ(scene.api.requests.size(), 1U);
  scene.apply({});
  scene.apply({action(Verb::Create, "a")});
  EXPECT_EQ(scene.api.requests.size(), 2U) << "somebody has deleted it";
}

TEST(InfraWriter, OneWriteOfAnObjectAtATimeAndThenTheNewest) {
  Scene scene;
  scene.apply({action(Verb::Patch, "a", "1")});
  scene.apply({action(Verb::Patch, "a", "2")});
  scene.apply({action(Verb::Patch, "a", "3")});
  EXPECT_EQ(scene.api.requests.size(), 1U);
  scene.api.answer(200);
  ASSERT_EQ(scene.api.requests.size(), 2U);
  EXPECT_EQ(scene.api.requests[1].body, "3");
}

TEST(InfraWriter, ALostRaceWaitsForTheNextPlan) {
  for (const int status : {409, 404}) {
    Scene scene;
    scene.apply({action(Verb::Patch, "a", "old")});
    scene.api.answer(status);
    scene.apply({action(Verb::Patch, "a", "old")});
    EXPECT_EQ(scene.api.requests.size(), 1U) << status;
    EXPECT_TRUE(scene.writer.problems().empty());
    scene.apply({action(Verb::Patch, "a", "new")});
    EXPECT_EQ(scene.api.requests.size(), 2U) << status;
  }
}

TEST(InfraWriter, IfTheWatchBringsNothingItAsksForAnotherPlan) {
  Scene scene;
  scene.apply({action(Verb::Create, "a")});
  scene.api.answer(409);
  EXPECT_TRUE(scene.until([&] { return scene.replans == 1; }));
  scene.apply({action(Verb::Create, "a")});
  EXPECT_EQ(scene.api.requests.size(), 2U);
}

TEST(InfraWriter, ARefusalIsAProblemOfItsGatewayUntilItPasses) {
  Scene scene;
  scene.apply({action(Verb::Create, "a")});
  scene.api.answer(422,
                   R"({"message":"Service \"a\" is invalid: spec.clusterIPs: failed to allocate IP 198.51.100.1"})");
  ASSERT_EQ(scene.writer.problems().size(), 1U);
  const resolve::Problem& problem = scene.writer.problems().at(gateway).at(0);
  EXPECT_EQ(problem.reason, "AddressNotUsable");
  EXPECT_THAT(problem.message, HasSubstr("198.51.100.1"));
  EXPECT_EQ(scene.problem_changes, 1);
  ASSERT_TRUE(scene.until([&] { return scene.api.unanswered() == 1; })) << "it is tried again";
  scene.api.answer(201);
  EXPECT_TRUE(scene.writer.problems().empty());
  EXPECT_EQ(scene.problem_changes, 2);
}

TEST(InfraWriter, AProblemGoesWithTheWish) {
  Scene scene;
  scene.apply({action(Verb::Create, "a")});
  scene.api.answer(403, "{}");
  EXPECT_EQ(scene.writer.problems().at(gateway).at(0).reason, "Pending");
  scene.apply({});
  EXPECT_TRUE(scene.writer.problems().empty());
}

TEST(InfraWriter, WithoutAuthorityNothingIsWritten) {
  Scene scene;
  scene.authority.on = false;
  scene.apply({action(Verb::Create, "a")});
  EXPECT_TRUE(scene.api.requests.empty());
  scene.authority.on = true;
  scene.writer.apply({action(Verb::Create, "a")});
  scene.authority.on = false;  // between the plan and its turn
  scene.api.run();
  EXPECT_TRUE(scene.api.requests.empty());
  EXPECT_TRUE(scene.writer.idle());
}

TEST(InfraWriter, LosingItEndsWhatIsUnderWay) {
  Scene scene;
  scene.apply({action(Verb::Create, "a")});
  scene.authority.on = false;
  scene.apply({});
  EXPECT_EQ(scene.api.unanswered(), 0U);
}

TEST(InfraWriter, DeletingWhatIsGoneIsDone) {
  Scene scene;
  scene.apply({action(Verb::Delete, "a")});
  scene.api.answer(404);
  EXPECT_TRUE(scene.failures.empty());
}

}  // namespace
}  // namespace pintle::infra
