#include "dataplane/http1/forward_head.hpp"

#include <gtest/gtest.h>

#include "test/unit/dataplane/http1/parsed.hpp"

namespace pintle::http1::test {
namespace {

std::string forwarded(std::string_view text, const RequestForwarding& forwarding) {
  ParsedRequest r(text);
  edit_request(r.head, forwarding, r.edits);
  return flat(r.edits);
}

TEST(EditRequest, RewritesPathAndKeepsQuery) {
  EXPECT_EQ(forwarded("GET /a/b?x=1 HTTP/1.1\r\nHost: h\r\n\r\n", {.path = "/new"}),
            "GET /new?x=1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(forwarded("GET /a/./b?x=1 HTTP/1.0\r\nHost: h\r\n\r\n", {.path = "/a/longer/than/before"}),
            "GET /a/longer/than/before?x=1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(forwarded("GET http://h/a?x HTTP/1.1\r\nHost: h\r\n\r\n", {.path = "/"}),
            "GET /?x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(forwarded("GET http://h?x HTTP/1.1\r\nHost: h\r\n\r\n", {.path = "/y"}),
            "GET /y?x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(forwarded("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", {.path = "/y"}),
            "GET /y HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(forwarded("GET /a? HTTP/1.1\r\nHost: h\r\n\r\n", {.path = "/y"}), "GET /y? HTTP/1.1\r\nHost: h\r\n\r\n");
}

TEST(EditRequest, RewritesHost) {
  EXPECT_EQ(forwarded("GET / HTTP/1.1\r\nX: y\r\nHost: h:80\r\nZ: q\r\n\r\n", {.host = "other.example"}),
            "GET / HTTP/1.1\r\nX: y\r\nHost: other.example\r\nZ: q\r\n\r\n");
  EXPECT_EQ(forwarded("GET / HTTP/1.0\r\n\r\n", {.host = "b"}), "GET / HTTP/1.1\r\nHost: b\r\n\r\n");
  EXPECT_EQ(forwarded("GET http://x/ HTTP/1.1\r\nHost: h\r\n\r\n", {.host = "b"}), "GET / HTTP/1.1\r\nHost: b\r\n\r\n");
}

TEST(EditRequest, KeepsUnderscoreNamesWhereAskedButNeverManagedOnes) {
  constexpr std::string_view text =
      "GET / HTTP/1.1\r\nHost: h\r\nmy_field: 1\r\nX_Forwarded_For: 2\r\nX-Forwarded_Whatever: 3\r\n\r\n";
  EXPECT_EQ(forwarded(text, {.underscores = UnderscoreNames::Keep}),
            "GET / HTTP/1.1\r\nHost: h\r\nmy_field: 1\r\n\r\n");
}

// req 25: edits of the gateway come after the client's nominations were obeyed, so they cannot be nominated away.
TEST(EditRequest, GatewayFieldsSurviveNomination) {
  ParsedRequest r("GET / HTTP/1.1\r\nHost: h\r\nConnection: X-Gateway\r\nX-Gateway: client\r\n\r\n");
  edit_request(r.head, {}, r.edits);
  r.edits.set("X-Gateway", "ours");
  EXPECT_EQ(flat(r.edits), "GET / HTTP/1.1\r\nHost: h\r\nX-Gateway: ours\r\n\r\n");
}

struct ResponseRow {
  std::string_view name;
  std::string_view response;
  ResponseForwarding forwarding;
  std::string_view sent;
  http::BodyKind kind;
};

TEST(EditResponse, Table) {
  using http::BodyKind;
  using http::Version;
  const ResponseForwarding modern;
  const ResponseForwarding closing{.keep_alive = false};
  const ResponseForwarding old{.client = Version::Http10};
  const ResponseForwarding old_closing{.client = Version::Http10, .keep_alive = false};
  const ResponseRow rows[] = {
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", modern, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
       BodyKind::Length},
      {"length 003", "HTTP/1.1 200 OK\r\nContent-Length: 003\r\n\r\n", modern,
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", BodyKind::Length},
      {"hop by hop",
       "HTTP/1.1 200 OK\r\nConnection: close, X-A\r\nKeep-Alive: x\r\nX-A: 1\r\nUpgrade: h2c\r\nContent-Length: "
       "3\r\n\r\n",
       modern, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", BodyKind::Length},
      {"closing", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", closing,
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n", BodyKind::Length},
      {"no blank after the status", "HTTP/1.0 200\r\nContent-Length: 3\r\n\r\n", modern,
       "HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\n", http::BodyKind::Length},
      {"from 1.0", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", modern,
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", BodyKind::Length},
      {"to 1.0", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", old,
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n", BodyKind::Length},
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", modern,
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", BodyKind::Chunked},
      {"chunked to 1.0", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", old,
       "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", BodyKind::UntilClose},
      {"until close", "HTTP/1.0 200 OK\r\n\r\n", modern, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       BodyKind::Chunked},
      {"until close to 1.0", "HTTP/1.0 200 OK\r\n\r\n", old_closing, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
       BodyKind::UntilClose},
      {"204 with length", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", modern,
       "HTTP/1.1 204 No Content\r\n\r\n", BodyKind::None},
      {"304 keeps length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", modern,
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", BodyKind::None},
      {"interim", "HTTP/1.1 103 Early Hints\r\nLink: x\r\nConnection: close\r\n\r\n", closing,
       "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", BodyKind::None},
      {"trailer dropped", "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n", modern,
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", BodyKind::Chunked},
      {"trailer kept",
       "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n",
       {.trailers = Trailers::Forward},
       "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n",
       BodyKind::Chunked},
      {"protected nominee", "HTTP/1.1 200 OK\r\nConnection: Set-Cookie\r\nSet-Cookie: a\r\nContent-Length: 0\r\n\r\n",
       modern, "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nContent-Length: 0\r\n\r\n", BodyKind::Length},
  };
  for (const ResponseRow& row : rows) {
    SCOPED_TRACE(row.name);
    ParsedResponse r(row.response);
    const http::BodyFraming framing = edit_response(r.head, row.forwarding, r.edits);
    EXPECT_EQ(flat(r.edits), row.sent);
    EXPECT_EQ(framing.kind, row.kind);
  }
}

TEST(EditResponse, SwitchKeepsUpgrade) {
  ParsedResponse r("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
                   {.method = http::Method::Get, .upgrade = http::Upgrade::Websocket});
  EXPECT_EQ(edit_response(r.head, {}, r.edits).kind, http::BodyKind::None);
  EXPECT_EQ(flat(r.edits), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
}

TEST(EditResponse, HeadKeepsDeclaredLength) {
  ParsedResponse r("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", {.method = http::Method::Head});
  EXPECT_EQ(edit_response(r.head, {.method = http::Method::Head}, r.edits).kind, http::BodyKind::None);
  EXPECT_EQ(flat(r.edits), "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n");
}

}  // namespace
}  // namespace pintle::http1::test
