// Backends that speak HTTP/2, behind clients of both kinds.
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/h2_backend.hpp"

namespace pintle::proxy {
namespace {

TEST(H2Upstream, AGetGoesThrough) {
  H2Backend h2;
  End client = h2.bench.connect();
  client.send("GET /cart?id=7 HTTP/1.1\r\nHost: a.test\r\nConnection: x-gone\r\nX-Gone: 1\r\nX-Kept: 2\r\n\r\n");
  H2Peer backend = h2.accept();
  const std::int32_t id = h2.until_request(backend);
  const Message& request = backend.messages[id];
  EXPECT_EQ(request.field(":method"), "GET");
  EXPECT_EQ(request.field(":path"), "/cart?id=7");
  EXPECT_EQ(request.field(":authority"), "a.test");
  EXPECT_EQ(request.field(":scheme"), "http");
  EXPECT_EQ(request.field("x-kept"), "2");
  EXPECT_EQ(request.field("x-gone"), "");
  EXPECT_EQ(request.field("host"), "");
  EXPECT_EQ(request.field("x-forwarded-for"), "127.0.0.1");
  backend.respond(id, {{":status", "200"}, {"content-length", "2"}, {"x-seen", "yes"}}, "ok");
  backend.finish(id);
  const std::string answer = h2.bench.expect(client, "ok");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("x-seen: yes\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("chunked"), std::string::npos);
  EXPECT_EQ(h2.bench.last().status, 200);
}

TEST(H2Upstream, ManyExchangesShareAConnection) {
  H2Backend h2;
  End one = h2.bench.connect();
  End two = h2.bench.connect();
  one.send(get);
  two.send(get);
  H2Peer backend = h2.accept();
  const std::int32_t first = h2.until_request(backend, 0);
  const std::int32_t second = h2.until_request(backend, 1);
  EXPECT_FALSE(h2.peer.accept().is_open());
  backend.respond(second, {{":status", "200"}}, "second");
  backend.finish(second);
  backend.respond(first, {{":status", "200"}}, "first");
  backend.finish(first);
  const std::string answers = h2.bench.expect(one, "0\r\n\r\n") + h2.bench.expect(two, "0\r\n\r\n");
  EXPECT_NE(answers.find("first"), std::string::npos);
  EXPECT_NE(answers.find("second"), std::string::npos);
}

TEST(H2Upstream, HeadHasNoBody) {
  H2Backend h2;
  End client = h2.bench.connect();
  client.send("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  H2Peer backend = h2.accept();
  const std::int32_t id = h2.until_request(backend);
  backend.respond(id, {{":status", "200"}, {"content-length", "10"}});
  EXPECT_NE(h2.bench.expect(client, "\r\n\r\n").find("content-length: 10\r\n"), std::string::npos);
  EXPECT_EQ(h2.bench.last().reason, Reason::Upstream);
}

TEST(H2Upstream, BodiesBothWaysThroughHttp2OnBothSides) {
  H2Backend h2;
  H2Peer client(h2.bench, h2.bench.connect(), H2Peer::Kind::Client);
  const std::string upload(200'000, 'u');
  Fields fields = h2_get("/", {{"te", "trailers"}});
  fields[0].second = "POST";
  const std::int32_t id = client.request(fields, upload);
  client.finish(id, {{"x-sum", "1"}});
  H2Peer backend = h2.accept();
  client.until([&] {
    backend.step();
    return !backend.began.empty() && backend.messages[backend.began[0]].ended;
  });
  const std::int32_t at_backend = backend.began[0];
  EXPECT_EQ(backend.messages[at_backend].body, upload);
  EXPECT_EQ(backend.messages[at_backend].trailers, (Fields{{"x-sum", "1"}}));
  EXPECT_EQ(backend.messages[at_backend].field("te"), "trailers");
  const std::string download(300'000, 'd');
  backend.respond(at_backend, {{":status", "200"}}, download);
  backend.finish(at_backend, {{"grpc-status", "0"}});
  client.until([&] {
    backend.step();
    return client.messages[id].ended;
  });
  EXPECT_EQ(client.messages[id].body, download);
  EXPECT_EQ(client.messages[id].trailers, (Fields{{"grpc-status", "0"}}));
}

TEST(H2Upstream, TrailersOnlyStaysTrailersOnly) {
  H2Backend h2;
  H2Peer client(h2.bench, h2.bench.connect(), H2Peer::Kind::Client);
  const std::int32_t id = client.request(h2_get("/", {{"te", "trailers"}}));
  H2Peer backend = h2.accept();
  backend.respond(h2.until_request(backend), {{":status", "200"}, {"grpc-status", "12"}});
  const Message& answer = client.until_ended(id);
  EXPECT_EQ(answer.field("grpc-status"), "12");
  EXPECT_EQ(answer.body, "");
  EXPECT_TRUE(answer.trailers.empty());
}

TEST(H2Upstream, ACancelIsPassedOn) {
  H2Backend h2;
  H2Peer client(h2.bench, h2.bench.connect(), H2Peer::Kind::Client);
  const std::int32_t id = client.request(h2_get("/"));
  H2Peer backend = h2.accept();
  const std::int32_t at_backend = h2.until_request(backend);
  client.reset(id, 8);
  backend.until([&] { return backend.messages[at_backend].closed.has_value(); });
  EXPECT_EQ(backend.messages[at_backend].closed, 8U);  // CANCEL
  // The connection to the backend stays.
  const std::int32_t next = client.request(h2_get("/next"));
  const std::int32_t second = h2.until_request(backend, 1);
  backend.respond(second, {{":status", "204"}});
  EXPECT_EQ(client.until_ended(next).field(":status"), "204");
}

TEST(H2Upstream, HeadsAtTheLimitHaveRoomForWhatTheGatewayAdds) {
  H2Backend h2;
  H2Peer client(h2.bench, h2.bench.connect(), H2Peer::Kind::Client);
  Fields request = h2_get("/");
  for (unsigned i = 0; i < 99; ++i) request.emplace_back("x", "1");
  const std::int32_t id = client.request(request);
  H2Peer backend = h2.accept();
  const std::int32_t at_backend = h2.until_request(backend);
  EXPECT_EQ(backend.messages[at_backend].field("x-forwarded-for"), "127.0.0.1");
  Fields answer{{":status", "200"}};
  for (unsigned i = 0; i < 199; ++i) answer.emplace_back("y", "1");
  backend.respond(at_backend, answer, "no length");
  backend.finish(at_backend);
  EXPECT_EQ(client.until_ended(id).field(":status"), "200");
  EXPECT_EQ(client.messages[id].body, "no length");
}

TEST(H2Upstream, AnEarlyAnswerEndsTheStream) {
  H2Backend h2;
  H2Peer client(h2.bench, h2.bench.connect(), H2Peer::Kind::Client);
  Fields fields = h2_get("/");
  fields[0].second = "POST";
  const std::int32_t id = client.request(fields, std::string(100'000, 'x'));
  client.finish(id);
  H2Peer backend = h2.accept(H2Peer::Window::Held);
  client.until([&] {
    backend.step();
    return !backend.began.empty() && backend.messages[backend.began[0]].body.size() == 65'535;
  });
  for (unsigned turn = 0; turn < 20; ++turn)
    client.until([&] { return h2.bench.settle(), true; });  // the gateway has all
  const std::int32_t at_backend = backend.began[0];
  backend.respond(at_backend, {{":status", "413"}});
  EXPECT_EQ(client.until_ended(id).field(":status"), "413");
  backend.until([&] { return backend.messages[at_backend].closed.has_value(); });
  EXPECT_EQ(backend.messages[at_backend].closed, 8U);  // CANCEL
}

TEST(H2Upstream, WhatIsWrongWithOneExchangeEndsNoOther) {
  H2Backend h2;
  H2Peer client(h2.bench, h2.bench.connect(), H2Peer::Kind::Client);
  const std::int32_t slow = client.request(h2_get("/slow"));
  H2Peer backend = h2.accept();
  const std::int32_t slow_at_backend = h2.until_request(backend);
  Fields large{{":status", "200"}};
  for (unsigned i = 0; i < 201; ++i) large.emplace_back("x", "1");
  for (std::size_t i = 1; i <= 1200; ++i) {
    const std::int32_t id = post_many(h2, client, 1).front();
    const std::int32_t at_backend = h2.until_request(backend, i);
    if (i <= 4)
      backend.respond(at_backend, large);
    else
      backend.reset(at_backend, 8);
    ASSERT_EQ(client.until_ended(id).field(":status"), "502") << i;
  }
  backend.respond(slow_at_backend, {{":status", "204"}});
  EXPECT_EQ(client.until_ended(slow).field(":status"), "204");
}

TEST(H2Upstream, IdleConnectionsAreBounded) {
  Settings wanted;
  wanted.upstream.max_idle_per_endpoint = 1;
  H2Backend h2(wanted);
  End one = h2.bench.connect();
  one.send(get);
  H2Peer backend = h2.accept();
  backend.set_max_streams(1);
  const std::int32_t first = h2.until_request(backend);
  End two = h2.bench.connect();
  two.send(get);
  H2Peer second = h2.accept();
  second.respond(h2.until_request(second), {{":status", "204"}});
  second.until([&] { return second.end.ended; });
  backend.respond(first, {{":status", "204"}});
  h2.bench.expect(one, "\r\n\r\n");
  one.send(get);
  static_cast<void>(h2.until_request(backend, 1));
}

TEST(H2Upstream, AConnectThatFailsIsTold) {
  Bench bench;
  Peer peer(Peer::Kind::Refuses);
  bench.backend_protocol = runtime::BackendProtocol::Http2;
  bench.serve({&peer});
  End client = bench.connect();
  client.send(get);
  EXPECT_TRUE(bench.expect(client, "\r\n\r\n").starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(bench.last().upstream_status, 0);
}

TEST(H2Upstream, ABackendThatSpeaksHttp1IsNoAnswer) {
  H2Backend h2;
  End client = h2.bench.connect();
  client.send(get);
  End backend = h2.bench.accept(h2.peer);
  h2.bench.expect(backend, "PRI * HTTP/2.0\r\n");
  backend.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(h2.bench.expect(client, "\r\n\r\n").starts_with("HTTP/1.1 502 "));
}

TEST(H2Upstream, AConcurrencyTheBackendSetsIsKept) {
  H2Backend h2;
  End one = h2.bench.connect();
  one.send(get);
  H2Peer backend = h2.accept();
  backend.set_max_streams(1);
  const std::int32_t first = h2.until_request(backend);
  End two = h2.bench.connect();
  two.send(get);
  H2Peer second = h2.accept();
  second.respond(h2.until_request(second), {{":status", "204"}});
  h2.bench.expect(two, "\r\n\r\n");
  backend.respond(first, {{":status", "204"}});
  h2.bench.expect(one, "\r\n\r\n");
  EXPECT_EQ(backend.began.size(), 1U);
}

}  // namespace
}  // namespace pintle::proxy
