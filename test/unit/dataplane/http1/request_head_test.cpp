// What the rows cannot show, because it is not in the forwarded bytes.
#include <gtest/gtest.h>

#include "test/unit/dataplane/http1/parsed.hpp"

namespace pintle::http1::test {
namespace {

struct KeepAliveRow {
  std::string_view version;
  std::string_view lines;
  bool keep_alive;
};

TEST(RequestHead, KeepAlive) {
  constexpr KeepAliveRow rows[] = {
      {"1.1", "", true},
      {"1.1", "Connection: keep-alive\r\n", true},
      {"1.1", "Connection: close\r\n", false},
      {"1.1", "Connection: CLOSE\r\n", false},
      {"1.1", "Connection: keep-alive, close\r\n", false},
      {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
      {"1.1", "Connection: x-close\r\n", true},
      {"1.1", "Proxy-Connection: close\r\n", true},
      {"1.0", "", false},
      {"1.0", "Connection: keep-alive\r\n", true},
      {"1.0", "Connection: Keep-Alive, X\r\n", true},
      {"1.0", "Connection: keep-alive, close\r\n", false},
      {"1.0", "Proxy-Connection: keep-alive\r\n", false},
  };
  for (const KeepAliveRow& row : rows) {
    const std::string text =
        "GET / HTTP/" + std::string(row.version) + "\r\nHost: a\r\n" + std::string(row.lines) + "\r\n";
    EXPECT_EQ(ParsedRequest(text).head.keep_alive, row.keep_alive) << text;
  }
}

TEST(RequestHead, Views) {
  const ParsedRequest r("OPTIONS http://B.example:81/x/%2e%2e/y?q=1 HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
  EXPECT_EQ(r.head.method, http::Method::Options);
  EXPECT_EQ(r.head.method_text, "OPTIONS");
  EXPECT_EQ(r.head.form, http::TargetForm::Absolute);
  EXPECT_EQ(r.head.path, "/y");
  EXPECT_TRUE(r.head.path_changed && r.head.has_query && r.head.te_trailers);
  EXPECT_EQ(r.head.query, "q=1");
  EXPECT_EQ(r.head.host(), "b.example");
  EXPECT_EQ(r.head.authority.port, 81);
  EXPECT_EQ(r.head.authority_text, "B.example:81");
  EXPECT_EQ(r.head.headers.fields.size(), 2U);
  EXPECT_EQ(r.head.body.kind, http::BodyKind::None);
}

TEST(RequestHead, CopyOfAHeadKeepsItsHost) {
  http::RequestHead copy;
  {
    const ParsedRequest r("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    copy = r.head;
  }
  EXPECT_EQ(copy.host(), "a.example");
}

TEST(RequestHead, ExpectUpgradeAndBody) {
  const ParsedRequest expecting("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_TRUE(expecting.head.expect_continue);
  EXPECT_EQ(expecting.head.body.kind, http::BodyKind::Length);
  EXPECT_EQ(expecting.head.body.length, 3U);
  const ParsedRequest nothing_to_wait_for(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(nothing_to_wait_for.head.expect_continue);
  const ParsedRequest websocket("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(websocket.head.upgrade, http::Upgrade::Websocket);
  const ParsedRequest h2c("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n");
  EXPECT_EQ(h2c.head.upgrade, http::Upgrade::None);
  const ParsedRequest connect("CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connect.head.method, http::Method::Connect);
  EXPECT_EQ(connect.head.form, http::TargetForm::Authority);
  EXPECT_EQ(connect.head.host(), "b");
}

/// One parser and one set of structures for all requests of a connection: nothing of the one before is left.
TEST(RequestHead, NothingIsLeftOfTheRequestBefore) {
  std::string first =
      "POST /a/./b?x HTTP/1.1\r\nHost: a:1\r\nConnection: close, X-A\r\nX-A: 1\r\nTE: trailers\r\nExpect: "
      "100-continue\r\n"
      "Content-Length: 3\r\n\r\n";
  std::string second = "GET /c HTTP/1.1\r\nHost: b\r\n\r\n";
  RequestHeadParser parser;
  http::RequestHead head;
  RequestFields fields;
  ASSERT_EQ(parser.parse(first, {}, head, fields).progress, Progress::Done);
  ASSERT_EQ(parser.parse(second, {}, head, fields).progress, Progress::Done);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expect_continue || head.te_trailers || head.has_query || head.path_changed);
  EXPECT_TRUE(head.nominated.empty());
  EXPECT_EQ(head.body.kind, http::BodyKind::None);
  EXPECT_EQ(head.authority.port, 0);
  EXPECT_EQ(head.host(), "b");
  EXPECT_EQ(head.query, "");
}

TEST(RequestHead, RefusesAsSoonAsItKnows) {
  std::string bytes = "GET / HTTP/3.0\r\n";
  RequestHeadParser parser;
  http::RequestHead head;
  RequestFields fields;
  EXPECT_EQ(parser.parse(bytes, {}, head, fields).refusal.status, 505);
  std::string garbage(40, 'A');
  EXPECT_EQ(parser.parse(garbage, {}, head, fields).refusal.status, 400);
  std::string open = "GET /";
  EXPECT_EQ(parser.parse(open, {}, head, fields).progress, Progress::NeedMore);
  EXPECT_EQ(parser.parse({}, {}, head, fields).progress, Progress::NeedMore);
}

TEST(RequestHead, KeepsToGivenRules) {
  std::string bytes = "GET /a%2fb//c HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestHeadParser parser;
  http::RequestHead head;
  RequestFields fields;
  RequestRules rules;
  rules.path = {.slashes = http::Slashes::Keep, .escaped_slash = http::EscapedSlash::Keep};
  ASSERT_EQ(parser.parse(bytes, rules, head, fields).progress, Progress::Done);
  EXPECT_EQ(head.path, "/a%2Fb//c");
  rules.path.escaped_slash = http::EscapedSlash::Refuse;
  EXPECT_EQ(parser.parse(bytes, rules, head, fields).refusal.requirement, 32);
  rules = {};
  rules.limits.head = 20;
  EXPECT_EQ(parser.parse(bytes, rules, head, fields).refusal.status, 431);
}

}  // namespace
}  // namespace pintle::http1::test
