#include "controller/reconcile/reconciler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/controller/reconcile/loop.hpp"

namespace pintle::reconcile {
namespace {

using testing::config_map;
using ::testing::ElementsAre;
using testing::gateway;
using ::testing::IsEmpty;
using testing::Loop;
using testing::route;

constexpr Millis at_once{0};
constexpr Millis never{3'600'000};

/// Served once, calm again.
void start(Loop& loop, const std::string& manifests) {
  loop.apply(manifests);
  ASSERT_EQ(loop.publisher.published.size(), 1u);
  loop.publisher.answer();
  loop.poll();
  ASSERT_THAT(loop.served, ElementsAre(1));
}

TEST(Reconciler, NothingIsPublishedBeforeTheWorldIsWhole) {
  Loop loop;
  loop.reconciler->on_batch({.changes = {}, .findings = {}, .synced = false});
  EXPECT_THAT(loop.publisher.published, IsEmpty());
  loop.reconciler->on_batch({.changes = {}, .findings = {}, .synced = true});
  EXPECT_EQ(loop.publisher.published.size(), 1u);
}

TEST(Reconciler, IsServedOnlyWhenTheWorkersHaveAnswered) {
  Loop loop;
  loop.apply(gateway() + route("r"));
  ASSERT_EQ(loop.publisher.published.size(), 1u);
  EXPECT_EQ(loop.publisher.published[0]->generation, Generation{1});
  EXPECT_EQ(loop.reconciler->served(), nullptr);
  EXPECT_TRUE(loop.sink.statuses().empty());
  loop.publisher.answer();
  ASSERT_NE(loop.reconciler->served(), nullptr);
  EXPECT_EQ(loop.reconciler->served()->compiled, loop.publisher.published[0]);
  EXPECT_THAT(loop.served, ElementsAre(1));
  EXPECT_EQ(loop.gateway_condition("Programmed"), "True/Programmed");
  EXPECT_EQ(loop.sink.shared_statuses(), loop.reconciler->served()->statuses);
}

TEST(Reconciler, ChangesThatFollowTheFirstComeTogether) {
  Loop loop({.resolve = {}, .coalesce = Millis{30}, .retry_binding = never});
  loop.apply(gateway());
  loop.publisher.answer();
  loop.apply(route("a", "/a"));
  loop.apply(route("b", "/b"));
  loop.apply(route("c", "/c"));
  EXPECT_EQ(loop.publisher.published.size(), 1u);
  EXPECT_TRUE(loop.until([&] { return loop.publisher.published.size() == 2; }));
  loop.publisher.answer();
  EXPECT_EQ(loop.reconciler->served()->snapshot.all<api::HTTPRoute>().size(), 3u);
  EXPECT_TRUE(loop.until([&] {
    loop.poll();
    return loop.io.stopped();  // calm: no timer is left
  }));
  EXPECT_EQ(loop.publisher.published.size(), 2u);
  loop.apply(route("d", "/d"));  // the first after a calm, at once
  EXPECT_EQ(loop.publisher.published.size(), 3u);
}

TEST(Reconciler, OnePublishAtATime) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never});
  loop.apply(gateway());
  loop.poll();
  loop.apply(route("a", "/a"));
  loop.apply(route("b", "/b"));
  loop.poll();
  EXPECT_EQ(loop.publisher.published.size(), 1u);
  loop.publisher.answer();
  loop.poll();
  ASSERT_EQ(loop.publisher.published.size(), 2u);
  EXPECT_EQ(loop.publisher.published[1]->generation, Generation{2});
  loop.publisher.answer();
  loop.poll();
  EXPECT_THAT(loop.served, ElementsAre(1, 2));
  EXPECT_EQ(loop.reconciler->served()->snapshot.all<api::HTTPRoute>().size(), 2u);
}

TEST(Reconciler, WhatNobodyRefersToCostsNothing) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never});
  start(loop, gateway() + route("r"));
  loop.apply(config_map("unrelated"));
  loop.poll();
  EXPECT_EQ(loop.publisher.published.size(), 1u);
  EXPECT_EQ(loop.findings_told.size(), 1u);
  loop.remove({api::Kind::HTTPRoute, "default", "r"});
  EXPECT_EQ(loop.publisher.published.size(), 2u);
}

/// The route as the API server shows it after somebody wrote its status.
source::Batch with_status(const Loop& loop, const api::RouteStatus& status) {
  auto noted =
      std::make_shared<api::HTTPRoute>(*loop.reconciler->served()->snapshot.find<api::HTTPRoute>("default", "r"));
  noted->status = status;
  noted->metadata.resource_version += "1";
  return {.changes = {source::Upsert{api::Ptr<api::HTTPRoute>(noted)}}, .findings = {}, .synced = true};
}

