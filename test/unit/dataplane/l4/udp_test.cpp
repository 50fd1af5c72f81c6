#include <fcntl.h>
#include <set>
#include <sys/resource.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "dataplane/l4/udp_port.hpp"
#include "test/unit/dataplane/l4/bench.hpp"

namespace pintle::l4 {
namespace {

struct UdpBench : Bench {
  explicit UdpBench(const Settings& settings = {}) : Bench(runtime::SocketProtocol::Udp, settings) {}
  ~UdpBench() {
    poller->begin_turn();
    port.reset();
    poller->end_turn();
  }
  void open() {
    auto sockets = net::open_datagram_sockets({.ip = {127, 0, 0, 1}, .transport = runtime::Transport::Udp}, 1);
    ASSERT_TRUE(sockets);
    address = net::local_address(sockets->front().get());
    poller->begin_turn();
    port = factory->open(std::move(sockets->front()), socket);
    poller->end_turn();
    ASSERT_TRUE(port);
  }
  /// What `peer` gets next.
  std::pair<std::string, runtime::SocketAddress> next(UdpPeer& peer) {
    std::pair<std::string, runtime::SocketAddress> got;
    EXPECT_TRUE(run_until([&] {
      got = peer.take();
      return !got.first.empty();
    }));
    return got;
  }
  [[nodiscard]] std::size_t flows() const { return static_cast<const UdpPort&>(*port).flow_count(); }

