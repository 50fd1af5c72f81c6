#include "dataplane/net/listener.hpp"

#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "dataplane/net/connection.hpp"
#include "dataplane/net/worker_context.hpp"
#include "test/unit/dataplane/net/sockets.hpp"

namespace pintle::net {
namespace {

constexpr runtime::SocketAddress any_port{.ip = {127, 0, 0, 1}};

UniqueFd connect_to(const runtime::SocketAddress& address) {
  UniqueFd fd(::socket(address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const RawAddress raw = to_raw(address);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length), 0);
  return fd;
}

struct Accepted final : AcceptSink {
  void on_accept(Listener&, UniqueFd fd, const runtime::SocketAddress& peer) override {
    fds.push_back(std::move(fd));
    peers.push_back(peer);
  }
  void on_accept_exhausted(Listener&, AcceptFailure failure) override { failures.push_back(failure); }
  std::vector<UniqueFd> fds;
  std::vector<runtime::SocketAddress> peers;
  std::vector<AcceptFailure> failures;
};

struct Accepting : testing::Test {
  Accepting() {
    auto sockets = open_listening_sockets(any_port, 1);
    EXPECT_TRUE(sockets);
    address = local_address(sockets->front().get());
    listener = std::make_unique<Listener>(Listener::Environment{*poller, wheel, reserve, accepted},
                                          std::move(sockets->front()));
    EXPECT_TRUE(listener->start());
  }
  void settle() {
    while (poller->wait(Millis(0)) > 0) {
    }
  }
  std::unique_ptr<Poller> poller = std::move(Poller::make().value());
  TimerWheel wheel{poller->now()};
  ReserveDescriptor reserve;
  Accepted accepted;
  runtime::SocketAddress address;
  std::unique_ptr<Listener> listener;
};

TEST_F(Accepting, WhatIsAcceptedSendsAtOnceAndKeepsLittleUnsent) {
  const UniqueFd client = connect_to(address);
  settle();
  ASSERT_EQ(accepted.fds.size(), 1u);
  const auto option_of = [&](int name) {
    int value = 0;
    socklen_t length = sizeof value;
    EXPECT_EQ(::getsockopt(accepted.fds.front().get(), IPPROTO_TCP, name, &value, &length), 0);
    return value;
  };
  EXPECT_NE(option_of(TCP_NODELAY), 0);
  EXPECT_EQ(option_of(TCP_NOTSENT_LOWAT), 256 * 1024);
}

TEST_F(Accepting, TellsThePeer) {
  const UniqueFd client = connect_to(address);
  settle();
  ASSERT_EQ(accepted.fds.size(), 1u);
  EXPECT_EQ(accepted.peers[0], local_address(client.get()));
  send_text(client, "hello");
  EXPECT_EQ(take_text(accepted.fds[0]), "hello");
  EXPECT_NE(::fcntl(accepted.fds[0].get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(Accepting, MoreThanOneTurnTakes) {
  std::vector<UniqueFd> clients;
  clients.reserve(2 * Listener::accepts_a_turn + 3);
  for (unsigned i = 0; i < 2 * Listener::accepts_a_turn + 3; ++i) clients.push_back(connect_to(address));
  EXPECT_EQ(poller->wait(Millis(1000)), 1u);
  EXPECT_EQ(accepted.fds.size(), Listener::accepts_a_turn) << "others have their turn too";
  settle();
  EXPECT_EQ(accepted.fds.size(), clients.size());
}

TEST_F(Accepting, HeldLeavesThemInTheBacklog) {
  listener->hold();
  const UniqueFd client = connect_to(address);
  settle();
  EXPECT_TRUE(accepted.fds.empty());
  listener->resume();
  settle();
  EXPECT_EQ(accepted.fds.size(), 1u);
}

// Req 51: no descriptor left. One client is told at once, then accepting pauses; no spinning; it recovers by itself.
TEST_F(Accepting, NoDescriptorsLeft) {
  std::vector<UniqueFd> clients;
  clients.reserve(3);
  for (int i = 0; i < 3; ++i) clients.push_back(connect_to(address));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit full = before;
  {
    const UniqueFd lowest(::dup(0));
    full.rlim_cur = static_cast<rlim_t>(lowest.get());
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
  settle();
  EXPECT_TRUE(accepted.fds.empty());
  ASSERT_EQ(accepted.failures.size(), 1u);
  EXPECT_EQ(accepted.failures[0], AcceptFailure::NoDescriptors);
  EXPECT_EQ(listener->shed_count(), 1u);
  EXPECT_TRUE(reserve.is_held()) << "for the next time";
  EXPECT_NE(look_at(clients[0]), PeerState::Silent);
  EXPECT_EQ(look_at(clients[1]), PeerState::Silent);
  EXPECT_EQ(poller->wait(Millis(0)), 0u) << "nothing to do before the pause is over";
  // The pause ends with descriptors to be had again. (With none, the sanitizers cannot do their own checks.)
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  settle();
  EXPECT_TRUE(accepted.fds.empty()) << "still pausing";
  wheel.advance(poller->now() + 2 * Listener::pause_time);
  EXPECT_EQ(accepted.fds.size(), 2u);
  const UniqueFd next = connect_to(address);
  settle();
  EXPECT_EQ(accepted.fds.size(), 3u);
}

TEST(OpenListeningSockets, ShareOnePortAmongThemselvesOnly) {
  const auto mine = open_listening_sockets(any_port, 3);
  ASSERT_TRUE(mine);
  ASSERT_EQ(mine->size(), 3u);
  const runtime::SocketAddress address = local_address(mine->front().get());
  EXPECT_NE(address.port, 0);
  for (const UniqueFd& fd : *mine) EXPECT_EQ(local_address(fd.get()), address);
  for (const unsigned count : {1u, 2u}) {
    const auto second = open_listening_sockets(address, count);
    ASSERT_FALSE(second) << "another program would share the port in silence";
    EXPECT_EQ(second.error().code, ErrorCode::AddressInUse);
    EXPECT_NE(second.error().context.find(runtime::to_string(address)), std::string::npos);
  }
}

TEST(OpenListeningSockets, ClosedPortCanBeBoundAtOnce) {
  auto first = open_listening_sockets(any_port, 2);
  ASSERT_TRUE(first);
  const runtime::SocketAddress address = local_address(first->front().get());
  // With a connection that we close first: TIME_WAIT is on our side.
  const UniqueFd client = connect_to(address);
  for (UniqueFd& fd : *first) UniqueFd(::accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC)).reset();
  first->clear();
  EXPECT_TRUE(open_listening_sockets(address, 2));
}

TEST(OpenListeningSockets, WildcardsOfBothFamiliesSideBySide) {
  // The port that the kernel chooses for one family may be in use by the other, but not a hundred times.
  bool both = false;
  for (int i = 0; i < 100 && !both; ++i) {
    const auto v6 = open_listening_sockets({.v6 = true}, 1);
    if (!v6) GTEST_SKIP() << "no IPv6 here: " << v6.error().context;
    both = open_listening_sockets({.port = local_address(v6->front().get()).port}, 1).has_value();
  }
  EXPECT_TRUE(both);
}

TEST(OpenListeningSockets, SaysWhatIsWrongWithTheAddress) {
  const auto foreign = open_listening_sockets({.ip = {192, 0, 2, 1}, .port = 8080}, 1);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ErrorCode::InvalidArgument);
  EXPECT_NE(foreign.error().context.find("192.0.2.1:8080"), std::string::npos);
}

TEST(ClassifyAcceptError, Rows) {
  EXPECT_EQ(classify_accept_error(EAGAIN), AcceptFailure::Drained);
  EXPECT_EQ(classify_accept_error(ECONNABORTED), AcceptFailure::TryNext);
  EXPECT_EQ(classify_accept_error(EINTR), AcceptFailure::TryNext);
  EXPECT_EQ(classify_accept_error(EMFILE), AcceptFailure::NoDescriptors);
  EXPECT_EQ(classify_accept_error(ENFILE), AcceptFailure::NoDescriptors);
  EXPECT_EQ(classify_accept_error(ENOMEM), AcceptFailure::NoMemory);
  EXPECT_EQ(classify_accept_error(ENOBUFS), AcceptFailure::NoMemory);
  EXPECT_EQ(classify_accept_error(EBADF), AcceptFailure::Broken);
}

}  // namespace
}  // namespace pintle::net