TEST(Reconciler, AStatusThatComesBackAsWrittenCostsNothing) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never, .question_strangers = at_once});
  start(loop, gateway() + route("r"));
  const auto& written = *loop.reconciler->served()->statuses->at({api::Kind::HTTPRoute, "default", "r"});
  loop.reconciler->on_batch(with_status(loop, std::get<api::RouteStatus>(written)));
  loop.poll();
  EXPECT_EQ(loop.publisher.published.size(), 1u);
  EXPECT_THAT(loop.served, ElementsAre(1));
}

TEST(Reconciler, AStatusSomebodyElseWroteIsJudgedAgainWithoutATranslation) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never, .question_strangers = at_once});
  start(loop, gateway() + route("r"));
  loop.reconciler->on_batch(with_status(loop, {}));
  ASSERT_TRUE(loop.until([&] { return loop.served.size() == 2; }));
  EXPECT_EQ(loop.publisher.published.size(), 1u);
  EXPECT_EQ(loop.reconciler->served()->snapshot.find<api::HTTPRoute>("default", "r")->metadata.resource_version, "1")
      << "what is written next is of the version that is there";
}

TEST(Reconciler, WhatExposingLookedUpConcernsUs) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never});
  loop.looked_up = {{"ConfigMap", "default", "watched"}};
  start(loop, gateway());
  EXPECT_EQ(loop.exposed, 1);
  loop.apply(config_map("watched"));
  EXPECT_EQ(loop.exposed, 2);
}

TEST(Reconciler, LookingAgainTranslatesAnew) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never});
  loop.reconciler->look_again();
  EXPECT_EQ(loop.exposed, 0) << "there is no whole world yet";
  start(loop, gateway());
  loop.reconciler->look_again();
  EXPECT_EQ(loop.exposed, 2);
}

TEST(Reconciler, OtherReplicasAreCountedAgainWithoutATranslation) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never});
  loop.lags[{api::Kind::Gateway, "default", "gw"}] = {.stage = status::Lag::Stage::Told, .serving = 1, .replicas = 2};
  start(loop, gateway());
  EXPECT_EQ(loop.gateway_condition("Programmed"), "False/Pending");
  loop.lags.clear();
  loop.reconciler->recount();
  EXPECT_EQ(loop.gateway_condition("Programmed"), "True/Programmed");
  EXPECT_EQ(loop.publisher.published.size(), 1u);
  EXPECT_THAT(loop.served, ElementsAre(1));
}

TEST(Reconciler, ACountAskedForWhileAPortIsTriedAgainIsNotLost) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = Millis{1}});
  loop.publisher.busy[8080] = "port 8080 is in use";
  loop.apply(gateway());
  loop.publisher.answer();
  ASSERT_TRUE(loop.until([&] { return loop.publisher.unanswered() == 1; }));
  const int before = loop.compared;
  loop.reconciler->recount();
  EXPECT_EQ(loop.compared, before) << "what is under way comes first";
  loop.publisher.answer();
  EXPECT_EQ(loop.compared, before + 1);
}

TEST(Reconciler, FindingsAloneAreToldAtOnce) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never});
  start(loop, gateway());
  api::Finding finding;
  finding.id = "GW0101";
  loop.apply("", {finding});
  EXPECT_THAT(loop.findings_told, ElementsAre(ElementsAre(finding)));
  EXPECT_THAT(loop.reconciler->served()->findings, ElementsAre(finding));
  EXPECT_EQ(loop.publisher.published.size(), 1u);
}

TEST(Reconciler, TheSameObjectAgainIsNoChange) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never});
  start(loop, gateway());
  loop.apply(gateway());
  loop.poll();
  EXPECT_EQ(loop.publisher.published.size(), 1u);
}

TEST(Reconciler, APortInUseIsTriedAgainAndToldWhenItChanges) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = Millis{1}});
  loop.publisher.busy[8080] = "port 8080 is in use";
  loop.apply(gateway());
  loop.publisher.answer();
  EXPECT_EQ(loop.gateway_condition("Programmed"), "False/NoResources");
  for (int attempt = 0; attempt < 3; ++attempt) {
    ASSERT_TRUE(loop.until([&] { return loop.publisher.unanswered() == 1; }));
    EXPECT_EQ(loop.publisher.published.back(), loop.publisher.published.front());
    loop.publisher.answer();
  }
  EXPECT_THAT(loop.served, ElementsAre(1));  // nothing new was to be told
  loop.publisher.busy.clear();
  ASSERT_TRUE(loop.until([&] { return loop.publisher.unanswered() == 1; }));
  loop.publisher.answer();
  EXPECT_THAT(loop.served, ElementsAre(1, 1));
  EXPECT_EQ(loop.gateway_condition("Programmed"), "True/Programmed");
  EXPECT_TRUE(loop.until([&] {
    loop.poll();
    return loop.io.stopped();  // and no timer is left
  }));
}

