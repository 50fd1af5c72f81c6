// What a socket does not take waits in order, and what was never taken is known.
#include "dataplane/net/outlet.hpp"

#include <gtest/gtest.h>

#include "test/unit/dataplane/net/sockets.hpp"

namespace pintle::net {
namespace {

struct Rig {
  Rig() : theirs(std::move(pair.theirs)), connection(std::move(pair.ours), {}, {}) {}
  Sent send(std::string_view text) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    return outlet.send(connection, {&piece, 1});
  }
  SocketPair pair;
  UniqueFd theirs;
  Connection connection;
  BufferPool pool;
  Outlet outlet{pool};
};

TEST(Outlet, WhatFitsIsGone) {
  Rig rig;
  EXPECT_TRUE(rig.outlet.is_untouched());
  EXPECT_EQ(rig.send("hello"), Sent::All);
  EXPECT_FALSE(rig.outlet.is_waiting());
  EXPECT_FALSE(rig.outlet.is_untouched());
  EXPECT_EQ(take_text(rig.theirs), "hello");
  EXPECT_EQ(rig.pool.in_use(), 0U);
}

TEST(Outlet, TheRestWaitsInOrder) {
  Rig rig;
  std::string sent;
  for (int i = 0; !rig.outlet.is_waiting(); ++i) {
    sent += std::string(10'000, static_cast<char>('a' + i % 26));
    static_cast<void>(rig.send(std::string_view(sent).substr(sent.size() - 10'000)));
  }
  EXPECT_EQ(rig.send("tail"), Sent::Waiting) << "never past what waits";
  sent += "tail";
  EXPECT_EQ(rig.outlet.flush(rig.connection), Sent::Waiting);
  std::string received;
  while (received.size() < sent.size()) {
    received += take_text(rig.theirs);
    ASSERT_NE(rig.outlet.flush(rig.connection), Sent::Failed);
  }
  EXPECT_TRUE(received == sent);
  EXPECT_FALSE(rig.outlet.is_waiting());
  EXPECT_EQ(rig.pool.in_use(), 0U);
}

TEST(Outlet, ABrokenConnectionFailsAndLeavesItUntouched) {
  Rig rig;
  rig.theirs.reset();
  EXPECT_EQ(rig.send("hello"), Sent::Failed);
  EXPECT_TRUE(rig.outlet.is_untouched());
}

TEST(Outlet, ClearIsForAnotherConnection) {
  Rig rig;
  while (!rig.outlet.is_waiting()) static_cast<void>(rig.send(std::string(10'000, 'x')));
  rig.outlet.clear();
  EXPECT_FALSE(rig.outlet.is_waiting());
  EXPECT_TRUE(rig.outlet.is_untouched());
  EXPECT_EQ(rig.pool.in_use(), 0U);
}

}  // namespace
}  // namespace pintle::net
