#include "controller/source/kube_source.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/unit/controller/source/kube_world.hpp"

namespace pintle::source {
namespace {

using namespace std::chrono_literals;
using namespace testing;  // NOLINT(google-build-using-namespace)

TEST(KubeSource, IsSyncedOnceEveryKindIsListed) {
  KubeWorld kube;
  EXPECT_EQ(kube.api.open(), kube::followed_resources().size());
  kube.list_all_but("services");
  EXPECT_FALSE(kube.source->is_synced());
  for (const Batch& batch : kube.batches) EXPECT_FALSE(batch.synced);
  kube.api.answer("/services?limit", 200, list("Service", "4", {service("web", "3")}));
  kube.clock.turn();
  EXPECT_TRUE(kube.source->is_synced());
  EXPECT_EQ(kube.source->waits_for(), "");
  EXPECT_TRUE(kube.batches.back().synced);
  EXPECT_EQ(kube.keys(), "Service default/web");
}

TEST(KubeSource, AnEmptyClusterIsSyncedToo) {
  KubeWorld kube;
  kube.list_all_but("");
  ASSERT_EQ(kube.batches.size(), 1U);
  EXPECT_TRUE(kube.batches.back().synced);
}

TEST(KubeSource, ListsByPagesOfFiveHundred) {
  KubeWorld kube;
  EXPECT_EQ(kube.api.find(route_list)->request.query, "limit=500");
  kube.list_all_but("httproutes");
  kube.api.answer(route_list, 200, list("HTTPRoute", "10", {route("a", "1")}, "to/ken=="));
  ASSERT_NE(kube.api.find(route_list), nullptr);
  EXPECT_EQ(kube.api.find(route_list)->request.query, "limit=500&continue=to%2Fken%3D%3D");
  kube.api.answer(route_list, 200, list("HTTPRoute", "10", {route("b", "2")}));
  kube.clock.turn();
  EXPECT_EQ(kube.keys(), "HTTPRoute default/a, HTTPRoute default/b");
  EXPECT_EQ(kube.api.find(route_watch)->request.query,
            "watch=1&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds=300");
}

TEST(KubeSource, ReadsWhatAnApiServerWrites) {
  KubeWorld kube;
  kube.begin({route("a", "7", "/shop")});
  const api::HTTPRoute* found = kube.find_route("a");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->metadata.resource_version, "7");
  EXPECT_EQ(found->metadata.uid, "u-a");
  EXPECT_EQ(found->metadata.annotations, (api::StringMap{{"mine", "1"}})) << "kubectl's copy of the object is dropped";
  EXPECT_EQ(kube.finding_ids(), "") << "a field of a later version of the API is no fault";
}

TEST(KubeSource, OfDefinitionsTheMetadataAloneIsAskedFor) {
  constexpr std::string_view definition =
      R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"tlsroutes.gateway.networking.k8s.io",)"
      R"("uid":"u","resourceVersion":"3","annotations":{"gateway.networking.k8s.io/channel":"standard"}}})";
  KubeWorld kube;
  ASSERT_NE(kube.api.find("/customresourcedefinitions?limit"), nullptr);
  EXPECT_EQ(kube.api.find("/customresourcedefinitions?limit")->request.accept, kube::metadata_list_type);
  EXPECT_EQ(kube.api.find(route_list)->request.accept, kube::json_type);
  kube.list_all_but("customresourcedefinitions");
  kube.api.answer("/customresourcedefinitions?limit", 200,
                  list("PartialObjectMetadata", "4", {std::string(definition)}));
  kube.clock.turn();
  EXPECT_EQ(kube.keys(), "CustomResourceDefinition tlsroutes.gateway.networking.k8s.io");
  EXPECT_EQ(kube.finding_ids(), "");
  EXPECT_EQ(kube.api.find("/customresourcedefinitions?watch")->request.accept, kube::metadata_type);
}

TEST(KubeSource, ItIsSyncedWithoutARightToDefinitions) {
  KubeWorld kube;
  kube.list_all_but("customresourcedefinitions");
  kube.api.answer("/customresourcedefinitions?limit", 403, status(403, "Forbidden", "no"));
  kube.clock.turn();
  EXPECT_TRUE(kube.source->is_synced());
}