TEST(Reconciler, AChangeWhileAPortIsBusyNeedsNoSecondTimer) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never});
  loop.publisher.busy[8080] = "in use";
  loop.apply(gateway());
  loop.publisher.answer();
  loop.poll();
  loop.publisher.busy.clear();
  loop.apply(route("r"));
  ASSERT_EQ(loop.publisher.published.size(), 2u);
  loop.publisher.answer();
  EXPECT_EQ(loop.gateway_condition("Programmed"), "True/Programmed");
  loop.poll();
  EXPECT_TRUE(loop.io.stopped());  // the hour of the retry is not waited for
}

TEST(Reconciler, StatusesWaitForAllWorkers) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = Millis{1}});
  loop.apply(gateway());
  loop.publisher.answer(1);
  EXPECT_EQ(loop.reconciler->served(), nullptr);
  EXPECT_TRUE(loop.sink.statuses().empty());
  ASSERT_TRUE(loop.until([&] { return loop.publisher.unanswered() == 1; }));
  loop.publisher.answer();
  EXPECT_THAT(loop.served, ElementsAre(1));
}

TEST(Reconciler, StatusesKeepTheirTimesFromRunToRun) {
  Loop loop({.resolve = {}, .coalesce = at_once, .retry_binding = never});
  start(loop, gateway());
  const status::StatusPtr before = loop.sink.statuses().at({api::Kind::Gateway, "default", "gw"});
  loop.apply(route("r"));
  loop.publisher.answer();
  const auto& listeners = std::get<api::GatewayStatus>(*loop.sink.statuses().at({api::Kind::Gateway, "default", "gw"}));
  EXPECT_EQ(listeners.listeners.at(0).attached_routes, 1);
  EXPECT_EQ(listeners.conditions, std::get<api::GatewayStatus>(*before).conditions);
}

TEST(Reconciler, MakesEachInternalCertificateOnce) {
  Settings settings{.resolve = {}, .coalesce = at_once, .retry_binding = never};
  settings.resolve.internal_tls = true;
  Loop loop(settings);
  const std::string https =
      "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: gw}\nspec:\n  gatewayClassName: "
      "pintle\n"
      "  listeners: [{name: https, port: 8443, protocol: HTTPS, hostname: a.test, tls: {certificateRefs: [{name: "
      "s}]}}]\n";
  start(loop, https);
  EXPECT_THAT(loop.certificates_made, ElementsAre("a.test"));
  ASSERT_EQ(loop.publisher.published[0]->certs->certificates.size(), 1u);
  EXPECT_EQ(loop.publisher.published[0]->certs->certificates[0]->source, "internal");
  loop.apply(route("r"));
  EXPECT_EQ(loop.publisher.published.size(), 2u);
  EXPECT_THAT(loop.certificates_made, ElementsAre("a.test"));
  loop.publisher.answer();

  loop.poll();
  loop.reconciler->renew_certificates();
  EXPECT_EQ(loop.publisher.published.size(), 2u) << "it is right still";
  loop.certificates.clear();
  loop.reconciler->renew_certificates();
  ASSERT_EQ(loop.publisher.published.size(), 3u);
  EXPECT_EQ(loop.publisher.published[2]->certs->certificates[0]->fingerprint, 2u);
}

TEST(Reconciler, TimesArePartOfWhatIsServed) {
  Loop loop;
  loop.apply(gateway());
  loop.publisher.answer();
  EXPECT_GT(loop.reconciler->served()->apply_duration.count(), 0);
  EXPECT_GE(loop.reconciler->served()->propagation, loop.reconciler->served()->apply_duration);
}

TEST(Reconciler, AnAnswerAfterItsEndFindsNobody) {
  Loop loop;
  loop.apply(gateway());
  loop.reconciler.reset();
  loop.publisher.answer();
  EXPECT_THAT(loop.served, IsEmpty());
  loop.io.restart();
  loop.io.run();
}

}  // namespace
}  // namespace pintle::reconcile
