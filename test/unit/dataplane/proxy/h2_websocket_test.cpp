// WebSockets to backends that speak HTTP/2 (RFC 8441).
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/h2_backend.hpp"

namespace pintle::proxy {
namespace {

constexpr std::string_view handshake =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

TEST(H2WebSocket, AWebSocketIsAnExtendedConnect) {
  H2Backend h2;
  End client = h2.bench.connect();
  client.send(handshake);
  H2Peer backend = h2.accept(H2Peer::Window::Given, H2Peer::Connect::Extended);
  backend.until([&] { return !backend.began.empty(); });
  const std::int32_t id = backend.began[0];
  EXPECT_EQ(backend.messages[id].field(":method"), "CONNECT");
  EXPECT_EQ(backend.messages[id].field(":protocol"), "websocket");
  EXPECT_EQ(backend.messages[id].field(":path"), "/chat");
  EXPECT_EQ(backend.messages[id].field("sec-websocket-version"), "13");
  EXPECT_EQ(backend.messages[id].field("sec-websocket-key"), "");
  backend.respond(id, {{":status", "200"}, {"sec-websocket-protocol", "chat"}}, "");
  const std::string answer = h2.bench.expect(client, "\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_NE(answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos) << answer;  // RFC 6455 section 1.3
  EXPECT_NE(answer.find("chat"), std::string::npos) << answer;
  client.send("up");
  backend.until([&] { return backend.messages[id].body == "up"; });
  backend.write(id, "down");
  h2.bench.expect(client, "down");
  backend.finish(id);
  h2.bench.expect_end(client);
}

TEST(H2WebSocket, AWebSocketPassesFromHttp2ToHttp2) {
  H2Backend h2;
  H2Peer client(h2.bench, h2.bench.connect(), H2Peer::Kind::Client);
  client.until([&] { return h2.bench.settle(), true; });
  Fields fields = h2_get("/chat", {{"sec-websocket-version", "13"}});
  fields[0].second = "CONNECT";
  fields.insert(fields.begin() + 1, {":protocol", "websocket"});
  const std::int32_t call = client.request(fields, "");
  H2Peer backend = h2.accept(H2Peer::Window::Given, H2Peer::Connect::Extended);
  backend.until([&] { return !backend.began.empty(); });
  const std::int32_t id = backend.began[0];
  backend.respond(id, {{":status", "200"}}, "hello");
  client.until([&] { return client.messages[call].body == "hello"; });
  EXPECT_EQ(client.messages[call].field(":status"), "200");
  client.write(call, "bye");
  client.finish(call);
  backend.until([&] { return backend.messages[id].ended; });
  EXPECT_EQ(backend.messages[id].body, "bye");
  backend.finish(id);
  client.until_ended(call);
}

TEST(H2WebSocket, AWebSocketThatIsRefusedHasItsAnswer) {
  H2Backend h2;
  End client = h2.bench.connect();
  client.send(handshake);
  H2Peer backend = h2.accept(H2Peer::Window::Given, H2Peer::Connect::Extended);
  backend.until([&] { return !backend.began.empty(); });
  backend.respond(backend.began[0], {{":status", "403"}, {"content-length", "2"}}, "no");
  backend.finish(backend.began[0]);
  EXPECT_TRUE(h2.bench.expect(client, "no").starts_with("HTTP/1.1 403 "));
}

TEST(H2WebSocket, AWebSocketNeedsABackendThatOffersIt) {
  H2Backend h2;
  std::optional<H2Peer> backend;
  for (unsigned known = 0; known < 2; ++known) {  // before and after its SETTINGS
    End client = h2.bench.connect();
    client.send(handshake);
    if (known == 0) backend.emplace(h2.bench, h2.bench.accept(h2.peer), H2Peer::Kind::Backend);
    EXPECT_TRUE(h2.bench.run_until([&] { return backend->step(), client.pull().contains("HTTP/1.1 502 "); }));
    EXPECT_TRUE(backend->began.empty());
  }
}

}  // namespace
}  // namespace pintle::proxy