TEST(KubeSource, FollowsAWatch) {
  KubeWorld kube;
  kube.begin({route("a", "7")});
  kube.api.line(route_watch, event("ADDED", route("b", "11")));
  kube.api.line(route_watch, event("MODIFIED", route("a", "12", "/new")));
  const std::size_t before = kube.batches.size();
  kube.clock.turn();
  EXPECT_EQ(kube.batches.size(), before + 1) << "what one turn brings comes together";
  EXPECT_EQ(kube.keys(), "HTTPRoute default/a, HTTPRoute default/b");
  EXPECT_EQ(kube.find_route("a")->spec.rules.at(0).matches.at(0).path.value, "/new");
  kube.api.line(route_watch, event("DELETED", route("a", "13")));
  kube.clock.turn();
  EXPECT_EQ(kube.keys(), "HTTPRoute default/b");
}

TEST(KubeSource, DuplicatesAndStrangersChangeNothing) {
  KubeWorld kube;
  kube.begin({route("a", "7")});
  const std::size_t before = kube.batches.size();
  kube.api.line(route_watch, event("ADDED", route("a", "7")));
  kube.api.line(route_watch, event("DELETED", route("never-seen", "12")));
  kube.api.line(route_watch, event("RENAMED", route("a", "13")));
  kube.api.line(route_watch, bookmark("14"));
  kube.clock.turn();
  EXPECT_EQ(kube.batches.size(), before);
  kube.api.answer(route_watch, 200);
  kube.clock.advance(1s);
  EXPECT_NE(kube.api.find("resourceVersion=14"), nullptr) << "but the watch goes on behind them";
}

TEST(KubeSource, AnObjectThatCannotBeReadKeepsItsLastGoodVersion) {
  KubeWorld kube;
  kube.begin({route("a", "7", "/good"), route("b", "8")});
  const std::string bad =
      R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"a","namespace":"default",)"
      R"("resourceVersion":"11"},"spec":{"rules":7}})";
  kube.api.line(route_watch, event("MODIFIED", bad));
  kube.clock.turn();
  EXPECT_EQ(kube.find_route("a")->spec.rules.at(0).matches.at(0).path.value, "/good");
  EXPECT_EQ(kube.finding_ids(), "GW0203 GW0502");
  EXPECT_EQ(kube.batches.back().findings.front().object, "HTTPRoute default/a");
  kube.api.line(route_watch, event("MODIFIED", route("a", "12", "/better")));
  kube.clock.turn();
  EXPECT_EQ(kube.find_route("a")->spec.rules.at(0).matches.at(0).path.value, "/better");
  EXPECT_EQ(kube.finding_ids(), "");
}

TEST(KubeSource, OneBadItemCostsTheOthersOfItsListNothing) {
  KubeWorld kube;
  kube.list_all_but("httproutes");
  kube.api.answer(route_list, 200,
                  list("HTTPRoute", "10",
                       {route("a", "1"), R"({"metadata":{"name":"x","namespace":"n"},"spec":[]})", R"({"metadata":7})",
                        route("b", "2")}));
  kube.clock.turn();
  EXPECT_EQ(kube.keys(), "HTTPRoute default/a, HTTPRoute default/b");
  EXPECT_TRUE(kube.source->is_synced());
  EXPECT_NE(kube.finding_ids(), "");
}

TEST(KubeSource, ARelistDropsWhatIsGone) {
  KubeWorld kube;
  kube.begin({route("a", "7"), route("b", "8"), route("c", "9")});
  kube.api.line(route_watch, event("ERROR", status(410, "Expired", "too old resource version")));
  kube.clock.turn();
  kube.api.answer(route_list, 200, list("HTTPRoute", "30", {route("a", "7")}, "p2"));
  kube.clock.turn();
  EXPECT_EQ(kube.keys(), "HTTPRoute default/a, HTTPRoute default/b, HTTPRoute default/c") << "not before its last page";
  kube.api.answer(route_list, 200, list("HTTPRoute", "30", {route("c", "25", "/new")}));
  kube.clock.turn();
  EXPECT_EQ(kube.keys(), "HTTPRoute default/a, HTTPRoute default/c");
  ASSERT_EQ(kube.batches.back().changes.size(), 2U) << "a is as it was";
  EXPECT_NE(kube.api.find("resourceVersion=30"), nullptr);
}

