// Bodies both ways: early answers, what follows them, Expect (req 38), bodies that do not move (req 42, 44).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/bench.hpp"

namespace pintle::proxy {
namespace {

using namespace std::chrono_literals;

// ---- keep-alive promises
// ------------------------------------------------------------------------------------------------

/// An answer that ends before the request's body: the rest is not read, and the answer must have said so.
TEST(EarlyAnswer, ClosesAndSaysSo) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
  End backend = bench.accept(peer);
  bench.expect(backend, "some");
  backend.send(ok);
  EXPECT_TRUE(bench.expect(client, "ok").contains("Connection: close\r\n"));
  bench.expect_end(client);
  bench.settle();
  EXPECT_EQ(bench.notes.upstream_open, 0);
}

TEST(EarlyAnswer, StreamsOnWhileTheBodyComes) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  End backend = bench.accept(peer);
  bench.expect(backend, "1\r\na\r\n");
  backend.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n");
  bench.expect(client, "1\r\nA\r\n");
  client.send("1\r\nb\r\n0\r\n\r\n");
  bench.expect(backend, "1\r\nb\r\n0\r\n\r\n");
  backend.send("1\r\nB\r\n0\r\n\r\n");
  bench.expect(client, "1\r\nB\r\n0\r\n\r\n");
}

TEST(KeepAlive, AChunkedUploadIsFollowedByTheNextRequestInTheSameRead) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  client.send("2\r\nab\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(bench.expect(backend, "0\r\n\r\n").ends_with("2\r\nab\r\n0\r\n\r\n"));
  backend.send(ok);
  bench.expect(client, "ok");
  bench.expect(backend, "GET /2 HTTP/1.1\r\n");
  backend.send(ok);
  bench.expect(client, "ok");
}

TEST(KeepAlive, ARequestBehindARefusedUpgradeIsARequest) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(
      "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
      "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  End backend = bench.accept(peer);
  EXPECT_FALSE(bench.expect(backend, "\r\n\r\n").contains("/2"));
  backend.send(ok);
  bench.expect(client, "ok");
  End second = bench.accept(peer);
  bench.expect(second, "GET /2 HTTP/1.1\r\n");
}

TEST(KeepAlive, OfHttp10) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  End backend = bench.accept(peer);
  EXPECT_TRUE(bench.expect(backend, "\r\n\r\n").starts_with("GET / HTTP/1.1\r\n"));
  backend.send(ok);
  EXPECT_TRUE(bench.expect(client, "ok").contains("Connection: keep-alive\r\n"));
  client.send("GET / HTTP/1.0\r\n\r\n");
  bench.expect(backend, "\r\n\r\n");
  backend.send(ok);
  EXPECT_TRUE(bench.expect(client, "ok").contains("Connection: close\r\n"));
  bench.expect_end(client);
}

TEST(KeepAlive, ATruncatedAnswerIsCutForEveryClient) {
  for (const std::string_view version : {"1.0", "1.1"}) {
    for (const std::string_view head : {"Content-Length: 10", "Transfer-Encoding: chunked"}) {
      Bench bench;
      Peer peer;
      bench.serve({&peer});
      End client = bench.connect();
      client.send(fmt::format("GET / HTTP/{}\r\nHost: a\r\n\r\n", version));
      End backend = bench.accept(peer);
      bench.expect(backend, "\r\n\r\n");
      backend.send(fmt::format("HTTP/1.1 200 OK\r\n{}\r\n\r\n3\r\nabc", head));
      bench.expect(client, "abc");
      backend.finish();
      bench.expect_cut(client);
      EXPECT_EQ(bench.last().reason, Reason::UpstreamReset);
    }
  }
}

// ---- Expect (req 38)
// ----------------------------------------------------------------------------------------------------

constexpr std::string_view expecting =
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";

TEST(Expect, TheBackendsWordReleasesTheBody) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(expecting);
  client.send("body");  // it does not wait
  End backend = bench.accept(peer);
  EXPECT_TRUE(bench.expect(backend, "\r\n\r\n").ends_with("\r\n\r\n")) << "not a byte of the body before the 100";
  backend.send("HTTP/1.1 100 Continue\r\n\r\n");
  bench.expect(backend, "body");
  backend.send(ok);
  const std::string answer = bench.expect(client, "ok");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_FALSE(answer.contains("Connection: close"));
}

