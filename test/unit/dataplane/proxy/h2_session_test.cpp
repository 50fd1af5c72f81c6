// Clients that speak HTTP/2, in front of backends of HTTP/1.
#include <algorithm>

#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/h2_peer.hpp"

namespace pintle::proxy {
namespace {

struct H2 {
  explicit H2(const Settings& settings = {}, H2Peer::Window window = H2Peer::Window::Given) : bench(settings) {
    bench.serve({&peer});
    client.emplace(bench, bench.connect(), H2Peer::Kind::Client, window);
  }
  Peer peer;
  Bench bench;
  std::optional<H2Peer> client;
};

TEST(H2Session, AGetGoesThrough) {
  H2 h2;
  const std::int32_t id = h2.client->request(h2_get("/cart?id=7", {{"user-agent", "test"}}));
  End backend = h2.bench.accept(h2.peer);
  const std::string head = h2.bench.expect(backend, "\r\n\r\n");
  EXPECT_TRUE(head.starts_with("GET /cart?id=7 HTTP/1.1\r\nHost: a.test\r\n")) << head;
  EXPECT_NE(head.find("user-agent: test\r\n"), std::string::npos);
  EXPECT_NE(head.find("X-Forwarded-For: 127.0.0.1\r\n"), std::string::npos);
  EXPECT_EQ(head.find("chunked"), std::string::npos);
  backend.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Seen: yes\r\nConnection: keep-alive\r\n\r\nok");
  const Message& answer = h2.client->until_ended(id);
  EXPECT_EQ(answer.field(":status"), "200");
  EXPECT_EQ(answer.field("x-seen"), "yes");
  EXPECT_EQ(answer.field("connection"), "");
  EXPECT_EQ(answer.body, "ok");
  EXPECT_EQ(h2.bench.last().status, 200);
  EXPECT_EQ(h2.bench.last().response_body, 2U);
}

TEST(H2Session, StreamsRunSideBySide) {
  H2 h2;
  const std::int32_t first = h2.client->request(h2_get("/first"));
  const std::int32_t second = h2.client->request(h2_get("/second"));
  End one = h2.bench.accept(h2.peer);
  End two = h2.bench.accept(h2.peer);
  EXPECT_TRUE(h2.bench.expect(one, "\r\n\r\n").starts_with("GET /first "));
  EXPECT_TRUE(h2.bench.expect(two, "\r\n\r\n").starts_with("GET /second "));
  two.send(ok);
  EXPECT_EQ(h2.client->until_ended(second).body, "ok");
  EXPECT_FALSE(h2.client->messages[first].ended);
  one.send(ok);
  EXPECT_EQ(h2.client->until_ended(first).body, "ok");
}

TEST(H2Session, BodiesBothWays) {
  H2 h2;
  const std::string upload(200'000, 'u');
  Fields fields = h2_get("/");
  fields[0].second = "POST";
  const std::int32_t id = h2.client->request(fields, upload);
  h2.client->finish(id);
  End backend = h2.bench.accept(h2.peer);
  h2.client->until([&] { return backend.pull().ends_with("0\r\n\r\n"); });
  EXPECT_NE(backend.received.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_GT(backend.received.size(), upload.size());
  EXPECT_EQ(std::ranges::count(backend.received, 'u'), 200'001);  // and one in chunked
  const std::string download(300'000, 'd');
  std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n493e0\r\n" + download + "\r\n0\r\n\r\n";
  std::size_t pushed = 0;
  h2.client->until([&] {
    pushed += backend.push(std::string_view(answer).substr(pushed));
    return h2.client->messages[id].ended;
  });
  EXPECT_EQ(h2.client->messages[id].body, download);
}

TEST(H2Session, ALengthThatWasGivenIsKept) {
  H2 h2;
  Fields fields = h2_get("/", {{"content-length", "4"}});
  fields[0].second = "PUT";
  const std::int32_t id = h2.client->request(fields, "body");
  h2.client->finish(id);
  End backend = h2.bench.accept(h2.peer);
  const std::string seen = h2.bench.expect(backend, "body");
  EXPECT_NE(seen.find("content-length: 4\r\n"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("chunked"), std::string::npos);
  backend.send(ok);
  EXPECT_EQ(h2.client->until_ended(id).body, "ok");
}

TEST(H2Session, TrailersBothWays) {
  H2 h2;
  Fields fields = h2_get("/", {{"te", "trailers"}});
  fields[0].second = "POST";
  const std::int32_t id = h2.client->request(fields, "x");
  h2.client->finish(id, {{"x-sum", "1"}});
  End backend = h2.bench.accept(h2.peer);
  EXPECT_NE(h2.bench.expect(backend, "0\r\nx-sum: 1\r\n\r\n").find("TE: trailers\r\n"), std::string::npos);
  backend.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\ngrpc-status: 0\r\n\r\n");
  const Message& answer = h2.client->until_ended(id);
  EXPECT_EQ(answer.body, "ok");
  EXPECT_EQ(answer.trailers, (Fields{{"grpc-status", "0"}}));
}

TEST(H2Session, CookieCrumbsAreJoined) {
  H2 h2;
  static_cast<void>(h2.client->request(h2_get("/", {{"cookie", "a=1"}, {"cookie", "b=2"}})));
  End backend = h2.bench.accept(h2.peer);
  EXPECT_NE(h2.bench.expect(backend, "\r\n\r\n").find("\r\ncookie: a=1; b=2\r\n"), std::string::npos);
}

TEST(H2Session, InterimAnswersArePassedOn) {
  H2 h2;
  const std::int32_t id = h2.client->request(h2_get("/"));
  End backend = h2.bench.accept(h2.peer);
  h2.bench.expect(backend, "\r\n\r\n");
  backend.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  h2.client->until([&] { return h2.client->messages[id].field(":status") == "103"; });
  backend.send(ok);
  const Message& answer = h2.client->until_ended(id);
  ASSERT_EQ(answer.interim.size(), 1U);
  EXPECT_EQ(answer.field(":status"), "200");
}

TEST(H2Session, AnAnswerThatIsCutEndsInReset) {
  H2 h2;
  const std::int32_t id = h2.client->request(h2_get("/"));
  End backend = h2.bench.accept(h2.peer);
  h2.bench.expect(backend, "\r\n\r\n");
  backend.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart");
  h2.client->until([&] { return h2.client->messages[id].body == "part"; });
  backend.finish();
  h2.client->until([&] { return h2.client->messages[id].closed.has_value(); });
  EXPECT_FALSE(h2.client->messages[id].ended);
  EXPECT_EQ(h2.client->messages[id].closed, 2U);  // INTERNAL_ERROR
  EXPECT_EQ(h2.bench.last().reason, Reason::UpstreamReset);
}

TEST(H2Session, AResetByTheClientReachesTheBackend) {
  H2 h2;
  const std::int32_t id = h2.client->request(h2_get("/"));
  End backend = h2.bench.accept(h2.peer);
  h2.bench.expect(backend, "\r\n\r\n");
  h2.client->reset(id, 8);
  h2.client->until([&] { return backend.pull(), backend.ended || backend.cut; });
  EXPECT_EQ(h2.bench.last().reason, Reason::ClientClosed);
  // The connection goes on.
  const std::int32_t next = h2.client->request(h2_get("/next"));
  End other = h2.bench.accept(h2.peer);
  h2.bench.expect(other, "\r\n\r\n");
  other.send(ok);
  EXPECT_EQ(h2.client->until_ended(next).body, "ok");
}

TEST(H2Session, ACallMayBeSilentAnUploadMayNot) {
  Settings wanted;
  wanted.timeouts.body_silence = wanted.timeouts.body_grace = std::chrono::milliseconds(100);
  H2 h2(wanted);
  Fields fields = h2_get("/", {{"content-type", "application/grpc"}});
  fields[0].second = "POST";
  const std::int32_t call = h2.client->request(fields, "x");
  End one = h2.bench.accept(h2.peer);
  h2.bench.expect(one, "1\r\nx\r\n");
  fields.back().second = "text/plain";
  const std::int32_t upload = h2.client->request(fields, "x");
  End two = h2.bench.accept(h2.peer);
  h2.client->until([&] { return h2.client->messages[upload].field(":status") == "408"; });
  h2.bench.settle();
  EXPECT_FALSE(h2.client->messages[call].closed);
  h2.client->write(call, "y");
  h2.bench.expect(one, "1\r\ny\r\n");
  one.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\ngrpc-status: 0\r\n\r\n");
  h2.client->until([&] { return h2.client->messages[call].ended; });
  EXPECT_EQ(h2.client->messages[call].trailers, (Fields{{"grpc-status", "0"}}));
}

// ---- ends --------------------------------------------------------------------------------------------------------

TEST(H2Session, DrainSaysGoawayTwiceAndFinishesWhatHasBegun) {
  H2 h2;
  const std::int32_t first = h2.client->request(h2_get("/first"));
  End one = h2.bench.accept(h2.peer);
  h2.bench.expect(one, "\r\n\r\n");
  h2.bench.context.sessions.for_each([](net::Session& session) { session.drain(); });
  h2.client->until([&] { return h2.client->goaway_code.has_value(); });
  EXPECT_EQ(h2.client->goaway_code, 0U);
  EXPECT_EQ(h2.client->goaway_last, 0x7FFFFFFF);
  // A request that was on its way is still taken.
  h2.client->until([&] { return h2.client->goaway_last == first; });
  one.send(ok);
  EXPECT_EQ(h2.client->until_ended(first).body, "ok");
  h2.bench.expect_end(h2.client->end);
}

TEST(H2Session, ADrainedConnectionEndsWithTheCancelOfItsLastStream) {
  H2 h2;
  const std::int32_t first = h2.client->request(h2_get("/first"));
  End one = h2.bench.accept(h2.peer);
  h2.bench.expect(one, "\r\n\r\n");
  h2.bench.context.sessions.for_each([](net::Session& session) { session.drain(); });
  h2.client->until([&] { return h2.client->goaway_last == first; });
  h2.client->reset(first, 8);
  h2.bench.expect_end(h2.client->end);  // and not after the time of an idle one
}

TEST(H2Session, WhoTakesNoAnswersGetsNoFurtherRequest) {
  Peer peer;
  Bench bench;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(std::string(h2_preface) + frame(4, 0, 0, std::string("\0\4", 2) + u32(0x7FFFFFFF)) +
              frame(8, 0, 0, u32(0x70000000)));  // windows as large as there are
  client.send(frame(1, 5, 1, block(h2_get("/large"))));
  End one = bench.accept(peer);
  bench.expect(one, "\r\n\r\n");
  one.send("HTTP/1.1 200 OK\r\nContent-Length: 240000000\r\n\r\n");
  const std::string large(1'000'000, 'x');
  for (unsigned turn = 0; turn < 50; ++turn) {
    one.push(large);
    bench.settle();
  }
  client.send(frame(1, 5, 3, block(h2_get("/next"))));  // while the first answer fills the socket
  bench.settle();
  EXPECT_FALSE(peer.accept().is_open());
  End two;
  EXPECT_TRUE(bench.run_until([&] {
    client.pull();
    client.received.clear();
    two = peer.accept();
    return two.is_open();
  }));
}

TEST(H2Session, AnIdleConnectionGoesWithTheSecondGoaway) {
  Peer peer;
  Bench bench;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(std::string(h2_preface) + frame(4, 0, 0, ""));
  bench.settle();
  bench.context.sessions.for_each([](net::Session& session) { session.drain(); });
  EXPECT_TRUE(bench.run_until([&] { return client.pull(), client.ended; }));
  std::vector<std::string> goaways;
  for (const Frame& one : frames_in(client.received))
    if (one.type == 7) goaways.push_back(one.payload);
  EXPECT_EQ(goaways, (std::vector{u32(0x7FFFFFFF) + u32(0), u32(0) + u32(0)}));
}

TEST(H2Session, AStreamThatIsNotReadHoldsUpNoOther) {
  H2 h2({}, H2Peer::Window::Held);
  const std::int32_t slow = h2.client->request(h2_get("/slow"));
  End one = h2.bench.accept(h2.peer);
  h2.bench.expect(one, "\r\n\r\n");
  const std::string large(24'000'000, 'x');
  one.send("HTTP/1.1 200 OK\r\nContent-Length: 24000000\r\n\r\n");
  std::size_t pushed = one.push(large);
  h2.client->until([&] { return h2.client->messages[slow].body.size() == 65'535; });
  h2.bench.settle();
  pushed += one.push(std::string_view(large).substr(pushed));
  h2.bench.settle();
  EXPECT_LT(pushed, large.size());  // the backend is held up, not remembered
  // The window of the connection is spent as well: the client gives back what it read of it.
  h2.client->give(slow, 1000);
  h2.client->until([&] { return h2.client->messages[slow].body.size() >= 65'535; });
  h2.client->reset(slow, 8);
  h2.client->until([&] { return one.pull(), one.ended || one.cut; });
}

// ---- WebSocket (RFC 8441) -------------------------------------------------------------------------------------------

const Fields websocket{{":method", "CONNECT"}, {":protocol", "websocket"},     {":scheme", "http"},
                       {":path", "/chat"},     {":authority", "a.test"},       {"sec-websocket-version", "13"},
                       {"origin", "http://a"}, {"sec-websocket-protocol", "x"}};

TEST(H2Session, WebSocketByExtendedConnect) {
  H2 h2;
  const std::int32_t id = h2.client->request(websocket, "early");
  End backend = h2.bench.accept(h2.peer);
  const std::string head = h2.bench.expect(backend, "\r\n\r\n");
  EXPECT_TRUE(head.starts_with("GET /chat HTTP/1.1\r\n")) << head;
  EXPECT_NE(head.find("Sec-WebSocket-Key: "), std::string::npos);
  EXPECT_NE(head.find("Upgrade: websocket\r\n"), std::string::npos);
  h2.bench.settle();
  EXPECT_EQ(backend.pull().find("early"), std::string::npos);  // not before the backend's word
  backend.send(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: x\r\n\r\nhello");
  h2.client->until([&] { return h2.client->messages[id].body == "hello"; });
  EXPECT_EQ(h2.client->messages[id].field(":status"), "200");
  EXPECT_EQ(h2.client->messages[id].field("sec-websocket-protocol"), "x");
  EXPECT_EQ(h2.client->messages[id].field("sec-websocket-accept"), "");
  h2.bench.expect(backend, "early");
  h2.client->write(id, "up");
  h2.bench.expect(backend, "up");
  backend.send("down");
  h2.client->until([&] { return h2.client->messages[id].body == "hellodown"; });
  h2.client->finish(id);
  h2.client->until([&] { return backend.pull(), backend.ended; });
  backend.finish();
  EXPECT_TRUE(h2.client->until_ended(id).ended);
}

TEST(H2Session, AnAnswerOtherThan101IsNoTunnel) {
  H2 h2;
  const std::int32_t id = h2.client->request(websocket, "");
  End backend = h2.bench.accept(h2.peer);
  h2.bench.expect(backend, "\r\n\r\n");
  backend.send(ok);
  h2.client->until([&] { return !h2.client->messages[id].field(":status").empty(); });
  EXPECT_EQ(h2.client->messages[id].field(":status"), "502");
}

TEST(H2Session, NotHttp2AfterThePreface) {
  Peer peer;
  Bench bench;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(std::string(h2_preface) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(bench.run_until([&] { return client.pull(), client.ended || client.cut; }));
  EXPECT_FALSE(peer.accept().is_open());
}

TEST(H2Session, ThePrefaceMayComeInPieces) {
  constexpr std::uint8_t headers = 1, settings = 4, end_stream = 1, end_headers = 4;
  Peer peer;
  Bench bench;
  bench.serve({&peer});
  const std::string all = std::string(h2_preface) + frame(settings, 0, 0, "") +
                          frame(headers, end_headers | end_stream, 1, block(h2_get("/", {})));
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    End client = bench.connect();
    client.send(std::string_view(all).substr(0, cut));
    bench.settle();
    client.send(std::string_view(all).substr(cut));
    End backend = bench.accept(peer);
    ASSERT_TRUE(bench.expect(backend, "\r\n\r\n").starts_with("GET / ")) << cut;
  }
}

}  // namespace
}  // namespace pintle::proxy
