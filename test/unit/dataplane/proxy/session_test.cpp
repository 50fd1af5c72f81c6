// The downstream connection: deadlines (req 40, 41, 43, 44), keep-alive, half-closed clients, drain.
#include "dataplane/net/session.hpp"

#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/bench.hpp"

namespace pintle::proxy {
namespace {

using namespace std::chrono_literals;

Settings with(Millis Timeouts::* which, Millis value) {
  Settings settings;
  settings.timeouts.*which = value;
  return settings;
}

net::Session& only_session(Bench& bench) { return *bench.context.sessions.front(); }
void drain(Bench& bench) {
  bench.context.draining = true;
  bench.poller->begin_turn();
  only_session(bench).drain();
  bench.poller->end_turn();
}

TEST(SessionDeadlines, NoByteOfAHeadIsASilentClose) {
  Bench bench(with(&Timeouts::head, 100ms));
  End client = bench.connect();
  bench.expect_end(client);
  EXPECT_EQ(client.received, "");
  EXPECT_TRUE(bench.notes.requests.empty());
}

TEST(SessionDeadlines, AHeadThatStaysOpenIs408) {
  Bench bench(with(&Timeouts::head, 200ms));
  End client = bench.connect();
  client.send("GET / HTTP/1.1\r\nHost:");
  bench.expect_end(client);
  EXPECT_TRUE(client.received.starts_with("HTTP/1.1 408 ")) << client.received;
  EXPECT_TRUE(client.received.contains("Connection: close\r\n"));
  ASSERT_EQ(bench.notes.requests.size(), 1U);
  EXPECT_EQ(bench.last().reason, Reason::RequestTimeout);
  EXPECT_FALSE(bench.last().was_started);
}

/// Req 41: absolute, so a byte now and then extends nothing.
TEST(SessionDeadlines, BytesDoNotExtendTheHead) {
  Bench bench(with(&Timeouts::head, 300ms));
  End client = bench.connect();
  client.send("GET / HTTP/1.1\r\nX: ");
  const Monotonic started = std::chrono::steady_clock::now();
  Monotonic next = started;
  EXPECT_TRUE(bench.run_until([&] {
    if (std::chrono::steady_clock::now() > next) next += Millis(20 * client.push("a"));
    return client.pull().contains("408") || client.ended || client.cut;
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - started, 3s);
  EXPECT_EQ(bench.last().status, 408);
}

TEST(SessionDeadlines, IdleIsClosedAfterItsTime) {
  Bench bench(with(&Timeouts::idle, 100ms));
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  backend.send(ok);
  bench.expect(client, "ok");
  bench.expect_end(client);
  EXPECT_EQ(client.received, "");
}

TEST(SessionDeadlines, AClientThatTakesNothingIsCut) {
  Bench bench(with(&Timeouts::write_stall, 200ms));
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  backend.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  const std::string block(1 << 16, 'x');
  EXPECT_TRUE(bench.run_until([&] {
    static_cast<void>(backend.push(block));
    return !bench.notes.requests.empty();
  }));
  EXPECT_EQ(bench.last().reason, Reason::ClientClosed);
  bench.expect_cut(client);
}

/// What a stalled client pins is what was read last: the backend is not read meanwhile (req 49).
TEST(SessionDeadlines, AStalledClientPinsLittle) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  backend.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
  const std::string block(1 << 16, 'x');
  unsigned quiet = 0;
  while (quiet < 20) {
    quiet = backend.push(block) == 0 ? quiet + 1 : 0;
    bench.settle();
  }
  EXPECT_LE(bench.context.buffers.in_use() * net::buffer_size, 256U * 1024);
}

TEST(Session, AnIdleConnectionOwnsNoBuffer) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  backend.send(ok);
  bench.expect(client, "ok");
  bench.settle();
  EXPECT_EQ(bench.context.buffers.in_use(), 0U);
}

TEST(Session, PipelinedRequestsAreAnsweredInOrderWithOneReadAhead) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  End backend = bench.accept(peer);
  EXPECT_FALSE(bench.expect(backend, "GET /1").contains("/2")) << "the second goes when the first was answered";
  backend.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
  bench.expect(backend, "GET /2");
  backend.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
  const std::string answers = bench.expect(client, "two");
  EXPECT_LT(answers.find("one"), answers.find("two"));
}

TEST(Session, AHalfClosedClientGetsItsAnswersAndThenTheEnd) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  client.finish();
  End backend = bench.accept(peer);
  for (const char* path : {"GET /1", "GET /2"}) {
    bench.expect(backend, path);
    backend.send(ok);
  }
  bench.expect_end(client);
  EXPECT_EQ(bench.notes.requests.size(), 2U);
  EXPECT_EQ(bench.notes.upstream_open, 1) << "a clean answer leaves the backend's connection in the pool";
}

/// Req 14.
TEST(Session, AClientThatEndsInsideItsBodyGetsNothingMore) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  End backend = bench.accept(peer);
  bench.expect(backend, "half");
  client.finish();
  bench.expect_cut(client);
  EXPECT_EQ(client.received, "");
  EXPECT_EQ(bench.last().reason, Reason::ClientClosed);
  EXPECT_TRUE(bench.run_until([&] { return backend.pull(), backend.ended || backend.cut; }));
  EXPECT_EQ(bench.notes.upstream_open, 0);
}

