// An exchange that waits for an authorization server.
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/auth_filters.hpp"
#include "test/unit/dataplane/proxy/bench.hpp"

namespace pintle::proxy {
namespace {

constexpr std::string_view allow = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-User: me\r\n\r\n";

struct Guarded : testing::Test {
  void serve(route::ExternalAuth auth = http_auth(), route::Rule rule = {}) {
    auth.backend = {1};
    auth.name = "default/auth:80";
    rule.filters.auth = std::move(auth);
    bench.others = {&server};
    bench.serve({&backend}, std::move(rule));
  }
  explicit Guarded(const Settings& settings = {}) : bench(settings) {}
  /// The next connection to the server; its first question, read up to `until`, is answered with yes.
  End grant(std::string_view until = "\r\n\r\n") {
    End asked = bench.accept(server);
    bench.expect(asked, until);
    asked.send(allow);
    return asked;
  }
  Bench bench;
  Peer backend;
  Peer server;
};

TEST_F(Guarded, NothingGoesOnBeforeTheAnswer) {
  serve();
  End client = bench.connect();
  client.send("GET /a HTTP/1.1\r\nHost: a.test\r\nX-User: forged\r\n\r\n");
  End asked = bench.accept(server);
  bench.expect(asked, "\r\n\r\n");
  bench.settle();
  EXPECT_FALSE(backend.accept().is_open());
  asked.send(allow);
  End upstream = bench.accept(backend);
  const std::string got = bench.expect(upstream, "\r\n\r\n");
  EXPECT_NE(got.find("X-User: me\r\n"), std::string::npos) << got;
  EXPECT_EQ(got.find("forged"), std::string::npos) << got;
  upstream.send(ok);
  bench.expect(client, "ok");
  EXPECT_EQ(bench.last().reason, Reason::Upstream);
}

TEST_F(Guarded, TheServersNoIsTheAnswer) {
  serve();
  End client = bench.connect();
  client.send(get);
  End asked = bench.accept(server);
  bench.expect(asked, "\r\n\r\n");
  asked.send(
      "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nDate: x\r\nContent-Type: text/html\r\nContent-Length: "
      "4\r\n\r\nlogin");
  asked.finish();
  EXPECT_TRUE(bench.run_until([&] { return !bench.notes.requests.empty(); }));
  const std::string answer = client.pull();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << "more than was announced: " << answer;

  static_cast<void>(client.take());
  client.send(get);
  asked = bench.accept(server);
  bench.expect(asked, "\r\n\r\n");
  asked.send("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nlogin");
  const std::string denied = bench.expect(client, "login");
  EXPECT_TRUE(denied.starts_with("HTTP/1.1 401 ")) << denied;
  EXPECT_NE(denied.find("WWW-Authenticate: Basic\r\nContent-Type: text/html\r\nContent-Length: 5\r\n"),
            std::string::npos)
      << denied;
  EXPECT_EQ(bench.last().reason, Reason::ExtAuth);
  EXPECT_EQ(bench.last().detail, "authorization server default/auth:80 answered 401");
  EXPECT_FALSE(backend.accept().is_open());
}

TEST_F(Guarded, OfCorsTheRoutesWordCountsAlone) {
  route::Rule rule;
  route::Cors cors;
  cors.any_origin = true;
  cors.exposed = "X-Why";
  rule.filters.cors = std::move(cors);
  serve(http_auth(), std::move(rule));
  End client = bench.connect();
  client.send("GET /a HTTP/1.1\r\nHost: a.test\r\nOrigin: https://page.test\r\n\r\n");
  End asked = bench.accept(server);
  bench.expect(asked, "\r\n\r\n");
  asked.send(
      "HTTP/1.1 401 No\r\naccess-control-allow-origin: https://other.test\r\nAccess-Control-Max-Age: 9\r\nX-Why: it\r\n"
      "Content-Length: 0\r\n\r\n");
  const std::string denied = bench.expect(client, "\r\n\r\n");
  EXPECT_NE(denied.find("Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: X-Why\r\n"),
            std::string::npos)
      << denied;
  EXPECT_NE(denied.find("X-Why: it\r\n"), std::string::npos) << denied;
  EXPECT_EQ(denied.find("other.test"), std::string::npos) << denied;
  EXPECT_EQ(denied.find("Max-Age"), std::string::npos) << denied;
}

TEST_F(Guarded, NoServerIsNoYes) {
  server = Peer(Peer::Kind::Refuses);
  serve();
  End client = bench.connect();
  client.send(get);
  EXPECT_TRUE(bench.expect(client, "ext_auth").starts_with("HTTP/1.1 403 "));
  EXPECT_EQ(bench.last().reason, Reason::ExtAuth);
  EXPECT_FALSE(backend.accept().is_open());
}

struct GuardedInTime : Guarded {
  static Settings impatient() {
    Settings settings;
    settings.timeouts.external_auth = settings.timeouts.body_silence = Millis(30);
    return settings;
  }
  GuardedInTime() : Guarded(impatient()) {}
};

TEST_F(GuardedInTime, AServerThatIsSilentIsNoYes) {
  serve();
  End client = bench.connect();
  client.send(get);
  End asked = bench.accept(server);
  EXPECT_TRUE(bench.expect(client, "ext_auth").starts_with("HTTP/1.1 403 "));
  EXPECT_EQ(bench.last().detail, "authorization server default/auth:80: no answer in time");
  bench.expect_end(asked);
}

TEST_F(Guarded, AStaleConnectionIsTriedAgain) {
  serve();
  End client = bench.connect();
  client.send(get);
  End asked = grant();
  End upstream = bench.accept(backend);
  bench.expect(upstream, "\r\n\r\n");
  upstream.send(ok);
  bench.expect(client, "ok");
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi");
  bench.expect(asked, "\r\n\r\n");  // by the pooled connection, which dies
  asked.finish();
  End again = grant();
  bench.expect(upstream, "hi");
  upstream.send(ok);
  bench.expect(client, "ok");
}

TEST_F(Guarded, TheBodyGoesToBoth) {
  serve(with_body(10));
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  bench.settle();
  EXPECT_FALSE(server.accept().is_open()) << "not all of it is there";
  client.send("4\r\ndefg\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: a.test\r\n\r\n");
  End asked = bench.accept(server);
  EXPECT_NE(bench.expect(asked, "abcdefg").find("Content-Length: 7\r\n"), std::string::npos);
  asked.send(allow);
  End upstream = bench.accept(backend);
  EXPECT_NE(bench.expect(upstream, "0\r\n\r\n").find("7\r\nabcdefg\r\n"), std::string::npos);
  upstream.send(ok);
  bench.expect(client, "ok");
  End asked_next = grant("GET /next ");  // the connection that carried a body is not used again
  bench.expect(upstream, "GET /next ");
  upstream.send(ok);
  bench.expect(client, "ok");
}

TEST_F(Guarded, ABodyThatCannotBeSeenWholeIsRefused) {
  serve(with_body(4));
  for (const std::string_view request :
       {"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"}) {
    End client = bench.connect();
    client.send(request);
    EXPECT_TRUE(bench.expect(client, "body_too_large").starts_with("HTTP/1.1 413 "));
    EXPECT_FALSE(server.accept().is_open());
  }
}

TEST_F(Guarded, WhoExpectsAContinueGetsOneWhereTheBodyIsAskedAbout) {
  serve(with_body(10));
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  bench.expect(client, "HTTP/1.1 100 ");
  client.send("hi");
  End asked = grant("hi");
  End upstream = bench.accept(backend);
  bench.expect(upstream, "hi");
  upstream.send("HTTP/1.1 100 Continue\r\n\r\n");
  upstream.send(ok);
  EXPECT_EQ(bench.expect(client, "ok").find("100 Continue"), std::string::npos);
}

TEST_F(GuardedInTime, ABodyThatStopsEndsTheRequest) {
  serve(with_body(10));
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_TRUE(bench.expect(client, "request_timeout").starts_with("HTTP/1.1 408 "));
}

/// Exchanges are used again: what became of the link of the one before says nothing of this one's body.
TEST_F(GuardedInTime, ABodyThatStopsEndsTheRequestAfterOneWhoseBackendBroke) {
  serve(with_body(10));
  End first = bench.connect();
  first.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nab");
  End asked = grant("ab");
  End upstream = bench.accept(backend);
  bench.expect(upstream, "ab");
  upstream.reset();
  EXPECT_TRUE(bench.expect(first, "\r\n\r\n").starts_with("HTTP/1.1 502 "));
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_TRUE(bench.expect(client, "request_timeout").starts_with("HTTP/1.1 408 "));
}

TEST_F(Guarded, AConnectionThatCarriedABodyIsNotUsedAgain) {
  serve(with_body(10));
  for (int turn = 0; turn < 2; ++turn) {
    End client = bench.connect();
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab");
    End asked = grant("ab");  // a connection of its own each time
    End upstream = bench.accept(backend);
    bench.expect(upstream, "ab");
    upstream.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    bench.expect(client, "ok");
    bench.expect_end(asked);
  }
}

TEST_F(Guarded, FiltersRunInTheirOrder) {
  for (const bool before : {true, false}) {
    route::Rule rule;
    rule.filters.request = route::HeaderEdits{};
    rule.filters.request->set.push_back({.name = "X-User", .value = "gateway"});
    serve(auth_with([before](route::ExternalAuth& auth) { auth.before_edits = before; }), std::move(rule));
    End client = bench.connect();
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    End asked = grant();
    asked.finish();
    End upstream = bench.accept(backend);
    const std::string got = bench.expect(upstream, "\r\n\r\n");
    EXPECT_NE(got.find(before ? "X-User: gateway" : "X-User: me"), std::string::npos) << got;
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    bench.expect(client, "ok");
    bench.settle();
  }
}

TEST_F(Guarded, AClientThatLeavesEndsTheQuestion) {
  serve();
  End client = bench.connect();
  client.send(get);
  End asked = bench.accept(server);
  bench.expect(asked, "\r\n\r\n");
  client.reset();
  bench.expect_end(asked);
}

}  // namespace
}  // namespace pintle::proxy
