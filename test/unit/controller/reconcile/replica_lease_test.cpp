#include "controller/reconcile/replica_lease.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "test/unit/support/posted_api.hpp"

namespace pintle::reconcile {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

struct Scene {
  boost::asio::io_context io;
  pintle::testing::PostedApi api{io};
  ReplicaLease lease{io,
                     {.ns = "pintle-system",
                      .release = "pintle-replicas",
                      .pod = "pintle-x",
                      .pod_uid = "p1",
                      .pace = 1ms,
                      .retry = 1ms},
                     api};

  bool until_asked(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (api.requests.size() < count && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(50ms);
    }
    return api.requests.size() == count;
  }
};

TEST(ReplicaLease, IsMadeOnceAndThenChanged) {
  Scene scene;
  scene.lease.tell({7});
  const json made = json::parse(scene.api.oldest().body);
  EXPECT_EQ(scene.api.oldest().method, kube::Method::Post);
  EXPECT_EQ(made["metadata"]["name"], "replica-pintle-x");
  EXPECT_EQ(made["metadata"]["ownerReferences"][0]["uid"], "p1");
  const Replica read = read_replica(scene.api.oldest().body);
  EXPECT_EQ(read.pod, "pintle-x");
  EXPECT_EQ(read.marks, std::set<Mark>{7});

  scene.lease.tell({8});
  scene.lease.tell({9});
  scene.api.answer(201);
  ASSERT_TRUE(scene.until_asked(2));
  EXPECT_EQ(scene.api.oldest().method, kube::Method::Patch);
  EXPECT_EQ(scene.api.oldest().path, "/apis/coordination.k8s.io/v1/namespaces/pintle-system/leases/replica-pintle-x");
  EXPECT_THAT(scene.api.oldest().body, HasSubstr("0000000000000009")) << "the newest, in place of 8";
}

TEST(ReplicaLease, WhatIsThereIsNotWrittenAgain) {
  Scene scene;
  scene.lease.tell({7});
  scene.api.answer(201);
  scene.lease.tell({7});
  scene.lease.tell({8});
  ASSERT_TRUE(scene.until_asked(2));
  EXPECT_THAT(scene.api.requests[1].body, HasSubstr("0000000000000008"));
}

TEST(ReplicaLease, OneOfAnEarlierRunIsTakenOverAndADeletedOneMadeAnew) {
  Scene scene;
  scene.lease.tell({7});
  scene.api.answer(409);
  ASSERT_TRUE(scene.until_asked(2));
  EXPECT_EQ(scene.api.oldest().method, kube::Method::Patch);
  scene.api.answer(404);
  ASSERT_TRUE(scene.until_asked(3));
  EXPECT_EQ(scene.api.oldest().method, kube::Method::Post);
}

TEST(ReplicaLease, AFailureIsTriedAgain) {
  Scene scene;
  scene.lease.tell({7});
  scene.api.answer(make_error(ErrorCode::ConnectFailed, "away"));
  EXPECT_TRUE(scene.until_asked(2));
}

TEST(ReplicaLease, WhatIsNoneOfOursIsNobody) {
  EXPECT_EQ(read_replica("[]").pod, "");
  EXPECT_EQ(read_replica(R"({"kind":"Lease","spec":{"holderIdentity":"x"}})").pod, "");
  EXPECT_EQ(read_replica("{").pod, "");
}

}  // namespace
}  // namespace pintle::reconcile
