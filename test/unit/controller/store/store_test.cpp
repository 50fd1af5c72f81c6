#include "controller/store/store.hpp"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class T>
std::shared_ptr<T> make(std::string ns, std::string name) {
  auto made = std::make_shared<T>();
  made->metadata.ns = std::move(ns);
  made->metadata.name = std::move(name);
  return made;
}
template <class T>
source::Change upsert(std::shared_ptr<T> object) {
  return source::Upsert{api::Ptr<T>(std::move(object))};
}
source::Change service(std::string ns, std::string name, std::string uid = {}) {
  auto made = make<api::Service>(std::move(ns), std::move(name));
  made->metadata.uid = std::move(uid);
  return upsert(std::move(made));
}
source::Change slice(std::string ns, std::string name, std::string of) {
  auto made = make<api::EndpointSlice>(std::move(ns), std::move(name));
  if (!of.empty()) made->metadata.labels = {{std::string(api::service_name_label), std::move(of)}};
  return upsert(std::move(made));
}

std::vector<std::string> apply(Store& store, std::vector<source::Change> changes) {
  std::vector<std::string> shown;
  for (const Changed& one : store.apply({.changes = std::move(changes), .findings = {}, .synced = true}))
    shown.push_back(api::to_string(one.key) + (one.extent == Extent::Notes ? " (notes)" : ""));
  return shown;
}

std::vector<std::string> services(const ClusterSnapshot& snapshot) {
  std::vector<std::string> names;
  for (const api::Service& one : snapshot.all<api::Service>())
    names.push_back(one.metadata.ns + "/" + one.metadata.name);
  return names;
}

std::vector<std::string> slices(const ClusterSnapshot& snapshot, std::string_view ns, std::string_view of) {
  std::vector<std::string> names;
  for (const api::EndpointSlice* one : snapshot.find_endpoint_slices(ns, of)) names.push_back(one->metadata.name);
  return names;
}

TEST(Store, ReportsExactlyWhatChanged) {
  Store store;
  EXPECT_THAT(apply(store, {service("b", "x"), service("a", "y"), upsert(make<api::Namespace>("", "n"))}),
              ElementsAre("Service a/y", "Service b/x", "Namespace n"));
  EXPECT_THAT(apply(store, {service("b", "x")}), IsEmpty());
  EXPECT_THAT(apply(store, {service("b", "x", "other")}), ElementsAre("Service b/x"));
  EXPECT_THAT(apply(store, {source::Remove{{api::Kind::Service, "a", "gone"}}}), IsEmpty());
  EXPECT_THAT(apply(store, {source::Remove{{api::Kind::Service, "a", "y"}}}), ElementsAre("Service a/y"));
  EXPECT_THAT(services(store.freeze()), ElementsAre("b/x"));
}

TEST(Store, OfAKeyThatChangesTwiceTheLastCounts) {
  Store store;
  EXPECT_THAT(apply(store, {service("a", "x", "1"), service("a", "x", "2")}), ElementsAre("Service a/x"));
  EXPECT_EQ(store.freeze().find<api::Service>("a", "x")->metadata.uid, "2");
  EXPECT_THAT(apply(store, {service("a", "x", "3"), source::Remove{{api::Kind::Service, "a", "x"}}}),
              ElementsAre("Service a/x"));
  EXPECT_THAT(services(store.freeze()), IsEmpty());
}

TEST(Store, AnObjectEqualButForItsPlaceIsReplacedQuietly) {
  Store store;
  auto moved = make<api::Service>("a", "x");
  moved->metadata.location.line = 7;
  (void)apply(store, {service("a", "x")});
  EXPECT_THAT(apply(store, {upsert(moved)}), IsEmpty());
}

TEST(Snapshot, IsSortedAndFinds) {
  Store store;
  (void)apply(store, {service("b", "a"), service("a", "z"), service("a", "b")});
  const ClusterSnapshot snapshot = store.freeze();
  EXPECT_THAT(services(snapshot), ElementsAre("a/b", "a/z", "b/a"));
  ASSERT_NE(snapshot.find<api::Service>("a", "z"), nullptr);
  EXPECT_EQ(snapshot.find_shared<api::Service>("a", "z").get(), snapshot.find<api::Service>("a", "z"));
  EXPECT_EQ(snapshot.find<api::Service>("a", "y"), nullptr);
  EXPECT_EQ(snapshot.find_shared<api::Service>("c", "z"), nullptr);
  EXPECT_EQ(snapshot.find<api::Gateway>("a", "z"), nullptr);
  EXPECT_EQ(snapshot.size(), 3u);
  EXPECT_EQ(&snapshot.all<api::Service>()[1], snapshot.find<api::Service>("a", "z"));
}