TEST(KubeSource, AFailedListChangesNothing) {
  const std::vector<Result<kube::Response>> failures{
      kube::Response{.status = 500, .body = "{}", .retry_after = {}},
      kube::Response{.status = 429, .body = {}, .retry_after = 1s},
      kube::Response{.status = 200, .body = "<html>maintenance</html>", .retry_after = {}},
      kube::Response{.status = 200, .body = list("HTTPRoute", "", {}), .retry_after = {}},
      kube::Response{.status = 200, .body = R"({"kind":"HTTPRouteList","items":[)", .retry_after = {}},
      kube::Response{.status = 302, .body = {}, .retry_after = {}},
      make_error(ErrorCode::ConnectFailed, "refused"),
      make_error(ErrorCode::TooLarge, "too large"),
  };
  for (const auto& failure : failures) {
    KubeWorld kube;
    kube.begin({route("a", "7"), route("b", "8")});
    kube.api.answer(route_watch, 410);
    kube.clock.turn();
    kube.api.answer(route_list, failure);
    kube.clock.advance(2s);
    EXPECT_EQ(kube.keys(), "HTTPRoute default/a, HTTPRoute default/b");
    EXPECT_TRUE(kube.source->is_synced());
    kube.api.answer(route_list, 200, list("HTTPRoute", "40", {route("b", "8")}));
    kube.clock.turn();
    EXPECT_EQ(kube.keys(), "HTTPRoute default/b");
  }
}

TEST(KubeSource, AfterAnExpiredTokenTheListBeginsAnewAndLosesNothing) {
  KubeWorld kube;
  kube.begin({route("a", "7"), route("b", "8")});
  kube.api.answer(route_watch, 410);
  kube.clock.turn();
  kube.api.answer(route_list, 200, list("HTTPRoute", "30", {route("a", "7")}, "p2"));
  kube.api.answer("continue=p2", 410, status(410, "Expired"));
  kube.clock.advance(1s);
  ASSERT_NE(kube.api.find(route_list), nullptr);
  EXPECT_EQ(kube.api.find(route_list)->request.query, "limit=500");
  kube.api.answer(route_list, 200, list("HTTPRoute", "31", {route("b", "8")}));
  kube.clock.turn();
  EXPECT_EQ(kube.keys(), "HTTPRoute default/b");
}

TEST(KubeSource, TheApiServerAwayForHoursChangesNothing) {
  KubeWorld kube;
  kube.begin({route("a", "7")});
  const std::size_t before = kube.batches.size();
  const std::size_t asked = kube.api.asked();
  kube.api.fail(route_watch, ErrorCode::Reset);
  for (int i = 0; i < 3600; ++i) {
    kube.clock.advance(1s);
    if (kube.api.find(route_watch) != nullptr) kube.api.fail(route_watch);
  }
  EXPECT_EQ(kube.batches.size(), before);
  EXPECT_EQ(kube.keys(), "HTTPRoute default/a");
  EXPECT_LT(kube.api.asked() - asked, 1500U);
  EXPECT_EQ(kube.status_of(api::Kind::HTTPRoute).health, Health::Unreachable);
  EXPECT_TRUE(kube.status_of(api::Kind::HTTPRoute).failing_since);
  EXPECT_EQ(kube.status_of(api::Kind::HTTPRoute).error, "no answer");
  kube.clock.advance(5s);
  ASSERT_NE(kube.api.find(route_watch), nullptr) << "back within five seconds of the server";
  kube.api.open_stream(route_watch);
  kube.api.line(route_watch, event("ADDED", route("b", "99")));
  kube.clock.turn();
  EXPECT_EQ(kube.keys(), "HTTPRoute default/a, HTTPRoute default/b");
  EXPECT_EQ(kube.status_of(api::Kind::HTTPRoute).health, Health::Live);
}

TEST(KubeSource, AMissingCrdIsAnEmptyKindUntilItIsInstalled) {
  KubeWorld kube;
  kube.list_all_but("httproutes");
  kube.api.answer(route_list, 404, "404 page not found");
  kube.clock.turn();
  EXPECT_TRUE(kube.source->is_synced());
  EXPECT_EQ(kube.status_of(api::Kind::HTTPRoute).health, Health::Absent);
  kube.clock.advance(30s);
  kube.api.answer(route_list, 200, list("HTTPRoute", "5", {route("a", "4")}));
  kube.clock.turn();
  EXPECT_EQ(kube.keys(), "HTTPRoute default/a");
  EXPECT_EQ(kube.status_of(api::Kind::HTTPRoute).health, Health::Live);
}

TEST(KubeSource, AMissingRightIsSaidAndNotTakenForEmptiness) {
  KubeWorld kube;
  kube.list_all_but("secrets");
  kube.api.answer("/secrets?", 403, status(403, "Forbidden", "secrets is forbidden"));
  kube.clock.turn();
  EXPECT_FALSE(kube.source->is_synced());
  EXPECT_EQ(kube.status_of(api::Kind::Secret).health, Health::Forbidden);
  EXPECT_EQ(kube.status_of(api::Kind::Secret).error, "403 Forbidden: secrets is forbidden");
  EXPECT_EQ(kube.source->waits_for(), "no list yet of Secret (403 Forbidden: secrets is forbidden)");
}

