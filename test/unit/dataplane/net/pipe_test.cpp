// Bytes from socket to socket through a lent pipe; what is given up full is closed; where there is none, the caller is
// told.
#include "dataplane/net/pipe.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "dataplane/net/outlet.hpp"
#include "test/unit/dataplane/net/sockets.hpp"

namespace pintle::net {
namespace {

struct PipeTest : testing::Test {
  PipeTest() { std::signal(SIGPIPE, SIG_IGN); }
  /// Until the socket towards `to.theirs` takes no more.
  void stuff() {
    const std::string block(65536, 'x');
    while (::send(to.ours.get(), block.data(), block.size(), MSG_DONTWAIT) > 0) {
    }
  }
  SocketPair from;
  SocketPair to;
  PipePool pool;
};

TEST_F(PipeTest, BytesPassAndThePipeIsUsedAgain) {
  for (int i = 0; i < 3; ++i) {
    Pipe pipe = pool.take();
    ASSERT_TRUE(pipe);
    EXPECT_EQ(pool.lent_count(), 1U);
    send_text(from.theirs, "hello, world");
    EXPECT_EQ(pipe.fill(from.ours.get(), 5).bytes, 5U);
    EXPECT_EQ(pipe.size(), 5U);
    EXPECT_EQ(take_text(to.theirs), "");
    EXPECT_EQ(pipe.drain(to.ours.get()).status, IoStatus::Ok);
    EXPECT_EQ(pipe.fill(from.ours.get(), 100).bytes, 7U);
    EXPECT_EQ(pipe.drain(to.ours.get()).bytes, 7U);
    EXPECT_EQ(take_text(to.theirs), "hello, world");
  }
  EXPECT_EQ(pool.lent_count(), 0U);
  EXPECT_EQ(pool.open_count(), 1U);
  EXPECT_EQ(pool.passed(), 36U);
  pool.trim();
  EXPECT_EQ(pool.open_count(), 0U);
}

TEST_F(PipeTest, AnEmptySocketAndAnEndedOne) {
  Pipe pipe = pool.take();
  EXPECT_EQ(pipe.fill(from.ours.get(), 100).status, IoStatus::WouldBlock);
  from.theirs.reset();
  EXPECT_EQ(pipe.fill(from.ours.get(), 100).status, IoStatus::Eof);
}

TEST_F(PipeTest, WhatIsNotTakenStaysAndIsLostWithThePipe) {
  stuff();
  Pipe pipe = pool.take();
  send_text(from.theirs, "rest");
  EXPECT_EQ(pipe.fill(from.ours.get(), 100).bytes, 4U);
  EXPECT_EQ(pipe.drain(to.ours.get()).status, IoStatus::WouldBlock);
  EXPECT_EQ(pipe.size(), 4U);
  pipe.reset();
  EXPECT_EQ(pool.open_count(), 0U) << "the next user would send them to somebody else";
}

TEST_F(PipeTest, AGoneReceiverIsAnError) {
  Pipe pipe = pool.take();
  send_text(from.theirs, "rest");
  EXPECT_EQ(pipe.fill(from.ours.get(), 100).bytes, 4U);
  to.theirs.reset();
  EXPECT_EQ(pipe.drain(to.ours.get()).status, IoStatus::Error);
}

TEST_F(PipeTest, NoMoreThanTheLimit) {
  pool.set_limit(2);
  Pipe first = pool.take();
  Pipe second = pool.take();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(pool.take());
  first.reset();
  EXPECT_TRUE(pool.take());
}

TEST_F(PipeTest, WithoutDescriptorsThereIsNoneAndLaterThereIs) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_FALSE(pool.take());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(pool.take()) << "the system is not asked for each read";
  int calls = 0;
  while (!pool.take() && calls < 10'000) ++calls;
  EXPECT_LT(calls, 10'000);
  EXPECT_EQ(pool.open_count(), 1U);
}

TEST_F(PipeTest, AnOutletKeepsTheRestBeforeWhatComesLater) {
  BufferPool buffers;
  Outlet outlet(buffers);
  const Connection source(std::move(from.ours), {}, {});
  Connection target(std::move(to.ours), {}, {});
  std::string sent;
  std::string received;
  for (int i = 0; !outlet.is_waiting(); ++i) {
    const std::string block(20'000, static_cast<char>('a' + i % 26));
    send_text(from.theirs, block);
    const Passed passed = outlet.pass(source, target, pool.take(), block.size());
    ASSERT_EQ(passed.read.bytes, block.size());
    sent += block;
  }
  EXPECT_FALSE(outlet.is_untouched());
  EXPECT_EQ(pool.lent_count(), 1U);
  const iovec tail{const_cast<char*>("tail"), 4};
  EXPECT_EQ(outlet.send(target, {&tail, 1}), Sent::Waiting);
  sent += "tail";
  while (received.size() < sent.size()) {
    received += take_text(to.theirs);
    ASSERT_NE(outlet.flush(target), Sent::Failed);
  }
  EXPECT_TRUE(received == sent);
  EXPECT_FALSE(outlet.is_waiting());
  EXPECT_EQ(pool.lent_count(), 0U);
}

}  // namespace
}  // namespace pintle::net