TEST(Snapshot, ClusterScopedKindsHaveNoNamespace) {
  Store store;
  (void)apply(store, {upsert(make<api::GatewayClass>("", "pintle"))});
  EXPECT_NE(store.freeze().find<api::GatewayClass>("anything", "pintle"), nullptr);
}

TEST(Snapshot, NeverChanges) {
  Store store;
  (void)apply(store, {service("a", "x", "1"), slice("a", "x-1", "x")});
  const ClusterSnapshot before = store.freeze();
  (void)apply(store,
              {service("a", "x", "2"), service("a", "y"), source::Remove{{api::Kind::EndpointSlice, "a", "x-1"}}});
  const ClusterSnapshot after = store.freeze();
  EXPECT_EQ(before.find<api::Service>("a", "x")->metadata.uid, "1");
  EXPECT_THAT(services(before), ElementsAre("a/x"));
  EXPECT_THAT(slices(before, "a", "x"), ElementsAre("x-1"));
  EXPECT_EQ(after.find<api::Service>("a", "x")->metadata.uid, "2");
  EXPECT_THAT(slices(after, "a", "x"), IsEmpty());
}

TEST(Snapshot, SharesTheKindsThatDidNotChange) {
  Store store;
  (void)apply(store, {service("a", "x"), upsert(make<api::Gateway>("a", "gw"))});
  const ClusterSnapshot before = store.freeze();
  (void)apply(store, {service("a", "y")});
  const ClusterSnapshot after = store.freeze();
  EXPECT_EQ(&before.all<api::Gateway>()[0], &after.all<api::Gateway>()[0]);
  EXPECT_NE(before.all<api::Service>().size(), after.all<api::Service>().size());
}

TEST(Snapshot, AnEmptyOneAnswersToo) {
  const ClusterSnapshot none;
  EXPECT_EQ(none.size(), 0u);
  EXPECT_EQ(none.find<api::Service>("a", "x"), nullptr);
  EXPECT_THAT(slices(none, "a", "x"), IsEmpty());
  EXPECT_TRUE(none.all<api::HTTPRoute>().empty());
}

TEST(Snapshot, FindsTheSlicesOfAService) {
  Store store;
  (void)apply(store, {slice("a", "x-2", "x"), slice("a", "x-1", "x"), slice("b", "x-3", "x"), slice("a", "y-1", "y"),
                      slice("a", "nobody", "")});
  const ClusterSnapshot snapshot = store.freeze();
  EXPECT_THAT(slices(snapshot, "a", "x"), ElementsAre("x-1", "x-2"));
  EXPECT_THAT(slices(snapshot, "b", "x"), ElementsAre("x-3"));
  EXPECT_THAT(slices(snapshot, "a", ""), IsEmpty());
  (void)apply(store, {slice("a", "x-1", "y")});
  EXPECT_THAT(slices(store.freeze(), "a", "y"), ElementsAre("x-1", "y-1"));
  EXPECT_THAT(slices(store.freeze(), "a", "x"), ElementsAre("x-2"));
}

TEST(Snapshot, NamespacesHaveTheirNameAsALabel) {
  Store store;
  auto declared = make<api::Namespace>("", "declared");
  declared->metadata.labels = {{"team", "one"}};
  (void)apply(store, {upsert(declared)});
  const ClusterSnapshot snapshot = store.freeze();
  EXPECT_EQ(snapshot.find_namespace_labels("declared"), (api::Labels{{"team", "one"}}));
  EXPECT_EQ(snapshot.find_namespace_labels("implicit"),
            (api::Labels{{std::string(api::namespace_name_label), "implicit"}}));
}

// Whatever the order and the grouping of the same changes of different keys: the same world.
TEST(Store, OrderAndGroupingDoNotCount) {
  std::vector<source::Change> changes;
  for (int i = 0; i < 60; ++i) changes.push_back(service("ns" + std::to_string(i % 7), "s" + std::to_string(i)));
  Store whole;
  (void)apply(whole, changes);
  const std::vector<std::string> expected = services(whole.freeze());
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(changes, random);
    Store store;
    for (auto at = changes.begin(); at != changes.end();) {
      const auto end = at + std::min<std::ptrdiff_t>(1 + static_cast<std::ptrdiff_t>(random() % 9), changes.end() - at);
      (void)apply(store, {at, end});
      at = end;
    }
    ASSERT_EQ(services(store.freeze()), expected);
  }
}

}  // namespace
}  // namespace pintle::store
