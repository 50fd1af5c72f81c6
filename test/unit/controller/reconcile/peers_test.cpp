#include "controller/reconcile/peers.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/support/manual_clock.hpp"
#include "test/unit/support/scripted_api.hpp"

namespace pintle::reconcile {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Stage = status::Lag::Stage;

constexpr std::string_view lease_list = "/leases?limit";
constexpr std::string_view lease_watch = "/leases?watch";
const api::ObjectKey gw{api::Kind::Gateway, "default", "gw"};

[[nodiscard]] std::string lease(std::string_view pod, std::string_view marks, std::string_view version = "5") {
  return fmt::format(
      R"({{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{{"name":"replica-{0}",)"
      R"("namespace":"pintle-system","resourceVersion":"{2}","labels":{{"pintle.dev/replica-of":"pintle-replicas"}},)"
      R"("annotations":{{"pintle.dev/served-gateways":"{1}"}}}},"spec":{{"holderIdentity":"{0}"}}}})",
      pod, marks, version);
}

[[nodiscard]] std::string list(std::string_view items) {
  return fmt::format(R"({{"kind":"LeaseList","metadata":{{"resourceVersion":"4"}},"items":[{}]}})", items);
}

[[nodiscard]] std::string event(std::string_view type, std::string_view object) {
  return fmt::format(R"({{"type":"{}","object":{}}})", type, object);
}

/// Pod "own" and the others, ready; Gateway default/gw, bound here.
struct Scene {
  Scene() {
    report.gateways.emplace_back().object = {gw, "u1", 1};
    apply.workers = apply.acknowledged = 2;
  }

  void set_ready(const std::vector<std::string>& pods) {
    auto slice = std::make_shared<api::EndpointSlice>();
    slice->metadata.ns = "pintle-system";
    slice->metadata.name = "s";
    slice->metadata.labels = {{"kubernetes.io/service-name", "pintle-replicas"}};
    for (const std::string& pod : pods) slice->endpoints.emplace_back().target_name = pod;
    store.apply(
        {.changes = {source::Upsert{api::Ptr<api::EndpointSlice>(std::move(slice))}}, .findings = {}, .synced = true});
  }

  status::Lags compare() { return peers.compare(store.freeze(), report, apply); }
  [[nodiscard]] std::string mark() const { return write_marks(served_marks(report, apply)); }

  boost::asio::io_context io;
  kube::testing::ScriptedApi api;
  kube::testing::ManualClock clock;
  store::Store store;
  resolve::StatusReport report;
  runtime::ApplyReport apply;
  int news = 0;
  Peers peers{
      io,
      {.own = {.ns = "pintle-system", .release = "pintle-replicas", .pod = "own", .pod_uid = "p1"}, .patience = 2000ms},
      {.api = api, .clock = clock, .on_news = [this] { ++news; }}};
};

TEST(Peers, TellWhatIsServedHereAndFollowTheLeasesOfTheRelease) {
  Scene scene;
  EXPECT_THAT(scene.compare(), IsEmpty()) << "alone";
  const auto* told = scene.api.find("/leases");
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(scene.api.find(lease_list)->request.query,
            "limit=500&labelSelector=pintle.dev%2Freplica-of%3Dpintle-replicas");
  scene.api.answer(lease_list, 200, list(""));
  ASSERT_NE(scene.api.find("/leases"), nullptr);
  EXPECT_EQ(scene.api.find("/leases")->request.method, kube::Method::Post);
  EXPECT_THAT(scene.api.find("/leases")->request.body, HasSubstr(scene.mark()));
}

TEST(Peers, AReadyReplicaThatDoesNotServeItYetIsHeldAndThenTold) {
  Scene scene;
  scene.set_ready({"own", "other"});
  scene.api.answer(lease_list, 200, list(lease("other", "0000000000000001")));
  scene.clock.turn();
  EXPECT_EQ(scene.news, 1);
  ASSERT_EQ(scene.compare().count(gw), 1U);
  EXPECT_EQ(scene.compare().at(gw).stage, Stage::Held);
  scene.clock.advance(1999ms);
  EXPECT_EQ(scene.news, 1);
  scene.clock.advance(1ms);
  EXPECT_EQ(scene.news, 2) << "it is time to say so";
  const status::Lag lag = scene.compare().at(gw);
  EXPECT_EQ(lag.stage, Stage::Told);
  EXPECT_EQ(lag.serving, 1U);
  EXPECT_EQ(lag.replicas, 2U);
  scene.clock.advance(1h);
  EXPECT_EQ(scene.news, 2) << "nothing to wait for but the other";

  scene.api.open_stream(lease_watch);
  scene.api.line(lease_watch, event("MODIFIED", lease("other", scene.mark(), "6")));
  scene.clock.turn();
  EXPECT_EQ(scene.news, 3);
  EXPECT_THAT(scene.compare(), IsEmpty());
}

TEST(Peers, AnEditWhileOneIsBehindDoesNotBeginThePatienceAnew) {
  Scene scene;
  scene.set_ready({"own", "other"});
  EXPECT_EQ(scene.compare().at(gw).stage, Stage::Held);
  scene.clock.advance(1500ms);
  scene.report.gateways[0].object.generation = 2;
  EXPECT_EQ(scene.compare().at(gw).stage, Stage::Held);
  scene.clock.advance(500ms);
  EXPECT_EQ(scene.compare().at(gw).stage, Stage::Told);
}

TEST(Peers, AReplicaThatIsGoneOrNotReadyIsNotWaitedFor) {
  Scene scene;
  scene.set_ready({"own", "other"});
  EXPECT_EQ(scene.compare().size(), 1U);
  scene.set_ready({"own"});
  EXPECT_THAT(scene.compare(), IsEmpty());
}

TEST(Peers, ALeaseThatGoesOrIsNotListedAnyMoreTellsNothing) {
  Scene scene;
  scene.set_ready({"own", "other"});
  scene.api.answer(lease_list, 200, list(lease("other", scene.mark())));
  EXPECT_THAT(scene.compare(), IsEmpty());
  scene.api.open_stream(lease_watch);
  scene.api.line(lease_watch, event("DELETED", lease("other", scene.mark())));
  EXPECT_EQ(scene.compare().size(), 1U);
  scene.api.line(lease_watch, event("ADDED", lease("other", scene.mark(), "7")));
  EXPECT_THAT(scene.compare(), IsEmpty());
  scene.api.answer(lease_watch, 410);
  scene.clock.turn();
  scene.api.answer(lease_list, 200, list(""));
  EXPECT_EQ(scene.compare().size(), 1U);
}

TEST(Peers, WhatIsNotBoundHereIsLeftToBeSaidByItself) {
  Scene scene;
  scene.set_ready({"own", "other"});
  scene.apply.acknowledged = 1;
  EXPECT_THAT(scene.compare(), IsEmpty());
}

}  // namespace
}  // namespace pintle::reconcile
