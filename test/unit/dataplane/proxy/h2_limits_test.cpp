// HTTP/2 clients that mean harm, in frames written by hand (req 24, 39, 41-48), and what ends a connection.
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/h2_peer.hpp"

namespace pintle::proxy {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t data = 0, headers = 1, priority = 2, rst = 3, settings = 4, ping = 6, window_update = 8,
                       continuation = 9;
constexpr std::uint8_t end_stream = 1, end_headers = 4, padded = 8;
constexpr std::uint32_t protocol_error = 1, refused_stream = 7, calm = 11;

std::string get_block(const Fields& more = {}) { return block(h2_get("/", more)); }

struct Raw {
  explicit Raw(const Settings& wanted = {}) : bench(wanted) {
    bench.serve({&peer});
    client = bench.connect();
    client.send(std::string(h2_preface) + frame(settings, 0, 0, ""));
  }
  /// Until the gateway has said GOAWAY with an error; its code.
  std::uint32_t until_goaway() {
    EXPECT_TRUE(bench.run_until([&] { return find_goaway(client.pull()).has_value() || client.cut; }));
    return find_goaway(client.received).value_or(0);
  }
  /// Sends pieces until the gateway has had enough, reading what it answers; how many it took.
  unsigned flood(const std::function<std::string(unsigned)>& piece, unsigned most) {
    for (unsigned i = 0; i < most; ++i) {
      if (find_goaway(client.pull()) || client.ended || client.cut) return i;
      if (client.received.size() > 100'000) client.received.clear();
      client.push(piece(i));
      if (i % 16 == 15) bench.settle();
    }
    bench.settle();
    client.pull();
    return most;
  }
  /// The first frame of this type on the stream.
  std::optional<Frame> find(std::uint8_t type, std::uint32_t stream) {
    for (const Frame& one : frames_in(client.pull()))
      if (one.type == type && one.stream == stream) return one;
    return std::nullopt;
  }
  Peer peer;
  Bench bench;
  End client;
};

std::uint32_t stream_of(unsigned i) { return 2 * i + 1; }

// ---- floods ---------------------------------------------------------------------------------------------------------

TEST(H2Limits, RapidResetIsEndedAndCostsNoRequest) {
  Raw raw;
  const unsigned taken = raw.flood(
      [](unsigned i) {
        return frame(headers, end_headers | end_stream, stream_of(i), get_block()) +
               frame(rst, 0, stream_of(i), u32(8));
      },
      100'000);
  // A look after each sixteenth, and on a busy machine the credit of some tenths of a second.
  EXPECT_LE(taken, 500U);
  EXPECT_GE(taken, 200U);
  EXPECT_EQ(raw.until_goaway(), calm);
  EXPECT_FALSE(raw.peer.accept().is_open());
  raw.bench.expect_end(raw.client);
  EXPECT_EQ(raw.bench.last().reason, Reason::RateLimited);
}

TEST(H2Limits, ResetsMadeInUsCountAsWell) {
  const std::string bad_name = block(h2_get("/", {{"Bad", "1"}}));
  const std::string mismatch = get_block({{"content-length", "5"}});
  const std::string overflow = frame(window_update, 0, 0, u32(0x7FFFFFFF));
  const std::vector<std::function<std::string(unsigned)>> ways = {
      [&](unsigned i) { return frame(headers, end_headers | end_stream, stream_of(i), bad_name); },
      [&](unsigned i) { return frame(headers, end_headers | end_stream, stream_of(i), mismatch); },
      [&](unsigned i) {
        return frame(headers, end_headers, stream_of(i), get_block()) +
               frame(window_update, 0, stream_of(i), u32(0x7FFFFFFF));
      },
      [&](unsigned i) { return frame(headers, end_headers | end_stream, stream_of(i), block({{":method", "GET"}})); },
  };
  for (std::size_t way = 0; way < ways.size(); ++way) {
    Raw raw;
    EXPECT_LE(raw.flood(ways[way], 100'000), 500U) << way;
    EXPECT_EQ(raw.until_goaway(), calm) << way;
  }
}

TEST(H2Limits, FramesThatCarryNothingAreCounted) {
  const std::string begun = frame(headers, end_headers, 1, get_block());
  const std::string cancel = frame(rst, 0, 1, u32(8));
  const std::vector<std::function<std::string(unsigned)>> ways = {
      [](unsigned) { return frame(ping, 0, 0, "12345678"); },
      [](unsigned) { return frame(settings, 0, 0, ""); },
      [](unsigned) { return frame(priority, 0, 1, std::string(5, '\0')); },
      [](unsigned) { return frame(window_update, 0, 0, u32(1)); },
      [](unsigned) { return frame(0x77, 0, 0, "x"); },
      [&](unsigned i) { return (i == 0 ? begun : "") + frame(data, 0, 1, ""); },
      // Padding alone is no payload, nor is what comes on a stream that was reset, at its end or before.
      [&](unsigned i) { return (i == 0 ? begun : "") + frame(data, padded, 1, std::string(1, '\0')); },
      [&](unsigned i) { return (i == 0 ? begun + cancel : "") + frame(data, 0, 1, "x"); },
      [&](unsigned i) { return (i == 0 ? begun + cancel : "") + frame(data, end_stream, 1, ""); },
  };
  for (std::size_t way = 0; way < ways.size(); ++way) {
    Raw raw;
    const unsigned taken = raw.flood(ways[way], 100'000);
    EXPECT_LE(taken, 2000U) << way;
    EXPECT_GE(taken, 900U) << way;
    EXPECT_EQ(raw.until_goaway(), calm) << way;
  }
}

TEST(H2Limits, ADoomedConnectionIsReportedOnce) {
  Raw raw;
  raw.bench.settle();
  std::string flood;
  for (unsigned i = 0; i < 40'000; ++i) flood += frame(priority, 0, 1, std::string(5, '\0'));
  EXPECT_GT(raw.client.push(flood), 150'000U);  // several reads
  EXPECT_EQ(raw.until_goaway(), calm);
  raw.bench.settle();
  EXPECT_EQ(raw.bench.notes.requests.size(), 1U);
}

TEST(H2Limits, ContinuationsAreFew) {
  Raw raw;
  raw.client.send(frame(headers, end_stream, 1, get_block()));
  const unsigned taken = raw.flood([](unsigned) { return frame(continuation, 0, 1, literal("x-a", "1")); }, 10'000);
  EXPECT_LE(taken, 64U);
  EXPECT_TRUE(raw.bench.run_until([&] { return raw.client.pull(), raw.client.ended || raw.client.cut; }));
}

TEST(H2Limits, AHeaderBombEndsTheConnectionAtTheThirdBlock) {
  Raw raw;
  // An entry of nearly 4 KB in the table, then references to it of one byte each.
  std::string bomb(1, '\x40');
  bomb += std::string(literal("x-bomb", std::string(3900, 'b'))).substr(1);
  bomb = get_block() + bomb + std::string(8000, '\xBE');
  const std::string again = get_block() + std::string(8000, '\xBE');
  raw.client.send(frame(headers, end_headers | end_stream, 1, bomb));
  EXPECT_TRUE(raw.bench.run_until([&] { return raw.find(headers, 1).has_value(); }));
  EXPECT_EQ(raw.bench.last().status, 431);
  EXPECT_EQ(raw.bench.last().reason, Reason::HeaderTooLarge);
  raw.client.send(frame(headers, end_headers | end_stream, 3, again));
  EXPECT_TRUE(raw.bench.run_until([&] { return raw.find(headers, 3).has_value(); }));
  raw.client.send(frame(headers, end_headers | end_stream, 5, again));
  EXPECT_EQ(raw.until_goaway(), calm);
  EXPECT_FALSE(raw.peer.accept().is_open());
}

TEST(H2Limits, ManySmallFieldsAndCookieCrumbsAreTooMany) {
  for (const std::string_view name : {"x", "cookie"}) {
    Raw raw;
    Fields many;
    for (unsigned i = 0; i < 101; ++i) many.emplace_back(name, "a");
    raw.client.send(frame(headers, end_headers | end_stream, 1, get_block(many)));
    EXPECT_TRUE(raw.bench.run_until([&] { return raw.find(headers, 1).has_value(); }));
    EXPECT_EQ(raw.bench.last().status, 431) << name;
  }
}

TEST(H2Limits, AHundredStreamsAtOnce) {
  for (const bool knows : {false, true}) {
    Raw raw;
    raw.bench.settle();  // our SETTINGS
    if (knows) raw.client.send(frame(settings, 1, 0, ""));
    for (unsigned i = 0; i < 100; ++i) {
      raw.client.send(frame(headers, end_headers, stream_of(i), get_block()));
      raw.bench.settle();
    }
    EXPECT_FALSE(find_goaway(raw.client.pull()));
    raw.client.send(frame(headers, end_headers, stream_of(100), get_block()));
    if (knows) {
      EXPECT_EQ(raw.until_goaway(), protocol_error);
    } else {
      ASSERT_TRUE(raw.bench.run_until([&] { return raw.find(rst, stream_of(100)).has_value(); }));
      EXPECT_EQ(raw.find(rst, stream_of(100))->payload, u32(refused_stream));
    }
  }
}

// ---- heads that are none --------------------------------------------------------------------------------------------

TEST(H2Limits, WhatHttpDoesNotHaveIsReset) {
  const auto without = [](std::string_view name) {
    Fields fields = h2_get("/");
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    return fields;
  };
  const auto with = [](std::string_view name, std::string_view value) {
    Fields fields = h2_get("/");
    for (auto& field : fields)
      if (field.first == name) field.second = value;
    return fields;
  };
  const std::vector<Fields> rows = {
      without(":method"),
      without(":path"),
      without(":scheme"),
      with(":method", "GET /evil HTTP/1.1\r\nx: "),
      with(":method", "G ET"),
      with(":path", "/a b"),
      with(":path", "/a HTTP/1.1\r\nHost: evil\r\n\r\n"),
      with(":path", "http://evil/"),
      with(":path", "evil"),
      with(":path", "*"),
      with(":scheme", "ftp"),
      with(":scheme", "http\r\n"),
      with(":authority", "a\r\nb"),
      h2_get("/", {{"x-a", "1\r\nx-b: 2"}}),
      h2_get("/", {{"x-a", std::string("1\0", 2)}}),
      h2_get("/", {{"x-a", " 1"}}),
      h2_get("/", {{"x-a", "1 "}}),
      h2_get("/", {{"X-Big", "1"}}),
      h2_get("/", {{"x a", "1"}}),
      h2_get("/", {{"x:a", "1"}}),
      h2_get("/", {{"", "1"}}),
      h2_get("/", {{"connection", "close"}}),
      h2_get("/", {{"keep-alive", "1"}}),
      h2_get("/", {{"proxy-connection", "close"}}),
      h2_get("/", {{"transfer-encoding", "chunked"}}),
      h2_get("/", {{"upgrade", "websocket"}}),
      h2_get("/", {{"te", "gzip"}}),
      h2_get("/", {{":path", "/late"}}),
      h2_get("/", {{":unknown", "1"}}),
      h2_get("/", {{"content-length", "1"}}),
      h2_get("/", {{"content-length", "x"}}),
      h2_get("/", {{"content-length", "0"}, {"content-length", "0"}}),
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Raw raw;
    raw.client.send(frame(headers, end_headers | end_stream, 1, block(rows[i])));
    EXPECT_TRUE(raw.bench.run_until([&] { return raw.find(rst, 1).has_value() || raw.find(headers, 1).has_value(); }))
        << i;
    ASSERT_TRUE(raw.find(rst, 1).has_value()) << i;
    EXPECT_EQ(raw.find(rst, 1)->payload, u32(protocol_error)) << i;
    EXPECT_FALSE(raw.peer.accept().is_open()) << i;
    // The connection goes on.
    raw.client.send(frame(headers, end_headers | end_stream, 3, get_block()));
    EXPECT_TRUE(raw.bench.accept(raw.peer).is_open()) << i;
  }
}

TEST(H2Limits, WhatHttp1RefusesIsRefusedWithTheSameStatus) {
  struct Row {
    Fields fields;
    std::uint16_t status;
  };
  const std::vector<Row> rows = {
      {h2_get("/", {{"host", "other.test"}}), 400},
      {h2_get("/a#b"), 400},
      {h2_get("/../a"), 400},
      {h2_get("/%zz"), 400},
      {h2_get("/", {{"expect", "more"}}), 417},
      {h2_get("/" + std::string(8200, 'a')), 414},
      {h2_get("/", {{"x", std::string(16'400, 'a')}}), 431},
  };
  for (const Row& row : rows) {
    Peer peer;
    Bench bench;
    bench.serve({&peer});
    H2Peer client(bench, bench.connect(), H2Peer::Kind::Client);
    const std::int32_t id = client.request(row.fields);
    EXPECT_EQ(client.until_ended(id).field(":status"), std::to_string(row.status)) << row.fields[3].second.substr(0, 9);
    EXPECT_EQ(bench.last().status, row.status);
    EXPECT_FALSE(peer.accept().is_open());
  }
}

TEST(H2Limits, ARefusedHeadHasNoBody) {
  const std::vector<Fields> rows = {h2_get("/" + std::string(8200, 'a')), h2_get("/", {{"host", "other.test"}}),
                                    h2_get("/%zz")};
  for (Fields row : rows) {
    Peer peer;
    Bench bench;
    bench.serve({&peer});
    H2Peer client(bench, bench.connect(), H2Peer::Kind::Client);
    row[0].second = "HEAD";
    const std::int32_t id = client.request(row);
    client.until([&] { return client.messages[id].closed.has_value(); });
    EXPECT_EQ(client.messages[id].closed, 0U) << client.messages[id].field(":status");
    EXPECT_EQ(client.messages[id].body, "");
  }
}

TEST(H2Limits, UserinfoAndConnectAreRefused) {
  Peer peer;
  Bench bench;
  bench.serve({&peer});
  H2Peer client(bench, bench.connect(), H2Peer::Kind::Client);
  Fields userinfo = h2_get("/");
  userinfo[2].second = "u@a.test";
  EXPECT_EQ(client.until_ended(client.request(userinfo)).field(":status"), "400");
  const std::int32_t id = client.request({{":method", "CONNECT"}, {":authority", "a.test:443"}}, "");
  client.until([&] { return !client.messages[id].field(":status").empty(); });
  EXPECT_EQ(client.messages[id].field(":status"), "405");
}

// ---- time -----------------------------------------------------------------------------------------------------------

TEST(H2Limits, AWindowOfNothingIsNotWaitedForLong) {
  Settings wanted;
  wanted.timeouts.write_stall = 100ms;
  Raw raw(wanted);
  raw.client.send(frame(settings, 0, 0, std::string("\0\x04", 2) + u32(0)));  // INITIAL_WINDOW_SIZE 0
  raw.client.send(frame(headers, end_headers | end_stream, 1, get_block()));
  End backend = raw.bench.accept(raw.peer);
  raw.bench.expect(backend, "\r\n\r\n");
  backend.send(ok);
  EXPECT_TRUE(raw.bench.run_until([&] { return raw.find(rst, 1).has_value(); }));
  EXPECT_EQ(raw.find(rst, 1)->payload, u32(8));
}

TEST(H2Limits, AHeadMustComeWhole) {
  Settings wanted;
  wanted.timeouts.head = 100ms;
  Raw raw(wanted);
  raw.client.send(frame(headers, end_stream, 1, get_block()));  // no END_HEADERS
  raw.bench.expect_end(raw.client);
}

/// Stream 1 waits for its answer meanwhile, and gets it.
void expect_stream_1_outlives(Raw& raw, End& backend, std::string_view frames) {
  raw.bench.expect(backend, "\r\n\r\n");
  raw.client.send(frames);
  const auto later = std::chrono::steady_clock::now() + 300ms;
  EXPECT_TRUE(raw.bench.run_until([&] { return std::chrono::steady_clock::now() > later; }));
  backend.send(ok);
  EXPECT_TRUE(raw.bench.run_until([&] { return raw.find(data, 1).has_value(); }));
}

TEST(H2Limits, ABlockThatIsRefusedIsNoUnfinishedHead) {
  Settings wanted;
  wanted.timeouts.head = 100ms;
  Raw raw(wanted);
  raw.client.send(frame(headers, end_headers | end_stream, 1, get_block()));
  End backend = raw.bench.accept(raw.peer);
  expect_stream_1_outlives(raw, backend,
                           frame(headers, end_headers | end_stream, 3, get_block({{"content-length", "5"}})));
  EXPECT_TRUE(raw.find(rst, 3).has_value());
  EXPECT_FALSE(raw.find(7, 0).has_value());  // GOAWAY
}

TEST(H2Limits, AnUnfinishedHeadEndsNoStreamThatHasBegun) {
  Settings wanted;
  wanted.timeouts.head = 100ms;
  Raw raw(wanted);
  raw.client.send(frame(headers, end_headers | end_stream, 1, get_block()));
  End backend = raw.bench.accept(raw.peer);
  expect_stream_1_outlives(raw, backend, frame(headers, end_stream, 3, get_block()));
  EXPECT_TRUE(raw.find(7, 0).has_value());
  raw.bench.expect_end(raw.client);
}

TEST(H2Limits, AnIdleConnectionIsEndedByGoaway) {
  Settings wanted;
  wanted.timeouts.h2_idle = 100ms;
  Raw raw(wanted);
  raw.client.send(frame(headers, end_headers | end_stream, 1, get_block()));
  End backend = raw.bench.accept(raw.peer);
  raw.bench.expect(backend, "\r\n\r\n");
  backend.send(ok);
  raw.bench.expect_end(raw.client);
  EXPECT_TRUE(raw.find(7, 0).has_value());
}

TEST(H2Limits, AfterItsLastRequestAConnectionIsToldToLeaveAndStillAnswers) {
  Settings wanted;
  wanted.h2_requests = 2;
  Raw raw(wanted);
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(raw.find(7, 0).has_value(), i == 2) << i;
    raw.client.send(frame(headers, end_headers | end_stream, stream_of(i), get_block()));
    End backend = raw.bench.accept(raw.peer);
    raw.bench.expect(backend, "\r\n\r\n");
    backend.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(raw.bench.run_until([&] { return raw.find(headers, stream_of(i)).has_value(); })) << i;
  }
  const auto told = raw.find(7, 0);
  ASSERT_TRUE(told.has_value());
  EXPECT_FALSE(find_goaway(raw.client.received).has_value());  // of an error
}

}  // namespace
}  // namespace pintle::proxy
