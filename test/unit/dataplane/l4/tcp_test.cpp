#include <sys/socket.h>

#include <gmock/gmock.h>

#include "test/unit/dataplane/l4/bench.hpp"
#include "test/unit/dataplane/net/sockets.hpp"
#include "test/unit/dataplane/net/tls_bench.hpp"

namespace pintle::l4 {
namespace {

using net::look_at;
using net::PeerState;
using net::send_text;
using net::take_text;

constexpr auto tcp = runtime::SocketProtocol::Tcp;

struct Joined {
  net::UniqueFd client;
  net::UniqueFd server;
};
Joined join(Bench& bench, Backend& backend) {
  Joined made{bench.connect(), {}};
  EXPECT_TRUE(bench.run_until([&] {
    made.server = backend.accept();
    return static_cast<bool>(made.server);
  }));
  return made;
}

std::string gather(Bench& bench, const net::UniqueFd& fd, std::size_t size) {
  std::string text;
  EXPECT_TRUE(bench.run_until([&] {
    text += take_text(fd);
    return text.size() >= size;
  })) << text.size();
  return text;
}

TEST(Tcp, BytesPassBothWays) {
  Backend backend;
  Bench bench(tcp);
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  auto [client, server] = join(bench, backend);
  send_text(server, "greetings");
  EXPECT_EQ(gather(bench, client, 9), "greetings");
  send_text(client, "thanks");
  EXPECT_EQ(gather(bench, server, 6), "thanks");
}

TEST(Tcp, WhatTheClientSentBeforeTheBackendWasThereIsKept) {
  Backend backend;
  Bench bench(tcp);
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  const net::UniqueFd client = bench.connect();
  send_text(client, "early");
  ::shutdown(client.get(), SHUT_WR);
  net::UniqueFd server;
  ASSERT_TRUE(bench.run_until([&] {
    server = backend.accept();
    return static_cast<bool>(server);
  }));
  EXPECT_EQ(gather(bench, server, 5), "early");
  EXPECT_TRUE(bench.run_until([&] { return look_at(server) == PeerState::Finished; }));
  EXPECT_EQ(look_at(client), PeerState::Silent) << "the other way is open";
}

TEST(Tcp, ABackendThatSpeaksHttp2GetsTheBytesAsTheyAre) {
  Backend backend;
  Bench bench(tcp);
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}, .protocol = runtime::BackendProtocol::Http2}});
  auto [client, server] = join(bench, backend);
  send_text(client, "PRI");
  EXPECT_EQ(gather(bench, server, 3), "PRI");
}

TEST(Tcp, EachDirectionEndsByItself) {
  Backend backend;
  Bench bench(tcp);
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  auto [client, server] = join(bench, backend);
  ::shutdown(server.get(), SHUT_WR);
  EXPECT_TRUE(bench.run_until([&] { return look_at(client) == PeerState::Finished; }));
  send_text(client, "after the end");
  EXPECT_EQ(gather(bench, server, 13), "after the end");
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_TRUE(bench.run_until([&] { return look_at(server) == PeerState::Finished; }));
  ASSERT_TRUE(bench.run_until([&] { return !bench.notes.connections.empty(); }));
  EXPECT_EQ(bench.notes.connections[0].reason, Reason::Upstream);
  EXPECT_EQ(bench.notes.connections[0].received, 13U);
}

