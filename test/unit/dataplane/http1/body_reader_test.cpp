// Payload of a body, whatever its framing, wherever its bytes are cut.
#include "dataplane/http1/body_reader.hpp"

#include <gtest/gtest.h>

namespace pintle::http1 {
namespace {

struct Read {
  std::string payload;
  std::string rest;
  std::string trailers;
  bool done = false;
  unsigned refused = 0;
  friend bool operator==(const Read&, const Read&) = default;
};

/// Each piece in a buffer of its own and of exactly its size: a byte read or moved outside of it is seen by ASan.
Read read(const http::BodyFraming& framing, std::string_view bytes, std::initializer_list<std::size_t> ends) {
  BodyReader reader;
  reader.start(framing);
  Read out;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    std::vector<char> piece(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                            bytes.begin() + static_cast<std::ptrdiff_t>(end));
    begin = end;
    const BodyBytes got = reader.take(piece);
    out.payload.append(got.payload.data(), got.payload.size());
    if (got.refusal) {
      out.refused = got.refusal.status;
      return out;
    }
    out.rest.append(piece.data() + got.consumed, piece.size() - got.consumed);
  }
  out.done = reader.done();
  EXPECT_EQ(reader.payload_bytes(), out.payload.size());
  for (const http::Field& field : reader.trailers().fields)
    out.trailers +=
        std::string(reader.trailers().name(field)) + "=" + std::string(reader.trailers().value(field)) + ";";
  return out;
}

TEST(BodyReader, ChunkedCutAtEveryTwoBytes) {
  constexpr std::string_view bytes =
      "3\r\nabc\r\n1;a=b\r\nd\r\nA;q=\"x;\\\"\"\r\n0123456789\r\n000\r\nX-Sum: 14\r\nHost: no\r\n\r\nGET / HTTP";
  const http::BodyFraming framing{.kind = http::BodyKind::Chunked};
  const Read whole = read(framing, bytes, {bytes.size()});
  EXPECT_EQ(whole, (Read{"abcd0123456789", "GET / HTTP", "X-Sum=14;", true, 0}));
  for (std::size_t i = 0; i <= bytes.size(); ++i)
    for (std::size_t j = i; j <= bytes.size(); ++j)
      ASSERT_EQ(read(framing, bytes, {i, j, bytes.size()}), whole) << i << " " << j;
}

TEST(BodyReader, RefusedChunksGiveWhatCameBefore) {
  for (const std::string_view bytes :
       {"3\r\nabc\r\n0x1\r\n", "3\r\nabcd", "3\r\nabc\n1", "3\r\nabc\r\n\r\n", "3\r\nabc\r\n-1\r\n"}) {
    for (std::size_t i = 0; i <= bytes.size(); ++i) {
      const Read got = read({.kind = http::BodyKind::Chunked}, bytes, {i, bytes.size()});
      ASSERT_EQ(got.refused, 400U) << bytes << " cut at " << i;
      ASSERT_EQ(got.payload, "abc");
    }
  }
}

TEST(BodyReader, SizedTakesItsBytesAndNoMore) {
  constexpr std::string_view bytes = "helloGET /";
  for (std::size_t i = 0; i <= bytes.size(); ++i)
    ASSERT_EQ(read({.kind = http::BodyKind::Length, .length = 5}, bytes, {i, bytes.size()}),
              (Read{"hello", "GET /", "", true, 0}));
  EXPECT_FALSE(read({.kind = http::BodyKind::Length, .length = 11}, bytes, {bytes.size()}).done);
}

TEST(BodyReader, TellsHowMuchMayBeRead) {
  BodyReader reader;
  reader.start({.kind = http::BodyKind::Length, .length = 7});
  EXPECT_EQ(reader.bytes_left(), 7U);
  char bytes[3] = {};
  static_cast<void>(reader.take(bytes));
  EXPECT_EQ(reader.bytes_left(), 4U);
  reader.start({.kind = http::BodyKind::Chunked});
  EXPECT_EQ(reader.bytes_left(), UINT64_MAX);
}

TEST(BodyReader, EmptyBodiesAreDoneAtOnce) {
  for (const http::BodyFraming& framing : {http::BodyFraming{}, http::BodyFraming{.kind = http::BodyKind::Length}})
    EXPECT_EQ(read(framing, "next", {4}), (Read{"", "next", "", true, 0}));
}

TEST(BodyReader, OnlyABodyThatEndsByCloseIsCompletedByIt) {
  for (const auto& [framing, complete] :
       {std::pair{http::BodyFraming{.kind = http::BodyKind::UntilClose}, true},
        std::pair{http::BodyFraming{.kind = http::BodyKind::Length, .length = 9}, false},
        std::pair{http::BodyFraming{.kind = http::BodyKind::Chunked}, false}}) {
    BodyReader reader;
    reader.start(framing);
    char bytes[3] = {'1', '\r', '\n'};
    EXPECT_EQ(reader.take(bytes).consumed, 3U);
    EXPECT_FALSE(reader.done());
    reader.on_eof();
    EXPECT_EQ(reader.done(), complete);
  }
}

TEST(BodyReader, IsUsedAgain) {
  BodyReader reader;
  reader.start({.kind = http::BodyKind::Chunked});
  char first[] = {'1', '\r', '\n', 'a', '\r', '\n', '0', '\r', '\n', 'X', ':', '1', '\r', '\n', '\r', '\n'};
  static_cast<void>(reader.take(first));
  EXPECT_EQ(reader.trailers().fields.size(), 1U);
  reader.start({.kind = http::BodyKind::Chunked});
  EXPECT_FALSE(reader.done());
  EXPECT_TRUE(reader.trailers().fields.empty());
  EXPECT_EQ(reader.payload_bytes(), 0U);
}

/// Bytes that go past unseen, within the kernel, count like those that were read.
TEST(BodyReader, PassedBytesCount) {
  BodyReader reader;
  reader.start({.kind = http::BodyKind::Length, .length = 10});
  EXPECT_EQ(reader.kind(), http::BodyKind::Length);
  std::string first = "abc";
  EXPECT_EQ(reader.take(first).consumed, 3U);
  EXPECT_EQ(reader.bytes_left(), 7U);
  reader.pass(5);
  EXPECT_EQ(reader.bytes_left(), 2U);
  EXPECT_FALSE(reader.done());
  reader.pass(2);
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(reader.payload_bytes(), 10U);
  std::string next = "GET";
  EXPECT_EQ(reader.take(next).consumed, 0U) << "the next message is not its own";
}

}  // namespace
}  // namespace pintle::http1
