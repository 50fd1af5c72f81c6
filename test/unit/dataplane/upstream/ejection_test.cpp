#include "dataplane/upstream/ejection.hpp"

#include <gtest/gtest.h>

namespace pintle::upstream {
namespace {

constexpr EjectionLimits limits{.first = Millis(100), .most = Millis(2000)};
Monotonic at(int ms) { return Monotonic(std::chrono::hours(1)) + Millis(ms); }

TEST(Ejection, FailureLeavesOutForTheFirstSpan) {
  Ejection ejection;
  EXPECT_TRUE(ejection.admits(at(0)));
  EXPECT_TRUE(ejection.on_failure(at(0), at(5), limits));
  EXPECT_TRUE(ejection.is_ejected());
  EXPECT_FALSE(ejection.admits(at(104)));
  EXPECT_TRUE(ejection.admits(at(105)));
}

TEST(Ejection, SpansDoubleUpToTheMost) {
  Ejection ejection;
  static_cast<void>(ejection.on_failure(at(0), at(0), limits));
  int now = 0;
  for (const int span : {100, 200, 400, 800, 1600, 2000, 2000}) {
    EXPECT_FALSE(ejection.admits(at(now + span - 1))) << span;
    EXPECT_TRUE(ejection.admits(at(now + span))) << span;
    now += span;
    ejection.on_try(at(now));
    EXPECT_FALSE(ejection.on_failure(at(now), at(now), limits)) << "it was left out before";
  }
}

TEST(Ejection, OneTryAtATimeAndNoneHoldsTheOthersForever) {
  Ejection ejection;
  static_cast<void>(ejection.on_failure(at(0), at(0), limits));
  ejection.on_try(at(100));
  EXPECT_FALSE(ejection.admits(at(199)));
  EXPECT_TRUE(ejection.admits(at(200))) << "the try hangs; another may find out";
}

TEST(Ejection, SuccessEndsItAndForgetsTheSpans) {
  Ejection ejection;
  static_cast<void>(ejection.on_failure(at(0), at(0), limits));
  static_cast<void>(ejection.on_failure(at(100), at(100), limits));
  EXPECT_TRUE(ejection.on_success());
  EXPECT_FALSE(ejection.on_success());
  EXPECT_TRUE(ejection.admits(at(101)));
  EXPECT_TRUE(ejection.on_failure(at(200), at(200), limits));
  EXPECT_TRUE(ejection.admits(at(300)));
}

TEST(Ejection, ConnectsBegunBeforeTheFailureDoNotDoubleIt) {
  Ejection ejection;
  for (int i = 0; i < 100; ++i) static_cast<void>(ejection.on_failure(at(0), at(1), limits));
  EXPECT_FALSE(ejection.admits(at(100)));
  EXPECT_TRUE(ejection.admits(at(101)));
}

// Else the retry of the request whose connect was slow to fail would be sent to the same endpoint again.
TEST(Ejection, LateFailureOfAnOldConnectStillLeavesOut) {
  Ejection ejection;
  static_cast<void>(ejection.on_failure(at(0), at(10), limits));
  static_cast<void>(ejection.on_failure(at(5), at(500), limits));
  EXPECT_FALSE(ejection.admits(at(500)));
  EXPECT_TRUE(ejection.admits(at(600)));
}

}  // namespace
}  // namespace pintle::upstream
