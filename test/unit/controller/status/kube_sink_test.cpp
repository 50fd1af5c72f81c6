// Statuses to the API server: what is sent, what stays, and what is not sent at all.
#include "controller/status/kube_sink.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/status/splice.hpp"
#include "test/unit/controller/status/reports.hpp"
#include "test/unit/support/posted_api.hpp"

namespace pintle::status {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using nlohmann::json;
using ::testing::HasSubstr;

struct Switch final : kube::Authority {
  [[nodiscard]] bool is_leader() const noexcept override { return on; }
  bool on = true;
};

const api::ObjectKey route_key{api::Kind::HTTPRoute, "default", "shop"};
const std::string status_path = "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/shop/status";

api::RouteParentStatus entry(std::string gateway, std::string_view controller, std::vector<api::Condition> conditions) {
  api::RouteParentStatus made;
  made.parent_ref.name = std::move(gateway);
  made.controller_name = controller;
  made.conditions = std::move(conditions);
  return made;
}

api::Condition accepted(std::int64_t generation = 1, Wall time = at(0)) {
  return condition("Accepted", api::ConditionStatus::True, "Accepted", generation, time);
}

StatusPatch patch(api::RouteStatus status, std::int64_t generation = 1) {
  return {route_key, "u1", generation, std::make_shared<const StatusValue>(std::move(status))};
}

store::ClusterSnapshot snapshot(std::string version, api::RouteStatus status = {}) {
  auto route = std::make_shared<api::HTTPRoute>();
  route->metadata.name = "shop";
  route->metadata.ns = "default";
  route->metadata.uid = "u1";
  route->metadata.resource_version = std::move(version);
  route->metadata.generation = 1;
  route->status = std::move(status);
  store::Store store;
  store.apply(
      {.changes = {source::Upsert{std::shared_ptr<const api::HTTPRoute>(route)}}, .findings = {}, .synced = true});
  return store.freeze();
}

std::string live(std::string_view version, std::string_view parents, std::string_view uid = "u1") {
  return fmt::format(R"({{"metadata":{{"name":"shop","uid":"{}","resourceVersion":"{}"}},"status":{{"parents":{}}}}})",
                     uid, version, parents);
}

struct Scene {
  boost::asio::io_context io;
  pintle::testing::PostedApi api{io};
  Switch authority;
  KubeStatusSink sink{io,
                      {.api = api, .authority = authority, .controller_name = std::string(us)},
                      {.in_flight = 2, .first_delay = 1ms, .longest_delay = 4ms}};