TEST(Expect, ASilentBackendIsNotWaitedForLong) {
  Settings settings;
  settings.timeouts.continue_wait = 100ms;
  Bench bench(settings);
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(expecting);
  End backend = bench.accept(peer);
  bench.expect(client, "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  bench.expect(backend, "body");
  backend.send("HTTP/1.1 100 Continue\r\n\r\n");  // too late: the client was told
  backend.send(ok);
  EXPECT_TRUE(bench.expect(client, "ok").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(Expect, AnEarlyFinalAnswerEndsTheConnection) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(expecting);
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  backend.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_TRUE(bench.expect(client, "no").contains("Connection: close\r\n"));
  bench.expect_end(client);
}

TEST(Expect, AnOwnAnswerDoesNotAskForTheBody) {
  Bench bench;
  bench.serve_action(route::Failure{.status = 500, .reason = Reason::RefInvalid, .detail = "x"});
  End client = bench.connect();
  client.send(expecting);
  bench.expect_end(client);
  EXPECT_TRUE(client.received.starts_with("HTTP/1.1 500 ")) << client.received;
  EXPECT_TRUE(client.received.contains("Connection: close\r\n"));
}

// ---- bodies that do not move (req 42, 44)
// ---------------------------------------------------------------------------------

TEST(BodyDeadlines, ASilentClientIs408) {
  Settings settings;
  settings.timeouts.body_silence = 150ms;
  Bench bench(settings);
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
  End backend = bench.accept(peer);
  bench.expect(backend, "some");
  const Monotonic started = std::chrono::steady_clock::now();
  bench.expect_end(client);
  EXPECT_TRUE(client.received.starts_with("HTTP/1.1 408 ")) << client.received;
  EXPECT_LT(std::chrono::steady_clock::now() - started, 4s);
  EXPECT_EQ(bench.last().reason, Reason::RequestTimeout);
}

TEST(BodyDeadlines, ASlowClientIs408) {
  Settings settings;
  settings.timeouts.body_grace = 200ms;
  Bench bench(settings);
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  End backend = bench.accept(peer);
  unsigned sent = 0;
  EXPECT_TRUE(bench.run_until([&] {
    if (sent < 20) sent += static_cast<unsigned>(client.push("a"));
    return client.pull().contains("408");
  }));
}

/// The last of the request waits for the backend's socket: that has a deadline as well.
TEST(BodyDeadlines, ABackendThatTakesNothingIs504) {
  for (const std::size_t size : {std::size_t{64} << 20, std::size_t{6} << 20}) {
    Settings settings;
    settings.timeouts.write_stall = 200ms;
    Bench bench(settings);
    Peer peer;
    bench.serve({&peer});
    End client = bench.connect();
    client.send(fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", size));
    End backend = bench.accept(peer);
    const std::string block(1 << 16, 'x');
    std::size_t left = size;
    EXPECT_TRUE(bench.run_until([&] {
      for (int i = 0; i < 64 && left > 0; ++i) left -= client.push(std::string_view(block).substr(0, left));
      return client.pull().contains("504");
    })) << left;
    EXPECT_EQ(bench.context.buffers.in_use(), 0U) << "what waited for it is gone";
    EXPECT_EQ(bench.last().reason, Reason::BackendTimeout);
  }
}

TEST(BodyDeadlines, RouteTimeoutsAre504) {
  for (const bool whole : {true, false}) {
    Bench bench;
    Peer peer;
    route::Rule rule;
    (whole ? rule.timeouts.request : rule.timeouts.backend_request) = 100ms;
    bench.serve({&peer}, std::move(rule));
    End client = bench.connect();
    client.send(get);
    EXPECT_TRUE(bench.expect(client, "\r\n\r\n").starts_with("HTTP/1.1 504 "));
    EXPECT_EQ(bench.last().reason, whole ? Reason::RequestTimeout : Reason::BackendTimeout);
  }
}

/// Backends that know the same limit give up a moment before our timer, which looks ten times a second.
TEST(BodyDeadlines, ABackendThatGivesUpAtTheLimitIsNoBrokenBackend) {
  Bench bench;
  Peer peer;
  route::Rule rule;
  rule.timeouts.request = 20ms;
  bench.serve({&peer}, std::move(rule));
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  const auto began = std::chrono::steady_clock::now();
  bench.run_until([&] { return std::chrono::steady_clock::now() - began > 25ms; });
  backend.reset();
  EXPECT_TRUE(bench.expect(client, "\r\n\r\n").starts_with("HTTP/1.1 504 "));
  EXPECT_EQ(bench.last().reason, Reason::RequestTimeout);
}

}  // namespace
}  // namespace pintle::proxy
