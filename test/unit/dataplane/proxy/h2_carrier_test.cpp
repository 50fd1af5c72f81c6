// Connections of HTTP/2 to backends: what they refuse, how they end, which get no further request.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "dataplane/proxy/retry_budget.hpp"
#include "test/unit/dataplane/proxy/h2_backend.hpp"

namespace pintle::proxy {
namespace {

TEST(H2Carrier, AStreamThatWasRefusedIsSentAgainOnce) {
  H2Backend h2;
  End client = h2.bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
  H2Peer backend = h2.accept();
  backend.reset(h2.until_request(backend), 7);  // REFUSED_STREAM
  const std::int32_t id = h2.until_request(backend, 1);
  EXPECT_EQ(backend.messages[id].body, "body");
  backend.respond(id, {{":status", "204"}});
  EXPECT_TRUE(h2.bench.expect(client, "\r\n\r\n").starts_with("HTTP/1.1 204 "));
  EXPECT_EQ(h2.bench.last().attempts, 2);
}

TEST(H2Carrier, ABackendThatShedsLoadMeetsTheBudgetOfRetries) {
  H2Backend h2;
  H2Peer client(h2.bench, h2.bench.connect(), H2Peer::Kind::Client);
  constexpr std::size_t count = 60;
  const std::vector<std::int32_t> ids = post_many(h2, client, count);
  H2Peer backend = h2.accept();
  backend.until([&] { return backend.began.size() == count; });
  for (std::size_t i = 0; i < count; ++i) backend.reset(backend.began[i], 7);
  const std::size_t allowed = std::max<std::size_t>(RetryBudget::least, count / RetryBudget::share);
  backend.until([&] { return backend.began.size() >= count + allowed; });
  h2.bench.settle();
  backend.step();
  EXPECT_EQ(backend.began.size(), count + allowed);
  EXPECT_FALSE(h2.peer.accept().is_open()) << "no connection more";
  for (std::size_t i = count; i < backend.began.size(); ++i) backend.respond(backend.began[i], {{":status", "204"}});
  std::size_t served = 0;
  for (const std::int32_t id : ids) served += client.until_ended(id).field(":status") == "204" ? 1 : 0;
  EXPECT_EQ(served, allowed);
}

TEST(H2Carrier, AllThatGoawayLeavesOutShareOneNewConnection) {
  H2Backend h2;
  H2Peer client(h2.bench, h2.bench.connect(), H2Peer::Kind::Client);
  constexpr std::size_t count = 60;
  const std::vector<std::int32_t> ids = post_many(h2, client, count);
  H2Peer backend = h2.accept();
  backend.until([&] { return backend.began.size() == count; });
  backend.goaway(0, 0);
  H2Peer second = h2.accept();
  second.until([&] { return second.began.size() == count; });
  EXPECT_FALSE(h2.peer.accept().is_open());
  for (const std::int32_t id : second.began) second.respond(id, {{":status", "204"}});
  for (const std::int32_t id : ids) EXPECT_EQ(client.until_ended(id).field(":status"), "204");
}

TEST(H2Carrier, AConnectionThatIsSilentGetsNoFurtherRequest) {
  Settings impatient;
  impatient.upstream.h2_silence = Millis(20);
  Bench bench(impatient);
  Peer peer;
  bench.backend_protocol = runtime::BackendProtocol::Http2;
  route::Rule rule;
  rule.timeouts.request = Millis(100);
  bench.serve({&peer}, std::move(rule));
  End client = bench.connect();
  client.send(get);
  H2Peer backend(bench, bench.accept(peer), H2Peer::Kind::Backend);
  backend.until([&] { return backend.began.size() == 1; });
  bench.expect(client, "HTTP/1.1 504 ");
  End other = bench.connect();
  other.send(get);
  H2Peer second(bench, bench.accept(peer), H2Peer::Kind::Backend);
  second.until([&] { return second.began.size() == 1; });
  second.respond(second.began[0], {{":status", "204"}});
  bench.expect(other, "HTTP/1.1 204 ");
}

TEST(H2Carrier, APostThatNeverLeftIsSentAgain) {
  H2Backend h2;
  End client = h2.bench.connect();
  client.send(get);
  H2Peer backend = h2.accept();
  const std::int32_t first = h2.until_request(backend);
  backend.respond(first, {{":status", "204"}});
  h2.bench.expect(client, "\r\n\r\n");
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
  backend.goaway(first, 0);  // in the turn that takes the request
  backend.end.finish();
  H2Peer second = h2.accept();
  const std::int32_t again = h2.until_request(second);
  EXPECT_EQ(second.messages[again].body, "body");
  second.respond(again, {{":status", "204"}});
  EXPECT_TRUE(h2.bench.expect(client, "\r\n\r\n").starts_with("HTTP/1.1 204 "));
}

TEST(H2Carrier, WhatGoawayLeavesOutIsSentAgain) {
  H2Backend h2;
  End one = h2.bench.connect();
  one.send(get);
  H2Peer backend = h2.accept();
  const std::int32_t first = h2.until_request(backend);
  End two = h2.bench.connect();
  two.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
  static_cast<void>(h2.until_request(backend, 1));
  backend.goaway(first, 0);
  H2Peer second = h2.accept();
  const std::int32_t again = h2.until_request(second);
  EXPECT_EQ(second.messages[again].body, "body");
  second.respond(again, {{":status", "204"}});
  h2.bench.expect(two, "\r\n\r\n");
  backend.respond(first, {{":status", "204"}});  // what had begun is finished
  EXPECT_TRUE(h2.bench.expect(one, "\r\n\r\n").starts_with("HTTP/1.1 204 "));
  backend.until([&] { return backend.end.ended; });
}

TEST(H2Carrier, APostThatWasSentIsNotSentAgainWhenTheConnectionDies) {
  H2Backend h2;
  End client = h2.bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
  H2Peer backend = h2.accept();
  static_cast<void>(h2.until_request(backend));
  backend.end.reset();
  EXPECT_TRUE(h2.bench.expect(client, "\r\n\r\n").starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(h2.bench.last().reason, Reason::UpstreamReset);
}

/// An option of the gateway's socket whose peer is this address; nothing if there is none.
std::optional<int> option_of(const runtime::SocketAddress& peer, int level, int name) {
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0 || address.sin_family != AF_INET ||
        ntohs(address.sin_port) != peer.port)
      continue;
    int value = 0;
    length = sizeof value;
    if (::getsockopt(fd, level, name, &value, &length) == 0) return value;
  }
  return std::nullopt;
}

TEST(H2Carrier, TheKernelWatchesAPeerThatMayBeGone) {
  H2Backend h2;
  End client = h2.bench.connect();
  client.send(get);
  H2Peer backend = h2.accept();
  static_cast<void>(h2.until_request(backend));
  EXPECT_EQ(option_of(h2.peer.address(), IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
  EXPECT_EQ(option_of(h2.peer.address(), SOL_SOCKET, SO_KEEPALIVE), 1);
}

}  // namespace
}  // namespace pintle::proxy