  std::vector<Error> write(const StatusPatch& one) {
    auto errors = sink.write({&one, 1});
    api.run();
    return errors;
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

TEST(KubeStatusSink, AStatusOfOursAloneIsOneRequest) {
  Scene scene;
  static_cast<void>(scene.sink.previous(snapshot("7")));
  EXPECT_TRUE(scene.write(patch({{entry("gw", us, {accepted()})}})).empty());
  ASSERT_EQ(scene.api.unanswered(), 1U);
  const kube::Request& request = scene.api.oldest();
  EXPECT_EQ(request.method, kube::Method::Patch);
  EXPECT_EQ(request.path, status_path);
  EXPECT_EQ(request.content_type, kube::merge_patch_type);
  const json body = json::parse(request.body);
  EXPECT_EQ(body["metadata"], json({{"uid", "u1"}, {"resourceVersion", "7"}}));
  EXPECT_EQ(body["status"]["parents"][0]["controllerName"], us);
  EXPECT_EQ(body["status"]["parents"][0]["parentRef"]["name"], "gw");
  EXPECT_EQ(body["status"]["parents"][0]["conditions"][0]["observedGeneration"], 1);
  scene.api.answer(200);
  EXPECT_TRUE(scene.sink.idle());
}

TEST(KubeStatusSink, WhatIsOnItsWayIsNotJudgedAgain) {
  Scene scene;
  static_cast<void>(scene.sink.previous(snapshot("7")));
  const api::RouteStatus status{{entry("gw", us, {accepted()})}};
  scene.write(patch(status));
  EXPECT_EQ(*scene.sink.previous(snapshot("7")).at(route_key), StatusValue(status));
  scene.api.answer(200);
  EXPECT_EQ(*scene.sink.previous(snapshot("7")).at(route_key), StatusValue(status)) << "the watch is behind";
  EXPECT_EQ(*scene.sink.previous(snapshot("8")).at(route_key), StatusValue(api::RouteStatus{})) << "what stands counts";
}

TEST(KubeStatusSink, EntriesOfOthersStayByteForByte) {
  const std::string theirs =
      R"({ "controllerName" : "other/x", "parentRef":{"name":"gw"},"rate":1.50e1,"note":"\u003c\"]}","conditions":[ ]})";
  const std::string ours = fmt::format(
      R"({{"controllerName":"{}","parentRef":{{"name":"gw"}},"conditions":[{{"type":"Foreign","status":"True","x":1.0}},)"
      R"({{"type":"Accepted","status":"True","reason":"Old","observedGeneration":1,"lastTransitionTime":"2020-01-01T00:00:00Z","message":""}}]}})",
      us);
  Scene scene;
  static_cast<void>(scene.sink.previous(snapshot("7")));
  scene.write(patch({{entry("gw", "other/x", {}), entry("gw", us, {accepted()}), entry("two", us, {accepted()})}}));
  EXPECT_EQ(scene.api.oldest().method, kube::Method::Get) << "others are there: their entries must be seen";
  scene.api.answer(200, live("9", "[" + theirs + ", " + ours + "]"));
  const kube::Request& request = scene.api.oldest();
  EXPECT_EQ(request.method, kube::Method::Patch);
  EXPECT_THAT(request.body, HasSubstr(theirs));
  EXPECT_THAT(request.body, HasSubstr(R"({"type":"Foreign","status":"True","x":1.0})"));
  const json body = json::parse(request.body);
  EXPECT_EQ(body["metadata"]["resourceVersion"], "9");
  const json& parents = body["status"]["parents"];
  ASSERT_EQ(parents.size(), 3U);
  EXPECT_EQ(parents[1]["conditions"][1]["reason"], "Accepted");
  EXPECT_EQ(parents[1]["conditions"][1]["lastTransitionTime"], "2020-01-01T00:00:00Z") << "the status is the same";
  EXPECT_EQ(parents[2]["parentRef"]["name"], "two");
}

TEST(KubeStatusSink, AConflictMeansReadingAndNothingIsWrittenTwice) {
  Scene scene;
  static_cast<void>(scene.sink.previous(snapshot("7")));
  scene.write(patch({{entry("gw", us, {accepted()})}}));
  scene.api.answer(409);
  EXPECT_EQ(scene.api.oldest().method, kube::Method::Get);
  const json same = json::parse(scene.api.requests[0].body)["status"]["parents"];
  scene.api.answer(200, live("8", same.dump()));
  EXPECT_EQ(scene.api.requests.size(), 2U) << "it is there already";
  EXPECT_TRUE(scene.sink.idle());
}

TEST(KubeStatusSink, AfterManyConflictsItWaits) {
  Scene scene;
  static_cast<void>(scene.sink.previous(snapshot("7")));
  scene.write(patch({{entry("gw", us, {accepted()})}}));
  for (int at = 0; at < 4; ++at) {
    scene.api.answer(409);
    scene.api.answer(200, live("8", "[]"));
  }
  EXPECT_EQ(scene.api.unanswered(), 1U);
  scene.api.answer(409);
  EXPECT_EQ(scene.api.unanswered(), 0U);
  EXPECT_TRUE(scene.until([&] { return scene.api.unanswered() == 1; }));
  EXPECT_TRUE(scene.sink.write({}).empty()) << "a conflict is no error";
}

TEST(KubeStatusSink, AConditionThatHasSeenANewerGenerationStays) {
  const std::string newer = fmt::format(
      R"([{{"controllerName":"{}","parentRef":{{"name":"gw"}},"conditions":[{{"type":"Accepted","status":"False","reason":"Newer","observedGeneration":3,"lastTransitionTime":"2026-01-01T00:00:00Z","message":""}}]}}])",
      us);
  EXPECT_FALSE(splice_status(patch({{entry("gw", us, {accepted(2)})}}, 2), us, live("9", newer)));
  EXPECT_FALSE(splice_status(patch({}, 2), us, live("9", newer))) << "nor is its entry removed";
  EXPECT_TRUE(splice_status(patch({{entry("gw", us, {accepted(4)})}}, 4), us, live("9", newer)));
}

TEST(KubeStatusSink, AnEntryGoesWithItsParentRef) {
  const std::string ours =
      fmt::format(R"([{{"controllerName":"{}","parentRef":{{"name":"gone"}},"conditions":[]}}])", us);
  EXPECT_EQ(splice_status(patch({}), us, live("9", ours)), R"({"parents":[]})");
}

TEST(KubeStatusSink, TheNewestReplacesWhatWaits) {
  Scene scene;
  static_cast<void>(scene.sink.previous(snapshot("7")));
  scene.write(patch({{entry("a", us, {accepted()})}}));
  scene.write(patch({{entry("b", us, {accepted()})}}));
  scene.write(patch({{entry("c", us, {accepted()})}}));
  EXPECT_EQ(scene.api.requests.size(), 1U);
  scene.api.answer(200);
  ASSERT_EQ(scene.api.requests.size(), 2U);
  EXPECT_THAT(scene.api.requests[1].body, HasSubstr(R"("name":"c")"));
}

TEST(KubeStatusSink, AfterAConflictTheNewestGoesAtOnce) {
  Scene scene;
  static_cast<void>(scene.sink.previous(snapshot("7")));
  scene.write(patch({{entry("a", us, {accepted()})}}));
  static_cast<void>(scene.sink.previous(snapshot("8")));
  scene.write(patch({{entry("b", us, {accepted()})}}));
  scene.api.answer(409);
  ASSERT_EQ(scene.api.unanswered(), 1U);
  EXPECT_EQ(json::parse(scene.api.oldest().body)["metadata"]["resourceVersion"], "8");
}

TEST(KubeStatusSink, AnObjectThatIsGoneOrAnotherGetsNothing) {
  Scene scene;
  static_cast<void>(scene.sink.previous(snapshot("7")));
  scene.write(patch({{entry("gw", us, {accepted()})}}));
  scene.api.answer(404);
  EXPECT_TRUE(scene.sink.idle());
  scene.write(patch({{entry("gw", us, {accepted()})}}));
  scene.api.answer(409);
  scene.api.answer(200, live("20", "[]", "another"));
  EXPECT_TRUE(scene.sink.idle());
  EXPECT_TRUE(scene.sink.write({}).empty());
}

TEST(KubeStatusSink, ARefusedStatusIsToldOnceAndAnErrorPasses) {
  Scene scene;
  static_cast<void>(scene.sink.previous(snapshot("7")));
  scene.write(patch({{entry("gw", us, {accepted()})}}));
  scene.api.answer(422, R"({"message":"too long"})");
  EXPECT_TRUE(scene.sink.idle());
  const auto errors = scene.sink.write({});
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors[0].context, HasSubstr("too long"));
  scene.write(patch({{entry("gw", us, {accepted()})}}));
  scene.api.answer(make_error(ErrorCode::ConnectFailed, "away"));
  EXPECT_TRUE(scene.until([&] { return scene.api.unanswered() == 1; })) << "it is tried again";
  scene.api.answer(200);
  EXPECT_TRUE(scene.sink.idle());
}