std::size_t namespaced_kinds() {
  return static_cast<std::size_t>(
      std::ranges::count(kube::followed_resources(), kube::Scope::Namespaced, &kube::Resource::scope));
}

TEST(KubeSource, NamespacesAreFollowedOneByOne) {
  KubeWorld kube({.namespaces = {"b", "a", "b"}, .replicas_namespace = {}, .chance = {}, .wanted = {}, .on_text = {}});
  const std::size_t all = kube::followed_resources().size();
  const std::size_t namespaced = namespaced_kinds();
  EXPECT_EQ(kube.api.open(), namespaced * 2 + (all - namespaced));
  EXPECT_NE(kube.api.find("/namespaces/a/httproutes?limit"), nullptr);
  EXPECT_NE(kube.api.find("/namespaces/b/httproutes?limit"), nullptr);
  for (int i = 0; i < 2; ++i) kube.list_all_but("namespaces");
  EXPECT_FALSE(kube.source->is_synced());
  kube.api.answer("/namespaces?limit", 403, status(403, "Forbidden"));
  kube.clock.turn();
  EXPECT_TRUE(kube.source->is_synced()) << "a Namespace is then known by its name alone";
}

TEST(KubeSource, SlicesOfTheReplicasAreFollowedWhereverTheyAre) {
  KubeWorld kube(
      {.namespaces = {"a"}, .replicas_namespace = "pintle-system", .chance = {}, .wanted = {}, .on_text = {}});
  EXPECT_NE(kube.api.find("/namespaces/pintle-system/endpointslices?limit"), nullptr);
  EXPECT_EQ(kube.api.find("/namespaces/pintle-system/services?limit"), nullptr);
  KubeWorld inside({.namespaces = {"a"}, .replicas_namespace = "a", .chance = {}, .wanted = {}, .on_text = {}});
  EXPECT_EQ(inside.api.open(), kube::followed_resources().size()) << "no kind is followed twice";
}

TEST(KubeSource, SecretsAreLimitedToThoseAListenerCanUse) {
  KubeWorld tls;
  EXPECT_EQ(tls.api.find("/secrets?")->request.query, "limit=500&fieldSelector=type%3Dkubernetes.io%2Ftls");
  KubeWorld all({.namespaces = {},
                 .replicas_namespace = {},
                 .secrets = SecretScope::All,
                 .chance = {},
                 .wanted = {},
                 .on_text = {}});
  EXPECT_EQ(all.api.find("/secrets?")->request.query, "limit=500");
}

TEST(KubeSource, SecretsOfSomeNamespacesAlone) {
  KubeWorld everywhere({.namespaces = {}, .replicas_namespace = {}, .secret_namespaces = {"keys", "keys"}});
  EXPECT_NE(everywhere.api.find("/v1/namespaces/keys/secrets?limit"), nullptr);
  EXPECT_EQ(everywhere.api.find("/v1/secrets?limit"), nullptr);
  EXPECT_EQ(everywhere.api.open(), kube::followed_resources().size());
  KubeWorld some({.namespaces = {"a", "b"}, .replicas_namespace = {}, .secret_namespaces = {"b"}});
  EXPECT_EQ(some.api.find("/namespaces/a/secrets?limit"), nullptr);
  EXPECT_NE(some.api.find("/namespaces/b/secrets?limit"), nullptr);
}

TEST(KubeSource, WhatIsNotWantedIsNotHeld) {
  KubeWorld kube({.namespaces = {},
                  .replicas_namespace = {},
                  .chance = {},
                  .wanted = [](const api::ObjectKey& key) { return key.name != "b"; },
                  .on_text = {}});
  kube.begin({route("a", "7"), route("b", "8")});
  kube.api.line(route_watch, event("MODIFIED", route("b", "9")));
  kube.clock.turn();
  EXPECT_EQ(kube.keys(), "HTTPRoute default/a");
  EXPECT_EQ(kube.status_of(api::Kind::HTTPRoute).objects, 1U);
}

TEST(KubeSource, NothingIsCalledOnceItIsGone) {
  KubeWorld kube;
  kube.begin({route("a", "7")});
  kube.api.line(route_watch, event("ADDED", route("b", "8")));
  kube.source.reset();
  EXPECT_EQ(kube.api.open(), 0U);
  const std::size_t before = kube.batches.size();
  kube.clock.advance(1min);
  EXPECT_EQ(kube.batches.size(), before);
}

}  // namespace
}  // namespace pintle::source