  std::unique_ptr<net::DatagramPort> port;
  runtime::SocketAddress address;
};

TEST(Udp, DatagramsAndAnswersKeepTheirBorders) {
  UdpPeer backend;
  UdpPeer client;
  UdpBench bench;
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  bench.open();
  client.send("one", bench.address);
  client.send("second", bench.address);
  const auto [first, flow] = bench.next(backend);
  EXPECT_EQ(first, "one");
  EXPECT_EQ(bench.next(backend), std::pair(std::string("second"), flow));
  backend.send("answer", flow);
  backend.send("more", flow);
  EXPECT_EQ(bench.next(client), std::pair(std::string("answer"), bench.address));
  EXPECT_EQ(bench.next(client).first, "more");
  EXPECT_EQ(bench.flows(), 1U);
}

TEST(Udp, EachClientHasAFlow) {
  UdpPeer backend;
  UdpBench bench;
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  bench.open();
  std::set<std::uint16_t> ports;
  std::vector<UdpPeer> clients(5);
  for (UdpPeer& client : clients) {
    client.send("x", bench.address);
    ports.insert(bench.next(backend).second.port);
  }
  EXPECT_EQ(ports.size(), clients.size());
  EXPECT_EQ(bench.flows(), clients.size());
}

TEST(Udp, ABrokenShareIsDroppedForTheLifeOfItsFlow) {
  UdpPeer client;
  UdpBench bench;
  bench.serve_tcp({{.name = "b", .broken = true}});
  bench.open();
  for (int i = 0; i < 3; ++i) client.send("x", bench.address);
  ASSERT_TRUE(bench.run_until([&] { return bench.flows() == 1; }));
  bench.settle();
  bench.pass(Millis(61'000));
  ASSERT_EQ(bench.notes.connections.size(), 1U);
  EXPECT_EQ(bench.notes.connections[0].reason, Reason::RefInvalid);
  EXPECT_EQ(bench.notes.connections[0].received, 3U);
}

TEST(Udp, AFlowEndsWhenItIsIdle) {
  UdpPeer backend;
  UdpPeer client;
  UdpBench bench({.udp_idle = Millis(60'000)});
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  bench.open();
  client.send("x", bench.address);
  static_cast<void>(bench.next(backend));
  bench.pass(Millis(59'000));
  EXPECT_EQ(bench.flows(), 1U);
  bench.pass(Millis(2'000));
  EXPECT_EQ(bench.flows(), 0U);
}

TEST(Udp, TheTableIsBoundedAndInventedClientsGoFirst) {
  UdpPeer backend;
  UdpPeer known;
  UdpBench bench;
  bench.context.max_flows = 4;
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  bench.open();
  known.send("x", bench.address);
  const runtime::SocketAddress flow = bench.next(backend).second;
  backend.send("answer", flow);
  static_cast<void>(bench.next(known));
  known.send("thanks", bench.address);
  static_cast<void>(bench.next(backend));
  std::vector<UdpPeer> invented(20);
  for (UdpPeer& one : invented) {
    one.send("y", bench.address);
    backend.send("an answer proves nobody", bench.next(backend).second);
    static_cast<void>(bench.next(one));
  }
  EXPECT_EQ(bench.flows(), 4U);
  known.send("again", bench.address);
  EXPECT_EQ(bench.next(backend), std::pair(std::string("again"), flow));
}

TEST(Udp, AFlowAtWorkIsNotIdle) {
  UdpPeer backend;
  UdpPeer client;
  UdpBench bench({.udp_quiet = Millis(300)});
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  bench.open();
  client.send("x", bench.address);
  static_cast<void>(bench.next(backend));
  net::Session& flow = *bench.context.flows.front();
  EXPECT_FALSE(flow.is_idle());
  EXPECT_TRUE(bench.run_until([&] {
    bench.poller->begin_turn();
    bench.poller->end_turn();
    return flow.is_idle();
  }));
  client.send("y", bench.address);
  static_cast<void>(bench.next(backend));
  EXPECT_FALSE(flow.is_idle());
}

TEST(Udp, FlowsAreNoConnections) {
  UdpPeer backend;
  UdpPeer client;
  UdpBench bench;
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  bench.open();
  client.send("x", bench.address);
  static_cast<void>(bench.next(backend));
  EXPECT_EQ(bench.context.session_count, 0U);
  EXPECT_EQ(bench.context.flow_count, 1U);
}

TEST(Udp, TheFlowsOfAllSocketsHaveOneBudget) {
  UdpPeer backend;
  std::vector<UdpPeer> clients(4);
  UdpBench bench;
  bench.context.max_flows = 3;
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  bench.open();
  const std::unique_ptr<net::DatagramPort> other = std::move(bench.port);
  const runtime::SocketAddress other_address = bench.address;
  bench.open();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i].send("x", i < 3 ? other_address : bench.address);
    static_cast<void>(bench.next(backend));
  }
  EXPECT_EQ(static_cast<const UdpPort&>(*other).flow_count(), 2U) << "made room for a client of the other socket";
  EXPECT_EQ(bench.flows(), 1U);
}

TEST(Udp, WithoutADescriptorAFlowMakesRoom) {
  UdpPeer backend;
  UdpPeer old;
  UdpPeer next;
  UdpBench bench;
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  bench.open();
  old.send("old", bench.address);
  static_cast<void>(bench.next(backend));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
  ::close(lowest);
  const rlimit full{static_cast<rlim_t>(lowest), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
  next.send("next", bench.address);
  EXPECT_EQ(bench.next(backend).first, "next");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(bench.flows(), 1U);
  EXPECT_EQ(bench.notes.connections.at(0).reason, Reason::Overload);
}

TEST(Udp, AFlowFollowsTheTablesAndKeepsWhatStillHolds) {
  UdpPeer one;
  UdpPeer two;
  UdpPeer client;
  UdpBench bench;
  bench.serve_tcp({{.name = "one", .endpoints = {one.address()}}});
  bench.open();
  client.send("1", bench.address);
  const runtime::SocketAddress flow = bench.next(one).second;
  bench.serve_tcp(
      {{.name = "two", .endpoints = {two.address()}, .weight = 1000}, {.name = "one", .endpoints = {one.address()}}});
  client.send("2", bench.address);
  EXPECT_EQ(bench.next(one), std::pair(std::string("2"), flow)) << "weights are for new flows";
  bench.serve_tcp({{.name = "two", .endpoints = {two.address()}}});
  client.send("3", bench.address);
  EXPECT_EQ(bench.next(two).first, "3");
  EXPECT_EQ(bench.flows(), 1U);
}

TEST(Udp, AnEndpointThatIsGoneIsLeft) {
  UdpPeer two;
  UdpPeer client;
  UdpBench bench;
  runtime::SocketAddress gone;
  {
    UdpPeer one;
    gone = one.address();
  }
  bench.serve_tcp({{.name = "b", .endpoints = {gone}}});
  bench.open();
  client.send("1", bench.address);
  ASSERT_TRUE(bench.run_until([&] { return !bench.notes.connections.empty(); }));
  EXPECT_EQ(bench.notes.connections[0].reason, Reason::ConnectFailed);
  bench.serve_tcp({{.name = "b", .endpoints = {two.address()}}});
  client.send("2", bench.address);
  EXPECT_EQ(bench.next(two).first, "2");
}

TEST(Udp, AListenerThatLeavesEndsItsFlows) {
  UdpPeer backend;
  UdpPeer client;
  UdpBench bench;
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  bench.open();
  client.send("x", bench.address);
  static_cast<void>(bench.next(backend));
  bench.socket->leaving = true;
  bench.poller->begin_turn();
  bench.context.flows.for_each([](net::Session& session) { session.drain(); });
  bench.poller->end_turn();
  EXPECT_EQ(bench.flows(), 0U);
}

}  // namespace
}  // namespace pintle::l4
