// Small parts: pieces of a framed payload, the read size, texts of own answers, the retry budget.
#include "dataplane/proxy/framing.hpp"

#include <gtest/gtest.h>

#include "dataplane/proxy/own_answer.hpp"
#include "dataplane/proxy/read_size.hpp"
#include "dataplane/proxy/retry_budget.hpp"

namespace pintle::proxy {
namespace {

std::string framed(http::BodyKind kind, std::string_view payload, Position position,
                   const http::HeaderView& trailers = {}) {
  Framing framing;
  std::array<iovec, max_pieces> pieces;
  const std::size_t count = framing.frame(kind, payload, position, trailers, pieces, 0);
  EXPECT_LE(count, 4U);
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_GT(pieces[i].iov_len, 0U);
    out.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  return out;
}

TEST(Framing, Pieces) {
  using enum http::BodyKind;
  for (const http::BodyKind kind : {Length, UntilClose, None}) {
    EXPECT_EQ(framed(kind, "abc", Position::Middle), "abc");
    EXPECT_EQ(framed(kind, "abc", Position::Last), "abc");
    EXPECT_EQ(framed(kind, "", Position::Last), "");
  }
  EXPECT_EQ(framed(Chunked, "abc", Position::Middle), "3\r\nabc\r\n");
  EXPECT_EQ(framed(Chunked, "", Position::Middle), "") << "an empty chunk would end the body";
  EXPECT_EQ(framed(Chunked, "", Position::Last), "0\r\n\r\n");
  EXPECT_EQ(framed(Chunked, std::string(26, 'x'), Position::Last), "1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n");
}

TEST(Framing, TrailersComeLast) {
  const std::string bytes = "X-SumabcX-Two2";
  const http::Field fields[] = {{.name_offset = 0, .value_offset = 5, .value_length = 3, .name_length = 5},
                                {.name_offset = 8, .value_offset = 13, .value_length = 1, .name_length = 5}};
  const http::HeaderView trailers{.base = bytes.data(), .fields = fields};
  EXPECT_EQ(framed(http::BodyKind::Chunked, "z", Position::Last, trailers),
            "1\r\nz\r\n0\r\nX-Sum: abc\r\nX-Two: 2\r\n\r\n");
  EXPECT_EQ(framed(http::BodyKind::Chunked, "z", Position::Middle, trailers), "1\r\nz\r\n");
  EXPECT_EQ(framed(http::BodyKind::UntilClose, "z", Position::Last, trailers), "z");
}

TEST(ReadSize, GrowsToItsLargestAndNoFurther) {
  std::size_t size = first_read_size;
  for (int i = 0; i < 10; ++i) size = larger_read(size);
  EXPECT_EQ(size, largest_read_size);
  EXPECT_LT(first_read_size, largest_read_size);
}

TEST(OwnAnswer, SaysWhatItIs) {
  AnswerText text;
  const std::size_t body =
      write_answer({.status = 404, .reason = Reason::NoRoute}, {.persistence = Persistence::KeepAlive}, text);
  const std::string answer(text.data(), text.size());
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 Not Found\r\nDate: ")) << answer;
  EXPECT_TRUE(answer.contains(" GMT\r\n"));
  EXPECT_TRUE(answer.contains(fmt::format("Content-Length: {}\r\n", body)));
  EXPECT_TRUE(answer.substr(answer.find("\r\n\r\n") + 4).starts_with("no_route: "));
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, body);
  EXPECT_FALSE(answer.contains("Connection:"));
}

TEST(OwnAnswer, PersistenceByVersion) {
  const auto connection_of = [](http::Version version, Persistence persistence) {
    AnswerText text;
    write_answer({.status = 503, .reason = Reason::NoEndpoints}, {.client = version, .persistence = persistence}, text);
    const std::string answer(text.data(), text.size());
    const std::size_t at = answer.find("Connection: ");
    return at == std::string::npos ? "" : answer.substr(at + 12, answer.find("\r\n", at) - at - 12);
  };
  EXPECT_EQ(connection_of(http::Version::Http11, Persistence::KeepAlive), "");
  EXPECT_EQ(connection_of(http::Version::Http10, Persistence::KeepAlive), "keep-alive");
  EXPECT_EQ(connection_of(http::Version::Http11, Persistence::Close), "close");
  EXPECT_EQ(connection_of(http::Version::Http10, Persistence::Close), "close");
}

TEST(RetryBudget, AFifthOfTheLiveOnesAndAtLeastTen) {
  RetryBudget budget;
  const auto take_all = [&budget] {
    unsigned taken = 0;
    while (budget.begin_retry()) ++taken;
    for (unsigned i = 0; i < taken; ++i) budget.end_retry();
    return taken;
  };
  EXPECT_EQ(take_all(), 10U);
  for (int i = 0; i < 500; ++i) budget.begin_request();
  EXPECT_EQ(take_all(), 100U);
  for (int i = 0; i < 500; ++i) budget.end_request();
  EXPECT_EQ(take_all(), 10U);
}

}  // namespace
}  // namespace pintle::proxy