TEST(KubeStatusSink, OnlyTheLeaderWrites) {
  Scene scene;
  scene.authority.on = false;
  static_cast<void>(scene.sink.previous(snapshot("7")));
  scene.write(patch({{entry("gw", us, {accepted()})}}));
  EXPECT_TRUE(scene.api.requests.empty());
  EXPECT_EQ(*scene.sink.previous(snapshot("7")).at(route_key), StatusValue(api::RouteStatus{}))
      << "what was not written must be judged anew by whoever leads";
  scene.authority.on = true;
  scene.write(patch({{entry("gw", "other/x", {}), entry("gw", us, {accepted()})}}));
  scene.authority.on = false;
  scene.api.answer(200, live("9", "[]"));  // between reading and writing
  EXPECT_EQ(scene.api.requests.size(), 1U);
  EXPECT_TRUE(scene.sink.idle());
}

TEST(Splice, ListenersAndConditionsOfAGateway) {
  api::GatewayStatus judged;
  judged.addresses = {{.type = "IPAddress", .value = "10.96.0.7"}};
  judged.conditions = {accepted(1, at(5))};
  judged.listeners = {{.name = "http", .supported_kinds = {}, .attached_routes = 2, .conditions = {accepted()}}};
  const StatusPatch of_gateway{
      {api::Kind::Gateway, "default", "gw"}, "u1", 1, std::make_shared<const StatusValue>(judged)};
  const std::string object =
      R"({"metadata":{"uid":"u1","resourceVersion":"1"},"status":{"conditions":[{"type":"Theirs","status":"True"}],)"
      R"("listeners":[{"name":"old","conditions":[]},{"name":"http","conditions":[{"type":"Theirs","v":1.0}]}]}})";
  const auto made = splice_status(of_gateway, us, object);
  ASSERT_TRUE(made);
  EXPECT_THAT(*made, HasSubstr(R"("conditions":[{"type":"Theirs","status":"True"},{)"));
  EXPECT_THAT(*made, HasSubstr(R"("conditions":[{"type":"Theirs","v":1.0},{)"));
  const json status = json::parse(*made);
  ASSERT_EQ(status["listeners"].size(), 1U);
  EXPECT_EQ(status["listeners"][0]["attachedRoutes"], 2);
  const std::string there = R"({"metadata":{},"status":)" + *made + "}";
  EXPECT_FALSE(splice_status(of_gateway, us, there));
}

}  // namespace
}  // namespace pintle::status
