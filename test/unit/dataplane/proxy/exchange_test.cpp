// One request and the connection to its backend: retries and pooling.
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/bench.hpp"

namespace pintle::proxy {
namespace {

constexpr std::string_view post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";

/// A client and a backend's connection that have had one exchange: the latter is in the pool.
struct Warm {
  explicit Warm(const Settings& settings = {}) : bench(settings) {
    bench.serve({&peer});
    client = bench.connect();
    client.send(get);
    backend = bench.accept(peer);
    bench.expect(backend, "\r\n\r\n");
    backend.send(ok);
    bench.expect(client, "ok");
    bench.settle();
  }
  Peer peer;
  Bench bench;
  End client;
  End backend;
};

// ---- retries (req 78)
// ------------------------------------------------------------------------------------------------

TEST(Retry, AnIdempotentRequestIsSentAgainOnce) {
  Warm warm;
  warm.client.send(get);
  warm.bench.expect(warm.backend, "\r\n\r\n");
  warm.backend.reset();
  End second = warm.bench.accept(warm.peer);
  warm.bench.expect(second, "\r\n\r\n");
  second.send(ok);
  warm.bench.expect(warm.client, "ok");
  EXPECT_EQ(warm.bench.last().attempts, 2);
  EXPECT_EQ(warm.bench.notes.retries, 1);
}

TEST(Retry, NotTwice) {
  Warm warm;
  warm.client.send(get);
  warm.bench.expect(warm.backend, "\r\n\r\n");
  warm.backend.reset();
  End second = warm.bench.accept(warm.peer);
  warm.bench.expect(second, "\r\n\r\n");
  second.reset();
  EXPECT_TRUE(warm.bench.expect(warm.client, "\r\n\r\n").starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(warm.bench.last().reason, Reason::UpstreamReset);
}

TEST(Retry, AFreshConnectionThatDiesIsNoReason) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  backend.reset();
  EXPECT_TRUE(bench.expect(client, "\r\n\r\n").starts_with("HTTP/1.1 502 "));
  EXPECT_FALSE(peer.accept().is_open());
}

TEST(Retry, APostThatWasSentIsNeverSentAgain) {
  Warm warm;
  warm.client.send(post);
  warm.bench.expect(warm.backend, "body");
  warm.backend.reset();
  EXPECT_TRUE(warm.bench.expect(warm.client, "\r\n\r\n").starts_with("HTTP/1.1 502 "));
  EXPECT_FALSE(warm.peer.accept().is_open());
}

TEST(Retry, APostFindsTheDeadConnectionBeforeItIsSent) {
  Warm warm;
  warm.backend.finish();  // no turn is taken: the gateway has not been told
  warm.client.send(post);
  End second = warm.bench.accept(warm.peer);
  EXPECT_TRUE(warm.bench.expect(second, "body").starts_with("POST "));
  second.send(ok);
  warm.bench.expect(warm.client, "ok");
}

TEST(Retry, NotAfterAByteOfAnAnswer) {
  Warm warm;
  warm.client.send(get);
  warm.bench.expect(warm.backend, "\r\n\r\n");
  warm.backend.send("HTTP/1.1 2");
  warm.bench.settle();
  warm.backend.finish();
  EXPECT_TRUE(warm.bench.expect(warm.client, "\r\n\r\n").starts_with("HTTP/1.1 502 "));
}

TEST(Retry, NotOnceMoreOfTheBodyWasRead) {
  Warm warm;
  warm.client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf");
  warm.bench.expect(warm.backend, "half");
  warm.client.send("rest");
  warm.bench.expect(warm.backend, "rest");
  warm.backend.reset();
  EXPECT_TRUE(warm.bench.expect(warm.client, "\r\n\r\n").starts_with("HTTP/1.1 502 "));
}

TEST(Retry, SendsTheSameBodyAgain) {
  Warm warm;
  warm.client.send(
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n");
  const std::string first = warm.bench.expect(warm.backend, "0\r\n\r\n");
  warm.backend.reset();
  End second = warm.bench.accept(warm.peer);
  EXPECT_EQ(warm.bench.expect(second, "0\r\n\r\n"), first);
  EXPECT_TRUE(first.ends_with("\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")) << first;
}

/// Of many requests whose pooled connections die at once, a fifth is sent again, and no fewer than ten.
TEST(Retry, IsLimitedByTheBudget) {
  constexpr int clients = 100;
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  std::vector<End> ends;
  std::vector<End> backends;
  for (int i = 0; i < clients; ++i) {
    ends.push_back(bench.connect());
    ends.back().send(get);
    backends.push_back(bench.accept(peer));
  }
  for (End& backend : backends) bench.expect(backend, "\r\n\r\n");
  for (End& backend : backends) backend.send(ok);
  for (End& client : ends) bench.expect(client, "ok");
  for (End& client : ends) client.send(get);
  for (End& backend : backends) bench.expect(backend, "\r\n\r\n");
  for (End& backend : backends) backend.reset();
  bench.settle();
  EXPECT_GE(bench.notes.retries, 10);
  EXPECT_LE(bench.notes.retries, clients / 5);
  int refused = 0;
  for (const Seen& seen : bench.notes.requests) refused += seen.reason == Reason::RetryBudget ? 1 : 0;
  EXPECT_EQ(refused, clients - bench.notes.retries);
  // It is free again for who comes later.
  for (End again = peer.accept(); again.is_open(); again = peer.accept()) again.reset();
  bench.settle();
}

TEST(Retry, AnotherEndpointIsTriedWhenConnectingFails) {
  Bench bench;
  Peer dead(Peer::Kind::Refuses);
  Peer alive;
  bench.serve({&dead, &alive});
  for (int i = 0; i < 4; ++i) {
    End client = bench.connect();
    client.send(post);
    End backend = bench.accept(alive);
    bench.expect(backend, "body");
    backend.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    bench.expect(client, "ok");
  }
}

// ---- pooling (req 19, 37)
// ----------------------------------------------------------------------------------------------

TEST(Pooling, OnlyCleanConnectionsAreUsedAgain) {
  struct Case {
    std::string_view request;
    std::string_view answer;
    bool pooled;
  };
  constexpr std::string_view head_request = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
  constexpr std::string_view upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
  const Case cases[] = {
      {get, ok, true},
      {get, "HTTP/1.1 204 No Content\r\n\r\n", true},
      {get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", true},
      {get, "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", true},
      {get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true},
      {head_request, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true},
      {head_request, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true},
      {get, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", true},
      {get, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false},
      {get, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false},
      {get, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!", false},
      {get, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
      {head_request, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
      {upgrade, ok, false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.answer);
    Peer peer;
    Bench bench;
    bench.serve({&peer});
    End client = bench.connect();
    client.send(one.request);
    End backend = bench.accept(peer);
    bench.expect(backend, "\r\n\r\n");
    backend.send(one.answer);
    const std::string answer = bench.expect(client, "\r\n\r\n");
    bench.settle();
    EXPECT_EQ(bench.notes.upstream_open, one.pooled ? 1 : 0);
    client.pull();
    EXPECT_FALSE(client.ended) << "the client's connection is another matter";
    EXPECT_FALSE(answer.contains("Connection: close")) << answer;
    client.send(get);  // and it is in step
    End next = one.pooled ? std::move(backend) : bench.accept(peer);
    bench.expect(next, "GET / HTTP/1.1\r\n");
    next.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
    bench.expect(client, "\r\n\r\nsecond");
  }
}

TEST(Pooling, AnAnswerThatEndsByCloseIsChunkedAndTheClientStays) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  backend.send("HTTP/1.1 200 OK\r\n\r\nall");
  bench.expect(client, "3\r\nall\r\n");
  backend.finish();
  bench.expect(client, "0\r\n\r\n");
  bench.settle();
  client.pull();
  EXPECT_FALSE(client.ended);
  EXPECT_EQ(bench.notes.upstream_open, 0);
}

/// More exchanges at once than the worker keeps: those beyond are freed, but not while one is at work.
TEST(Pooling, ManyExchangesEndWell) {
  constexpr int clients = 1100;
  Bench bench;
  bench.serve_action(route::Failure{.status = 500, .reason = Reason::RefInvalid, .detail = "x"});
  Peer peer;
  bench.serve({&peer});
  std::vector<End> ends;
  std::vector<End> backends;
  for (int i = 0; i < clients; ++i) {
    ends.push_back(bench.connect());
    ends.back().send(get);
    backends.push_back(bench.accept(peer));
  }
  for (End& backend : backends) bench.expect(backend, "\r\n\r\n");
  for (End& backend : backends) backend.send(ok);
  for (End& client : ends) bench.expect(client, "ok");
  EXPECT_EQ(bench.notes.requests.size(), static_cast<std::size_t>(clients));
}

}  // namespace
}  // namespace pintle::proxy
