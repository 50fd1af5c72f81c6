#include <gtest/gtest.h>

#include "dataplane/http2/send_frames.hpp"

namespace pintle::http2 {
namespace {

TEST(FlushBudget, IsForOneTurn) {
  FlushBudget budget;
  Monotonic now{std::chrono::seconds(1)};
  for (unsigned turn = 0; turn < 3; ++turn) {
    for (unsigned i = 0; i < FlushBudget::flushes_a_turn; ++i) EXPECT_TRUE(budget.take(now));
    EXPECT_FALSE(budget.take(now));
    now += std::chrono::microseconds(1);
  }
}

}  // namespace
}  // namespace pintle::http2