TEST(Tcp, MuchPassesWholeAndIsBounded) {
  Backend backend;
  Bench bench(tcp);
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  auto [client, server] = join(bench, backend);
  std::string sent(8 << 20, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 31 + (i >> 12));
  std::string got;
  std::size_t at = 0;
  std::size_t most = 0;
  ASSERT_TRUE(bench.run_until([&] {
    const ssize_t n = ::send(client.get(), sent.data() + at, sent.size() - at, MSG_NOSIGNAL);
    if (n > 0) at += static_cast<std::size_t>(n);
    most = std::max(most, bench.context.buffers.in_use());
    if (at > sent.size() / 2) got += take_text(server, 100'000);
    return got.size() == sent.size();
  }));
  EXPECT_TRUE(got == sent);
  EXPECT_LE(most * net::buffer_size, 2 * net::slow_reader_limit + 4 * net::buffer_size);
}

TEST(Tcp, AResetIsPassedOn) {
  Backend backend;
  Bench bench(tcp);
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  auto [client, server] = join(bench, backend);
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  client.reset();
  EXPECT_TRUE(bench.run_until([&] { return look_at(server) == PeerState::Reset; }));
  ASSERT_EQ(bench.notes.connections.size(), 1U);
  EXPECT_EQ(bench.notes.connections[0].reason, Reason::ClientClosed);
}

TEST(Tcp, AnEndpointThatRefusesIsPassedOver) {
  Backend refuses(Backend::Kind::Refuses);
  Backend backend;
  Bench bench(tcp);
  bench.serve_tcp({{.name = "b", .endpoints = {refuses.address(), backend.address()}}});
  for (int i = 0; i < 4; ++i) static_cast<void>(join(bench, backend));
}

TEST(Tcp, ClosedWhereNothingCanServe) {
  Backend refuses(Backend::Kind::Refuses);
  struct Row {
    std::vector<Share> shares;
    Reason reason;
  };
  const std::vector<Row> rows{{{}, Reason::NoHost},
                              {{{.name = "b", .broken = true}}, Reason::RefInvalid},
                              {{{.name = "b"}}, Reason::NoEndpoints},
                              {{{.name = "b", .endpoints = {refuses.address()}}}, Reason::ConnectFailed}};
  for (const Row& row : rows) {
    Bench bench(tcp);
    bench.serve_tcp(row.shares);
    const net::UniqueFd client = bench.connect();
    EXPECT_TRUE(bench.run_until([&] { return look_at(client) != PeerState::Silent; }));
    EXPECT_EQ(take_text(client), "");
    ASSERT_EQ(bench.notes.connections.size(), 1U);
    EXPECT_EQ(to_string(bench.notes.connections[0].reason), to_string(row.reason));
  }
}

TEST(Tcp, SharesFollowTheWeights) {
  Backend one;
  Bench bench(tcp);
  bench.serve_tcp({{.name = "one", .endpoints = {one.address()}, .weight = 75},
                   {.name = "broken", .weight = 25, .broken = true},
                   {.name = "none", .weight = 0, .broken = true}});
  for (int i = 0; i < 1000; ++i) {
    const net::UniqueFd client = bench.connect();
    bench.settle();
    static_cast<void>(one.accept());
  }
  bench.settle();
  std::map<std::string, int> counts;
  for (const Seen& seen : bench.notes.connections) ++counts[seen.backend];
  EXPECT_NEAR(counts["broken"], 250, 60);
  EXPECT_EQ(counts.count("none"), 0U);
}

TEST(Tcp, AConnectionOutlivesItsTable) {
  Backend backend;
  Bench bench(tcp);
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  auto [client, server] = join(bench, backend);
  bench.serve_tcp({{.name = "other", .broken = true}});
  send_text(client, "still here");
  EXPECT_EQ(gather(bench, server, 10), "still here");
}

TEST(Tcp, ASilentConnectionEnds) {
  Backend backend;
  Bench bench(tcp, {.idle = Millis(60'000)});
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  auto [client, server] = join(bench, backend);
  bench.settle();
  bench.pass(Millis(59'000));
  EXPECT_EQ(bench.notes.open, 1);
  bench.pass(Millis(2'000));
  EXPECT_EQ(bench.notes.open, 0);
  EXPECT_EQ(bench.notes.connections.at(0).reason, Reason::RequestTimeout);
}

TEST(Tcp, AListenerThatLeavesGivesItsConnectionsTime) {
  Backend backend;
  Bench bench(tcp, {.leave = Millis(30'000)});
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  auto [client, server] = join(bench, backend);
  bench.settle();
  bench.socket->leaving = true;
  bench.context.sessions.for_each([](net::Session& session) { session.drain(); });
  send_text(client, "last words");
  EXPECT_EQ(gather(bench, server, 10), "last words");
  bench.pass(Millis(31'000));
  EXPECT_EQ(bench.notes.open, 0);
  EXPECT_EQ(bench.notes.connections.at(0).reason, Reason::Draining);
}

// Who has not said a word yet may be shed for another; who has is never taken for idle.
TEST(Tcp, AConnectionThatCarriedNothingIsIdle) {
  for (const bool client_speaks : {true, false}) {
    Backend backend;
    Bench bench(tcp);
    bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
    auto [client, server] = join(bench, backend);
    bench.settle();
    EXPECT_TRUE(bench.context.sessions.front()->is_idle());
    send_text(client_speaks ? client : server, "x");
    EXPECT_EQ(gather(bench, client_speaks ? server : client, 1), "x");
    EXPECT_FALSE(bench.context.sessions.front()->is_idle());
  }
}

TEST(TlsTerminated, AHandshakeDoesNotOutliveItsListener) {
  net::TlsBench tls{{{.hostname = "*", .certificates = {"a.test"}}}};
  net::TlsClient client{{.sni = "a.test"}};
  Backend backend;
  Bench bench(tcp, {.leave = Millis(30'000)});
  bench.serve_tcp({{.name = "b", .endpoints = {backend.address()}}});
  net::TlsBench::Accepted accepted = tls.accept();
  bench.poller->begin_turn();
  bench.factory->start(std::move(accepted.server), bench.socket);
  bench.poller->end_turn();
  client.step();
  send_text(accepted.peer, client.take());
  ASSERT_TRUE(bench.run_until([&] {
    client.give(take_text(accepted.peer));
    client.step();
    return client.is_done();
  }));
  EXPECT_TRUE(bench.context.sessions.front()->is_idle()) << "nobody of the flood of half handshakes is at work";
  bench.socket->leaving = true;
  bench.context.sessions.for_each([](net::Session& session) { session.drain(); });
  send_text(accepted.peer, client.take());
  net::UniqueFd server;
  ASSERT_TRUE(bench.run_until([&] {
    server = backend.accept();
    return static_cast<bool>(server);
  }));
  bench.settle();
  EXPECT_EQ(bench.notes.open, 1);
  bench.pass(Millis(31'000));
  EXPECT_EQ(bench.notes.open, 0);
  EXPECT_EQ(bench.notes.connections.at(0).reason, Reason::Draining);
}

// The first endpoint refuses, so that the request comes in the turn of the refusal and before the second one is there.
TEST(TlsTerminated, WhatCameWhileABackendWasConnectedIsPassedOn) {
  net::TlsBench tls{{{.hostname = "*", .certificates = {"a.test"}}}};
  net::TlsClient client{{.sni = "a.test"}};
  const Backend refusing(Backend::Kind::Refuses);
  Backend backend;
  Bench bench(tcp);
  bench.serve_tcp({{.name = "b", .endpoints = {refusing.address(), backend.address()}}});
  net::TlsBench::Accepted accepted = tls.accept();
  bench.poller->begin_turn();
  bench.factory->start(std::move(accepted.server), bench.socket);
  bench.poller->end_turn();
  client.step();
  send_text(accepted.peer, client.take());
  ASSERT_TRUE(bench.run_until([&] {
    client.give(take_text(accepted.peer));
    client.step();
    return client.is_done();
  }));
  send_text(accepted.peer, client.take());
  ASSERT_TRUE(bench.run_until([&] { return bench.notes.handshakes == 1; }));
  client.write(accepted, "PING");
  net::UniqueFd server;
  std::string got;
  EXPECT_TRUE(bench.run_until([&] {
    if (!server) server = backend.accept();
    if (server) got += take_text(server);
    return got == "PING";
  }));
  bench.context.sessions.for_each([](net::Session& session) { session.close(); });
  bench.settle();
  EXPECT_EQ(bench.notes.connections.at(0).attempts, 2);
}

// ---- before TLS -----------------------------------------------------------------------------------------------------

/// A ClientHello with this server name.
std::string hello(std::string_view name) {
  const auto number = [](std::size_t value, int size) {
    std::string out;
    for (int i = size; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xFFU);
    return out;
  };
  const auto vector = [&](std::string bytes, int size) { return number(bytes.size(), size) + bytes; };
  const std::string names = vector(number(0, 1) + vector(std::string(name), 2), 2);
  const std::string body = number(0x0303, 2) + std::string(32, 'r') + vector("", 1) + vector("\x13\x01", 2) +
                           vector(std::string(1, '\0'), 1) + vector(number(0, 2) + vector(names, 2), 2);
  return number(0x160301, 3) + vector(number(1, 1) + vector(body, 3), 2);
}

struct TlsBench : Bench {
  TlsBench() : Bench(runtime::SocketProtocol::Https) {
    serve({{"a.test", route::Protocol::TlsPassthrough, {{.name = "a", .endpoints = {a.address()}}}},
           {"*.test", route::Protocol::TlsPassthrough, {{.name = "wild", .endpoints = {wild.address()}}}},
           {"empty.test", route::Protocol::TlsPassthrough, {}}});
  }
  Backend a;
  Backend wild;
};

TEST(TlsPassthrough, TheServerNameChoosesAndNoByteIsLost) {
  TlsBench bench;
  for (auto& [name, backend] : {std::pair<std::string, Backend&>("a.test", bench.a), {"b.test", bench.wild}}) {
    const net::UniqueFd client = bench.connect();
    const std::string first = hello(name) + "what follows";
    send_text(client, first);
    net::UniqueFd server;
    ASSERT_TRUE(bench.run_until([&] {
      server = backend.accept();
      return static_cast<bool>(server);
    }));
    EXPECT_EQ(gather(bench, server, first.size()), first);
    EXPECT_EQ(take_text(client), "");
  }
}

TEST(TlsPassthrough, AHelloCutAnywhereReachesTheSame) {
  TlsBench bench;
  const std::string first = hello("a.test");
  for (std::size_t cut = 1; cut < first.size(); ++cut) {
    const net::UniqueFd client = bench.connect();
    send_text(client, std::string_view(first).substr(0, cut));
    bench.settle();
    EXPECT_EQ(look_at(client), PeerState::Silent);
    send_text(client, std::string_view(first).substr(cut));
    net::UniqueFd server;
    ASSERT_TRUE(bench.run_until([&] {
      server = bench.a.accept();
      return static_cast<bool>(server);
    })) << cut;
    EXPECT_EQ(gather(bench, server, first.size()), first);
  }
}

TEST(TlsPassthrough, NobodyOfThatNameGetsNoByte) {
  TlsBench bench;
  const std::vector<std::pair<std::string, Reason>> rows{{hello("a.other"), Reason::NoListener},
                                                         {hello("empty.test"), Reason::NoHost},
                                                         {"GET / HTTP/1.1\r\n\r\n", Reason::BadRequest}};
  for (const auto& [first, reason] : rows) {
    const net::UniqueFd client = bench.connect();
    send_text(client, first);
    ASSERT_TRUE(bench.run_until([&] { return look_at(client) != PeerState::Silent; }));
    EXPECT_NE(look_at(client), PeerState::Speaks);
    EXPECT_EQ(to_string(bench.notes.connections.back().reason), to_string(reason));
  }
}

TEST(TlsPassthrough, ASilentClientIsNotWaitedFor) {
  TlsBench bench;
  const net::UniqueFd client = bench.connect();
  send_text(client, hello("a.test").substr(0, 20));
  bench.settle();
  bench.pass(Millis(11'000));
  EXPECT_TRUE(bench.run_until([&] { return look_at(client) != PeerState::Silent; }));
  EXPECT_EQ(bench.notes.connections.at(0).reason, Reason::RequestTimeout);
}

}  // namespace
}  // namespace pintle::l4
