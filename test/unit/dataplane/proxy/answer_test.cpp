// Answers of the gateway itself, and filters as a user may have written them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/bench.hpp"

namespace pintle::proxy {
namespace {

// ---- refused in the body (req 8)
// -------------------------------------------------------------------------------------------

TEST(RefusedBody, ClosesBothSides) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  End backend = bench.accept(peer);
  bench.expect(backend, "ab");
  client.send("0x1\r\n");
  bench.expect_end(client);
  EXPECT_TRUE(client.received.starts_with("HTTP/1.1 400 ")) << client.received;
  EXPECT_TRUE(client.received.contains("Connection: close\r\n"));
  EXPECT_TRUE(bench.run_until([&] { return backend.pull(), backend.ended || backend.cut; }));
  EXPECT_FALSE(backend.received.ends_with("0\r\n\r\n")) << "it must not look complete";
  EXPECT_EQ(bench.last().reason, Reason::BadRequest);
}

// ---- what a user wrote into filters
// ------------------------------------------------------------------------------------------

TEST(Rewrite, WhatIsNoPathIs500AndNothingIsSent) {
  for (const std::string_view path :
       {"/a b", "/a\r\nX-Evil: 1", "/a?b", "/a#b", "/a\\b", "/%zz", "/%00", "/..", "/\x80"}) {
    SCOPED_TRACE(path);
    Bench bench;
    Peer peer;
    route::Rule rule;
    rule.filters.rewrite = route::UrlRewrite{.hostname = {}, .path = route::ReplaceFullPath{std::string(path)}};
    bench.serve({&peer}, std::move(rule));
    End client = bench.connect();
    client.send(get);
    EXPECT_TRUE(bench.expect(client, "\r\n\r\n").starts_with("HTTP/1.1 500 "));
    EXPECT_EQ(bench.last().reason, Reason::FilterInvalid);
    EXPECT_FALSE(peer.accept().is_open());
  }
}

TEST(Rewrite, IsNormalisedAndNeverEmpty) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"", "GET /?q=1 HTTP/1.1\r\n"},
      {"no-slash", "GET /no-slash?q=1 HTTP/1.1\r\n"},
      {"/a/../b//c/%7e", "GET /b/c/~?q=1 HTTP/1.1\r\n"},
  };
  for (const auto& [path, line] : cases) {
    SCOPED_TRACE(path);
    Bench bench;
    Peer peer;
    route::Rule rule;
    rule.filters.rewrite = route::UrlRewrite{.hostname = {}, .path = route::ReplaceFullPath{path}};
    bench.serve({&peer}, std::move(rule));
    End client = bench.connect();
    client.send("GET /x/y?q=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    End backend = bench.accept(peer);
    EXPECT_TRUE(bench.expect(backend, "\r\n\r\n").starts_with(line));
  }
}

TEST(Redirect, ALocationThatWouldBreakTheHeadIs500) {
  Bench bench;
  route::Redirect redirect;
  redirect.path = route::ReplaceFullPath{"/x\r\nSet-Cookie: evil=1"};
  bench.serve_action(redirect);
  End client = bench.connect();
  client.send(get);
  const std::string answer = bench.expect(client, "\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 "));
  EXPECT_FALSE(answer.contains("evil"));
}

TEST(Filters, AValueThatWouldBreakTheLineIsLeftOut) {
  Bench bench;
  Peer peer;
  route::Rule rule;
  rule.filters.request = route::HeaderEdits{};
  rule.filters.response = route::HeaderEdits{};
  rule.filters.request->set.push_back({.name = "X-A", .value = "1\r\nX-Evil: 1"});
  rule.filters.request->add.push_back({.name = "X B", .value = "1"});
  rule.filters.response->add.push_back({.name = "X-C", .value = "1\nX-Evil: 1"});
  rule.filters.response->set.push_back({.name = "X-Good", .value = "1"});
  bench.serve({&peer}, std::move(rule));
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  const std::string head = bench.expect(backend, "\r\n\r\n");
  EXPECT_FALSE(head.contains("X-A") || head.contains("Evil") || head.contains("X B")) << head;
  backend.send(ok);
  const std::string answer = bench.expect(client, "ok");
  EXPECT_FALSE(answer.contains("X-C") || answer.contains("Evil")) << answer;
  EXPECT_TRUE(answer.contains("X-Good: 1\r\n"));
}

// ---- own answers
// ---------------------------------------------------------------------------------------------------------

TEST(OwnAnswers, KeepTheConnectionWhereTheBodyIsOutOfTheWay) {
  struct Case {
    std::string_view request;
    bool kept;
  };
  const Case cases[] = {
      {get, true},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", true},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", true},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nbody", false},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", true},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.request);
    Bench bench;
    bench.serve_action(route::Failure{.status = 500, .reason = Reason::RefInvalid, .detail = "not for the client"});
    End client = bench.connect();
    client.send(one.request);
    const std::string answer = bench.expect(client, "\n");
    EXPECT_EQ(answer.contains("Connection: close\r\n"), !one.kept);
    EXPECT_FALSE(answer.contains("not for the client"));
    EXPECT_EQ(bench.notes.requests.size(), 1U);
    if (one.kept) {
      client.send(get);
      bench.expect(client, "ref_invalid");
    } else {
      bench.expect_end(client);
    }
  }
}

TEST(OwnAnswers, ToHeadHasNoBody) {
  Bench bench;
  bench.serve_action(route::Failure{.status = 500, .reason = Reason::RefInvalid, .detail = {}});
  End client = bench.connect();
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(bench.expect(client, "\r\n\r\n").ends_with("\r\n\r\n"));
  bench.settle();
  EXPECT_EQ(client.pull(), "");
  EXPECT_EQ(bench.last().response_body, 0U);
}

TEST(OwnAnswers, TraceNeedsARouteThatNamesIt) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = bench.expect(client, "\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 "));
  EXPECT_TRUE(answer.contains("Allow: "));
}

TEST(OwnAnswers, MoreThanEightInterimHeadsAre502) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  for (int i = 0; i < 9; ++i) backend.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  const std::string answer = bench.expect(client, "upstream_protocol");
  EXPECT_TRUE(answer.contains("HTTP/1.1 502 "));
}

}  // namespace
}  // namespace pintle::proxy
