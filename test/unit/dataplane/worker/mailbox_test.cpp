#include "dataplane/worker/mailbox.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace pintle::worker {
namespace {

struct Box : testing::Test {
  std::unique_ptr<net::Poller> poller = std::move(net::Poller::make().value());
  std::unique_ptr<Mailbox> mailbox = std::move(Mailbox::make(*poller).value());
  void SetUp() override { static_cast<void>(poller->drain(8)); }
};

TEST_F(Box, TasksOfEachThreadRunInItsOrder) {
  constexpr int threads = 4;
  constexpr int tasks = 2'000;
  std::vector<int> next(threads, 0);
  int total = 0;
  std::vector<std::thread> posters;
  posters.reserve(threads);
  for (int thread = 0; thread < threads; ++thread)
    posters.emplace_back([&, thread] {
      for (int i = 0; i < tasks; ++i)
        mailbox->post([&, thread, i] {
          EXPECT_EQ(next[static_cast<std::size_t>(thread)]++, i);
          ++total;
        });
    });
  for (int idle = 0; total < threads * tasks && idle < 50;)
    if (poller->wait(Millis(100)) == 0) ++idle;
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(total, threads * tasks);
}

TEST_F(Box, ATaskPostedByATaskRunsInALaterTurn) {
  int ran = 0;
  mailbox->post([&] {
    ++ran;
    mailbox->post([&] { ++ran; });
  });
  EXPECT_EQ(poller->wait(Millis(1000)), 1u);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(poller->wait(Millis(1000)), 1u);
  EXPECT_EQ(ran, 2);
  EXPECT_TRUE(poller->drain(4)) << "an emptied mailbox wakes nobody for good";
  EXPECT_EQ(ran, 2);
}

TEST_F(Box, TasksAreNotRunAfterItsEnd) {
  auto shared = std::make_shared<int>(0);
  mailbox->post([shared] { ++*shared; });
  mailbox.reset();
  EXPECT_EQ(shared.use_count(), 1) << "but freed";
  static_cast<void>(poller->drain(8));
  EXPECT_EQ(*shared, 0);
}

}  // namespace
}  // namespace pintle::worker
