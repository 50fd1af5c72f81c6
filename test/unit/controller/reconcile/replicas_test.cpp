#include "controller/reconcile/replicas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::reconcile {
namespace {

runtime::SocketAddress socket(std::uint16_t port) {
  runtime::SocketAddress made;
  made.port = port;
  return made;
}

resolve::GatewayReport gateway(std::int64_t generation, std::vector<std::uint16_t> ports) {
  resolve::GatewayReport made;
  made.object = {{api::Kind::Gateway, "default", "gw"}, "u1", generation};
  for (const std::uint16_t port : ports) {
    resolve::ListenerReport& listener = made.listeners.emplace_back();
    listener.served = true;
    listener.sockets = {socket(port)};
  }
  return made;
}

runtime::ApplyReport applied(std::vector<std::uint16_t> ports) {
  runtime::ApplyReport apply;
  apply.workers = apply.acknowledged = 2;
  for (const std::uint16_t port : ports) apply.sockets.push_back({{}, socket(port), std::nullopt});
  return apply;
}

TEST(Replicas, AMarkIsTheGatewayAsItIsServed) {
  const Mark mark = mark_of(gateway(1, {20000, 20001}), applied({20000, 20001}));
  EXPECT_NE(mark, 0U);
  EXPECT_EQ(mark_of(gateway(1, {20001, 20000}), applied({20001, 20000, 7})), mark) << "whatever the order";
  EXPECT_NE(mark_of(gateway(2, {20000, 20001}), applied({20000, 20001})), mark);
  EXPECT_NE(mark_of(gateway(1, {20000}), applied({20000})), mark) << "a port that came later";
}

TEST(Replicas, WhatIsNotBoundHasNone) {
  auto apply = applied({20000});
  EXPECT_EQ(mark_of(gateway(1, {20000, 20001}), apply), 0U);
  apply.sockets[0].error = Error{};
  EXPECT_EQ(mark_of(gateway(1, {20000}), apply), 0U);
  apply = applied({20000});
  apply.acknowledged = 1;
  EXPECT_EQ(mark_of(gateway(1, {20000}), apply), 0U) << "nor has what not all workers serve";
}

TEST(Replicas, ListenerSetsHaveMarksOfTheirOwn) {
  resolve::GatewayReport with_set = gateway(1, {20000});
  resolve::ListenerSetReport& set = with_set.sets.emplace_back();
  set.object = {{api::Kind::ListenerSet, "default", "set"}, "u2", 1};
  set.listeners = gateway(1, {20001}).listeners;
  const auto all = applied({20000, 20001});
  EXPECT_EQ(mark_of(with_set, all), mark_of(gateway(1, {20000}), applied({20000}))) << "the Gateway has its own";
  const Mark mark = mark_of(with_set, set, all);
  EXPECT_NE(mark, 0U);
  resolve::StatusReport report;
  report.gateways = {with_set};
  EXPECT_EQ(served_marks(report, all), (std::set<Mark>{mark, mark_of(with_set, all)}));
  EXPECT_EQ(mark_of(with_set, set, applied({20000})), 0U) << "not bound here";
  set.object.generation = 2;
  EXPECT_NE(mark_of(with_set, set, all), mark);
  set.accepted = {{"", "NotAllowed", "no"}};
  EXPECT_EQ(mark_of(with_set, set, all), 0U) << "who is not allowed is not served";
}

TEST(Replicas, MarksAsText) {
  const std::set<Mark> marks{1, 0xfedcba9876543210ULL};
  EXPECT_EQ(write_marks(marks), "0000000000000001 fedcba9876543210");
  EXPECT_EQ(read_marks(write_marks(marks)), marks);
  EXPECT_EQ(read_marks(""), std::set<Mark>{});
  EXPECT_EQ(read_marks("zz 2  0 11111111111111111 3x 4"), (std::set<Mark>{2, 4}));
}

TEST(Replicas, ReadyPodsAreThoseOfTheSlicesThatStay) {
  auto slice = std::make_shared<api::EndpointSlice>();
  slice->metadata.ns = "pintle-system";
  slice->metadata.name = "s";
  slice->metadata.labels = {{"kubernetes.io/service-name", "pintle-replicas"}};
  for (const char* pod : {"b", "a", "b", "leaving", "fresh", ""}) slice->endpoints.emplace_back().target_name = pod;
  slice->endpoints[3].terminating = true;
  slice->endpoints[4].ready = false;
  store::Store store;
  store.apply(
      {.changes = {source::Upsert{api::Ptr<api::EndpointSlice>(std::move(slice))}}, .findings = {}, .synced = true});
  EXPECT_THAT(ready_pods(store.freeze(), "pintle-system", "pintle-replicas"), ::testing::ElementsAre("a", "b"));
  EXPECT_THAT(ready_pods(store.freeze(), "pintle-system", "other"), ::testing::IsEmpty());
}

TEST(Replicas, TheReadyOnesCount) {
  const std::vector<Replica> replicas{{"a", {7}}, {"b", {8}}, {"gone", {7}}};
  const std::vector<std::string> ready{"a", "b", "fresh"};
  const ReplicaCount count = count_serving(7, replicas, ready);
  EXPECT_EQ(count.ready, 3U);
  EXPECT_EQ(count.serving, 1U);
  EXPECT_FALSE(count.complete());
  EXPECT_TRUE(count_serving(7, replicas, {}).complete()) << "alone";
}

}  // namespace
}  // namespace pintle::reconcile
