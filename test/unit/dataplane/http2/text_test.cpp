// From frames to text and back: what is pure in it.
#include <gtest/gtest.h>

#include "dataplane/http2/field_block.hpp"
#include "dataplane/http2/message_reader.hpp"
#include "dataplane/http2/text_source.hpp"
#include "dataplane/http2/token_bucket.hpp"

namespace pintle::http2 {
namespace {

std::string take_all(TextSource& source, std::size_t room) {
  std::string out;
  std::string buffer(room, '\0');
  while (true) {
    const TextSource::Taken taken = source.take(buffer);
    if (taken.text == 0) return out;
    out.append(buffer, 0, taken.text);
  }
}

TEST(TextSource, IsTheSameTextWhateverTheRoom) {
  for (std::size_t room = 1; room < 40; ++room) {
    net::BufferPool pool;
    TextSource source(pool);
    source.add_head("HTTP/1.1 200 OK\r\n\r\n");
    source.set_framing(PayloadText::Chunked);
    source.add(std::string_view("hello"));
    std::string text = take_all(source, room);
    source.add(std::string_view("world, again"));
    source.end("x-sum: 1\r\n");
    text += take_all(source, room);
    EXPECT_EQ(text, "HTTP/1.1 200 OK\r\n\r\n5\r\nhello\r\nc\r\nworld, again\r\n0\r\nx-sum: 1\r\n\r\n") << room;
    EXPECT_TRUE(source.is_over());
  }
}

TEST(TextSource, CountsPayloadAlone) {
  net::BufferPool pool;
  TextSource source(pool);
  source.set_framing(PayloadText::Chunked);
  source.add(std::string_view("hello"));
  std::string buffer(100, '\0');
  const TextSource::Taken taken = source.take(buffer);
  EXPECT_EQ(taken.payload, 5U);
  EXPECT_EQ(taken.text, 10U);  // "5\r\nhello\r\n"
  EXPECT_FALSE(source.is_over());
}

TEST(TextSource, RawIsAsItCame) {
  net::BufferPool pool;
  TextSource source(pool);
  source.add(std::string_view("abc"));
  source.end({});
  EXPECT_FALSE(source.is_over());
  EXPECT_EQ(take_all(source, 2), "abc");
  EXPECT_TRUE(source.is_over());
}

/// "H" for a head, the payload, "E" for the end, "!" where it broke.
std::string walk(MessageReader& reader, HeadStorage& storage, std::string_view text, std::size_t cut) {
  std::string seen;
  for (const std::string_view part : {text.substr(0, cut), text.substr(cut)}) {
    std::span<const char> rest(part);
    for (bool more = true; more;) {
      switch (reader.step(rest, storage)) {
        case MessageReader::Step::NeedMore:
          more = false;
          break;
        case MessageReader::Step::Head:
          seen += 'H';
          reader.drop_head();
          break;
        case MessageReader::Step::Payload:
          seen.append(reader.payload().data(), reader.payload().size());
          break;
        case MessageReader::Step::End:
          seen += 'E';
          break;
        case MessageReader::Step::Broken:
          return seen + '!';
      }
    }
  }
  return seen;
}

TEST(MessageReader, TakesMessagesApartWhereverTheyAreCut) {
  struct Row {
    MessageReader::Kind kind;
    http1::RequestFacts facts;
    std::string_view text;
    std::string_view seen;
  };
  using Kind = MessageReader::Kind;
  const Row rows[] = {
      {Kind::Request, {}, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HE"},
      {Kind::Request, {}, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", "HbodyE"},
      {Kind::Request,
       {},
       "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
       "HbodyE"},
      {Kind::Response, {}, "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HHokE"},
      {Kind::Response, {}, "HTTP/1.1 204 No\r\n\r\n", "HE"},
      {Kind::Response, {.method = http::Method::Head}, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HE"},
      {Kind::Response, {}, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\na: b\r\n\r\n", "HokE"},
      {Kind::Response,
       {.method = http::Method::Get, .upgrade = http::Upgrade::Websocket},
       "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nbytes",
       "Hbytes"},
  };
  HeadStorage storage;
  for (const Row& row : rows) {
    for (std::size_t cut = 0; cut <= row.text.size(); ++cut) {
      MessageReader reader(row.kind);
      reader.expect(row.facts);
      EXPECT_EQ(walk(reader, storage, row.text, cut), row.seen) << row.text << " at " << cut;
    }
  }
}

TEST(MessageReader, BytesBehindAMessageAreABug) {
  HeadStorage storage;
  MessageReader reader(MessageReader::Kind::Request);
  EXPECT_EQ(walk(reader, storage, "GET / HTTP/1.1\r\nHost: a\r\n\r\nmore", 0), "HE!");
}

TEST(FieldBlock, WritesAHandshakeForExtendedConnect) {
  FieldBlock fields;
  fields.begin(FieldBlock::Kind::Request);
  fields.add(":method", "CONNECT");
  fields.add(":protocol", "websocket");
  fields.add(":scheme", "http");
  fields.add(":path", "/chat");
  fields.add(":authority", "a.test");
  fields.add("sec-websocket-version", "13");
  EXPECT_EQ(fields.write_request(StreamEnd::Open, "a2V5"),
            "GET /chat HTTP/1.1\r\nHost: a.test\r\nsec-websocket-version: 13\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Key: a2V5\r\n\r\n");
  EXPECT_TRUE(fields.is_websocket());
}

TEST(FieldBlock, SaysHowTheBodyIsFramed) {
  struct Row {
    std::string_view status;
    std::string_view length;
    Body body;
    bool chunked;
  };
  for (const Row& row : {Row{"200", "", Body::Allowed, true}, Row{"200", "2", Body::Allowed, false},
                         Row{"204", "", Body::Allowed, false}, Row{"304", "", Body::Allowed, false},
                         Row{"103", "", Body::Allowed, false}, Row{"200", "", Body::None, false}}) {
    FieldBlock fields;
    fields.begin(FieldBlock::Kind::Response);
    fields.add(":status", row.status);
    if (!row.length.empty()) fields.add("content-length", row.length);
    const std::string_view text = fields.write_response(row.body);
    EXPECT_EQ(text.contains("chunked"), row.chunked) << text;
    EXPECT_EQ(fields.payload_text() == PayloadText::Chunked, row.chunked);
  }
}

TEST(FieldBlock, AResponseWithout3DigitsIsMalformed) {
  for (const std::string_view status : {"", "20", "2000", "2x0", "000", "101"}) {
    FieldBlock fields;
    fields.begin(FieldBlock::Kind::Response);
    fields.add(":status", status);
    EXPECT_TRUE(fields.write_response(Body::Allowed).empty()) << status;
    EXPECT_FALSE(fields.malformed().empty()) << status;
  }
}

TEST(FieldBlock, BeyondALimitNothingMoreIsKept) {
  FieldBlock fields;
  fields.begin(FieldBlock::Kind::Request);
  const std::string value(4000, 'v');
  for (unsigned i = 0; i < 100'000; ++i) fields.add("x-bomb", value);
  EXPECT_EQ(fields.refusal().status, 431);
  EXPECT_LE(fields.trailers().size(), 60U * 1024U);  // the lines kept
}

TEST(TokenBucket, RefillsUpToItsBurst) {
  TokenBucket bucket({.burst = 2, .per_second = 10});
  Monotonic now{std::chrono::seconds(5)};
  EXPECT_TRUE(bucket.take(now));
  EXPECT_TRUE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now));
  now += std::chrono::milliseconds(99);
  EXPECT_FALSE(bucket.take(now));
  now += std::chrono::milliseconds(1);
  EXPECT_TRUE(bucket.take(now));
  now += std::chrono::hours(1);
  EXPECT_TRUE(bucket.take(now));
  EXPECT_TRUE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now));
  bucket.give(1);
  EXPECT_TRUE(bucket.take(now));
}

}  // namespace
}  // namespace pintle::http2
