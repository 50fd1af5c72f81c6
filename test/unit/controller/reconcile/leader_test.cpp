// The election over requests and timers.
#include "controller/reconcile/leader.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "test/unit/support/posted_api.hpp"

namespace pintle::reconcile {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;

/// A Lease that replicas share, and the electors on it.
struct Scene {
  boost::asio::io_context io;
  pintle::testing::PostedApi api{io};
  std::string lease;  ///< empty: there is none
  int version = 0;
  bool away = false;  ///< the API server does not answer
  std::vector<std::string> log;

  Scene() {
    api.script = [this](const kube::Request& request) -> Result<kube::Response> {
      if (away) return make_error(ErrorCode::ConnectFailed, "no API server");
      if (request.method == kube::Method::Get) {
        if (lease.empty()) return kube::Response{404, "{}", {}};
        return kube::Response{200, lease, {}};
      }
      json object = json::parse(request.body);
      if (!lease.empty()) {
        if (request.method == kube::Method::Post) return kube::Response{409, "{}", {}};
        if (object["metadata"]["resourceVersion"] != json::parse(lease)["metadata"]["resourceVersion"])
          return kube::Response{409, "{}", {}};
      }
      object["metadata"]["resourceVersion"] = std::to_string(++version);
      lease = object.dump();
      return kube::Response{200, lease, {}};
    };
  }

  std::unique_ptr<LeaderElector> elector(const std::string& name) {
    LeaderElector::Settings settings{
        .election = {.identity = name, .lease_duration = 150ms, .renew_deadline = 100ms, .retry_period = 10ms},
        .ns = "pintle-system",
        .name = "pintle-leader",
        .clock = {}};
    return std::make_unique<LeaderElector>(
        io, settings,
        LeaderElector::Ports{.api = api,
                             .on_change =
                                 [this, name](Leadership now) {
                                   log.push_back(name + (now == Leadership::Leading ? " leads" : " stands by"));
                                 },
                             .on_failure = [](const std::string&) {}});
  }
  bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!holds() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(100ms);
    }
    return holds();
  }
  [[nodiscard]] std::string holder() const { return json::parse(lease)["spec"]["holderIdentity"]; }
};

TEST(LeaderElector, TakesTheLeaseAndKeepsIt) {
  Scene scene;
  const auto a = scene.elector("a");
  a->start();
  EXPECT_TRUE(scene.until([&] { return scene.version > 5; }));
  EXPECT_TRUE(a->is_leader());
  EXPECT_THAT(scene.log, ElementsAre("a leads"));
  EXPECT_EQ(scene.holder(), "a");
  const auto& created = scene.api.requests[1];
  EXPECT_EQ(created.method, kube::Method::Post);
  EXPECT_EQ(created.path, "/apis/coordination.k8s.io/v1/namespaces/pintle-system/leases");
  const json lease = json::parse(scene.lease);
  EXPECT_EQ(lease["apiVersion"], "coordination.k8s.io/v1");
  EXPECT_EQ(lease["spec"]["leaseTransitions"], 0);
}

TEST(LeaderElector, StandsByWhileAnotherLeadsAndFollowsWhenItIsReleased) {
  Scene scene;
  const auto a = scene.elector("a");
  const auto b = scene.elector("b");
  a->start();
  ASSERT_TRUE(scene.until([&] { return a->is_leader(); }));
  b->start();
  ASSERT_TRUE(scene.until([&] { return scene.version > 10; }));
  EXPECT_FALSE(b->is_leader());
  EXPECT_EQ(b->holder(), "a");
  bool released = false;
  a->release([&] { released = true; });
  EXPECT_FALSE(a->is_leader());
  EXPECT_TRUE(scene.until([&] { return released && b->is_leader(); }));
  EXPECT_THAT(scene.log, ElementsAre("a leads", "a stands by", "b leads"));
}

TEST(LeaderElector, StepsDownWhenTheApiServerIsAwayAndLeadsAgainAfter) {
  Scene scene;
  const auto a = scene.elector("a");
  a->start();
  ASSERT_TRUE(scene.until([&] { return a->is_leader(); }));
  scene.away = true;
  EXPECT_TRUE(scene.until([&] { return scene.log.size() == 2; }));
  EXPECT_FALSE(a->is_leader());
  scene.away = false;
  EXPECT_TRUE(scene.until([&] { return a->is_leader(); }));
  EXPECT_THAT(scene.log, ElementsAre("a leads", "a stands by", "a leads"));
}

TEST(LeaderElector, ALeaderThatFellSilentIsReplaced) {
  Scene scene;
  auto a = scene.elector("a");
  const auto b = scene.elector("b");
  a->start();
  ASSERT_TRUE(scene.until([&] { return a->is_leader(); }));
  a.reset();  // as if killed: the lease stays its own
  EXPECT_EQ(scene.holder(), "a");
  b->start();
  EXPECT_TRUE(scene.until([&] { return b->is_leader(); }));
  EXPECT_EQ(json::parse(scene.lease)["spec"]["leaseTransitions"], 1);
}

TEST(LeaderElector, ARenewalThatWentThroughUnheardDoesNotKeepTheLease) {
  Scene scene;
  const auto a = scene.elector("a");
  a->start();
  ASSERT_TRUE(scene.until([&] { return a->is_leader(); }));
  json renewed = json::parse(scene.lease);
  renewed["metadata"]["resourceVersion"] = std::to_string(++scene.version);
  scene.lease = renewed.dump();
  bool released = false;
  a->release([&] { released = true; });
  EXPECT_TRUE(scene.until([&] { return released; }));
  EXPECT_EQ(scene.holder(), "");
}

TEST(LeaderElector, ALeaseThatAnotherTookMeanwhileIsLeftToIt) {
  Scene scene;
  const auto a = scene.elector("a");
  a->start();
  ASSERT_TRUE(scene.until([&] { return a->is_leader(); }));
  json taken = json::parse(scene.lease);
  taken["metadata"]["resourceVersion"] = std::to_string(++scene.version);
  taken["spec"]["holderIdentity"] = "b";
  scene.lease = taken.dump();
  bool released = false;
  a->release([&] { released = true; });
  EXPECT_TRUE(scene.until([&] { return released; }));
  EXPECT_EQ(scene.holder(), "b");
}

TEST(LeaderElector, ReleasingWhatIsNotHeldWritesNothing) {
  Scene scene;
  const auto a = scene.elector("a");
  bool released = false;
  a->release([&] { released = true; });
  EXPECT_TRUE(scene.until([&] { return released; }));
  EXPECT_TRUE(scene.api.requests.empty());
}

TEST(LeaderElector, IdentitiesOfOnePodDiffer) { EXPECT_NE(make_identity("pod"), make_identity("pod")); }

}  // namespace
}  // namespace pintle::reconcile
