// What the rows of h1_requests.txt do not say: spans of the input, reuse, limits of one's own, writing.
#include "dataplane/http1/chunked.hpp"

#include <string>

#include <gtest/gtest.h>

namespace pintle::http1 {
namespace {

TEST(ChunkedDecoder, HandsOutSpansOfTheInput) {
  const std::string input = "5\r\nhello\r\n0\r\n\r\nnext";
  ChunkedDecoder decoder;
  const ChunkStep data = decoder.step(input);
  ASSERT_EQ(data.progress, ChunkProgress::Data);
  EXPECT_EQ(data.data.data(), input.data() + 3);
  EXPECT_EQ(data.data.size(), 5U);
  EXPECT_EQ(data.consumed, 8U);
  const ChunkStep end = decoder.step(std::span(input).subspan(data.consumed));
  EXPECT_EQ(end.progress, ChunkProgress::Done);
  EXPECT_EQ(data.consumed + end.consumed, input.size() - 4);
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(decoder.data_bytes(), 5U);
  EXPECT_TRUE(decoder.trailers().fields.empty());
}

TEST(ChunkedDecoder, SplitPayloadComesAsItArrives) {
  ChunkedDecoder decoder;
  const std::string head = "a\r\n";
  EXPECT_EQ(decoder.step(head).progress, ChunkProgress::NeedMore);
  const std::string part = "01234";
  EXPECT_EQ(decoder.step(part).data.size(), 5U);
  EXPECT_EQ(decoder.step(part).data.size(), 5U);
  EXPECT_EQ(decoder.step({}).progress, ChunkProgress::NeedMore);
}

TEST(ChunkedDecoder, StaysRefused) {
  ChunkedDecoder decoder;
  EXPECT_EQ(decoder.step(std::string("x")).progress, ChunkProgress::Refused);
  EXPECT_EQ(decoder.step(std::string("5\r\nhello\r\n")).progress, ChunkProgress::Refused);
  decoder.reset();
  EXPECT_EQ(decoder.step(std::string("0\r\n\r\n")).progress, ChunkProgress::Done);
}

TEST(ChunkedDecoder, ResetForgetsTrailersAndCounts) {
  ChunkedDecoder decoder;
  const std::string input = "1\r\nx\r\n0\r\nX-A: 1\r\n\r\n";
  const std::size_t used = decoder.step(input).consumed;
  EXPECT_EQ(decoder.step(std::span(input).subspan(used)).progress, ChunkProgress::Done);
  ASSERT_EQ(decoder.trailers().fields.size(), 1U);
  EXPECT_EQ(decoder.trailers().value(decoder.trailers().fields[0]), "1");
  decoder.reset();
  EXPECT_TRUE(decoder.trailers().fields.empty());
  EXPECT_EQ(decoder.data_bytes(), 0U);
}

TEST(ChunkedDecoder, TakesTheLargestChunkSize) {
  ChunkedDecoder decoder;
  const std::string input = "7fffffffffffffff\r\nx";
  EXPECT_EQ(decoder.step(input).progress, ChunkProgress::Data);
}

TEST(ChunkedDecoder, KeepsToGivenLimits) {
  ChunkedDecoder decoder({.line = 8, .free_framing = 1000, .trailers = 10, .trailer_fields = 1});
  EXPECT_EQ(decoder.step(std::string("5;aaaaaaa\r\n")).refusal.requirement, 9);
  decoder.reset();
  const std::string two = "0\r\nA:\r\nB:\r\n\r\n";
  EXPECT_EQ(decoder.step(two).refusal.status, 431);
}

// RFC 9112 section 7.1.1: blanks stand before ';' and '=' and after them, not at the end of the line.
TEST(ChunkedDecoder, RefusesABlankAtTheEndOfAChunkLine) {
  for (const std::string line : {"1;a \r\n", "1;a=b\t\r\n", "1;a=\"b\" \r\n", "1;a = b ; c \r\n"}) {
    ChunkedDecoder decoder;
    EXPECT_EQ(decoder.step(line).progress, ChunkProgress::Refused) << line;
  }
  for (const std::string line : {"1;a ;b\r\n", "1;a=b\t;c\r\n", "1;a=\"b\" ; c\r\n", "1;a\t= b\r\n", "1;a=\"b\"\r\n"}) {
    ChunkedDecoder decoder;
    EXPECT_EQ(decoder.step(line).progress, ChunkProgress::NeedMore) << line;
  }
}

TEST(ChunkHeader, WritesHexAndCrlf) {
  EXPECT_EQ(ChunkHeader(0).view(), "0\r\n");
  EXPECT_EQ(ChunkHeader(26).view(), "1a\r\n");
  EXPECT_EQ(ChunkHeader(0xdeadbeef).view(), "deadbeef\r\n");
  EXPECT_EQ(ChunkHeader(UINT64_MAX).view(), "ffffffffffffffff\r\n");
}

TEST(ChunkHeader, IsReadBack) {
  for (const std::size_t size : {1U, 15U, 16U, 255U, 4096U, 70000U}) {
    const std::string payload(size, 'p');
    const std::string input =
        std::string(ChunkHeader(size).view()) + payload + std::string(chunk_end) + std::string(last_chunk);
    ChunkedDecoder decoder;
    const ChunkStep data = decoder.step(input);
    EXPECT_EQ(data.data.size(), size);
    EXPECT_EQ(decoder.step(std::span(input).subspan(data.consumed)).progress, ChunkProgress::Done);
  }
}

}  // namespace
}  // namespace pintle::http1