TEST(Session, AfterOurCloseNothingIsARequestAnyMore) {
  Bench bench;
  End client = bench.connect();
  client.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  bench.expect(client, "400");
  static_cast<void>(client.push("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"));  // the gateway may have gone
  bench.expect_end(client);
  EXPECT_EQ(bench.notes.requests.size(), 1U);
}

// ---- drain ----------------------------------------------------------------------------------------------------------

constexpr std::string_view last_get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST(SessionLinger, NotForAClientThatAskedForTheClose) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(last_get);
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  backend.send(ok);
  bench.expect(client, "ok");
  EXPECT_EQ(bench.notes.open, 0) << "gone without a word of the client";
  bench.expect_end(client);
}

TEST(SessionLinger, ForAClientThatSendsOnNevertheless) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(last_get);
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  client.send("more that nobody reads");
  backend.send(ok);
  bench.expect(client, "ok");
  EXPECT_EQ(bench.notes.open, 1);
  bench.expect_end(client);
  EXPECT_FALSE(client.cut) << "a reset could overtake the answer";
}

TEST(SessionLinger, ForABodyThatIsNotRead) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\nsome");
  End backend = bench.accept(peer);
  bench.expect(backend, "some");
  backend.send(ok);
  bench.expect(client, "ok");
  EXPECT_EQ(bench.notes.open, 1);
}

TEST(SessionDrain, IdleEndsAtOnce) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  backend.send(ok);
  bench.expect(client, "ok");
  bench.settle();
  drain(bench);
  bench.expect_end(client);
}

TEST(SessionDrain, AClientThatHasJustConnectedIsServed) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  drain(bench);
  bench.settle();
  client.pull();
  ASSERT_FALSE(client.ended) << "its request is on the way";
  client.send(get);
  End backend = bench.accept(peer);
  backend.send(ok);
  EXPECT_TRUE(bench.expect(client, "ok").contains("Connection: close\r\n"));
  bench.expect_end(client);
}

TEST(SessionDrain, AClientThatOnlyConnectedIsNotWaitedForLong) {
  Bench bench;
  End client = bench.connect();
  drain(bench);
  bench.expect_end(client);  // within five seconds, not the ten of a head
}

TEST(SessionDrain, ARequestInFlightIsFinishedAndSaysSo) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  drain(bench);
  backend.send(ok);
  EXPECT_TRUE(bench.expect(client, "ok").contains("Connection: close\r\n"));
  bench.expect_end(client);
}

/// Going on was promised with the head; what came meanwhile is served, with the close it can count on.
TEST(SessionDrain, APromiseIsKeptForWhatHasCome) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  backend.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
  EXPECT_FALSE(bench.expect(client, "\r\n\r\no").contains("Connection: close"));
  drain(bench);
  client.send(get);
  backend.send("k");
  bench.expect(client, "k");
  bench.expect(backend, "\r\n\r\n");
  backend.send(ok);
  EXPECT_TRUE(bench.expect(client, "ok").contains("Connection: close\r\n"));
  bench.expect_end(client);
}

TEST(SessionDrain, APartOfAHeadIsWaitedFor) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("GET / HTTP/1.1\r\nHo");
  bench.settle();
  drain(bench);
  client.send("st: a\r\n\r\n");
  End backend = bench.accept(peer);
  backend.send(ok);
  bench.expect(client, "ok");
}

TEST(SessionClose, EndsInAnyState) {
  for (const std::string_view sent : {"", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", "bad\r\n\r\n"}) {
    SCOPED_TRACE(sent);
    Bench bench;
    Peer peer;
    bench.serve({&peer});
    End client = bench.connect();
    client.send(sent);
    bench.settle();
    bench.poller->begin_turn();
    bench.context.sessions.for_each([](net::Session& session) { session.close(); });
    bench.poller->end_turn();
    EXPECT_EQ(bench.context.session_count, 0U);
    EXPECT_TRUE(bench.run_until([&] { return client.pull(), client.ended || client.cut; }));
  }
}

// ---- memory pressure (req 50)
// -----------------------------------------------------------------------------------------

TEST(SessionPressure, CloseKeepAliveAnswers503WithRetryAfter) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  bench.context.pressure = net::Pressure::CloseKeepAlive;
  client.send(get);
  bench.expect_end(client);
  EXPECT_TRUE(client.received.starts_with("HTTP/1.1 503 ")) << client.received;
  EXPECT_TRUE(client.received.contains("Retry-After: 1\r\n"));
  EXPECT_EQ(bench.last().reason, Reason::Overload);
}

TEST(SessionPressure, ShedIdleStillServes) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  bench.context.pressure = net::Pressure::ShedIdle;
  client.send(get);
  End backend = bench.accept(peer);
  backend.send(ok);
  EXPECT_FALSE(bench.expect(client, "ok").contains("Connection: close"));
}

}  // namespace
}  // namespace pintle::proxy
