// The kinds of marking agree with each other and with the classes of bytes, and read nothing at or after the end.
#include "dataplane/http1/head_marks.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/http1/head_parser.hpp"
#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {
namespace {

using Mark = void (HeadMarks::*)(const char*, std::size_t) noexcept;

std::vector<Mark> kinds() {
  std::vector<Mark> kinds{&HeadMarks::mark_scalar, &HeadMarks::mark};
#if defined(__x86_64__)
  kinds.push_back(&HeadMarks::mark_sse2);
  if (__builtin_cpu_supports("avx2") != 0) kinds.push_back(&HeadMarks::mark_avx2);
#endif
  return kinds;
}

bool ends_name(unsigned char c) { return std::isalnum(c) == 0 && c != '-'; }

/// `bytes` has exactly `size` bytes, so that a sanitizer finds a read past the end.
void expect_marks(const char* bytes, std::size_t size) {
  for (const Mark kind : kinds()) {
    HeadMarks marks;
    (marks.*kind)(bytes, size);
    for (std::size_t at = 0; at <= size; ++at) {
      const char* const end = bytes + size;
      const char* const name = std::find_if(bytes + at, end, ends_name);
      const char* const value = std::find_if(bytes + at, end, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
      ASSERT_EQ(std::min(marks.name_end(at), size), static_cast<std::size_t>(name - bytes)) << "at " << at;
      ASSERT_EQ(std::min(marks.value_end(at), size), static_cast<std::size_t>(value - bytes)) << "at " << at;
    }
  }
}

TEST(HeadMarks, EachByteAtEachPlaceOfAWord) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{65}}) {
    const auto bytes = std::make_unique<char[]>(size);
    for (unsigned c = 0; c < 256; ++c) {
      for (std::size_t at = 0; at < size; at += 7) {
        std::fill_n(bytes.get(), size, 'x');
        bytes[at] = static_cast<char>(c);
        expect_marks(bytes.get(), size);
      }
    }
  }
}

TEST(HeadMarks, RandomBytesOfEachLength) {
  std::mt19937 random(11);  // NOLINT: the same cases each time
  for (std::size_t size = 0; size <= HeadMarks::window; size += 1 + size / 8) {
    const auto bytes = std::make_unique<char[]>(size);
    for (std::size_t i = 0; i < size; ++i)
      bytes[i] = random() % 8 == 0 ? static_cast<char>(random()) : static_cast<char>('a' + random() % 26);
    expect_marks(bytes.get(), size);
  }
}

/// What the summary says is never less than what a walk over the fields finds, whichever way a line was read.
TEST(FieldSummary, KnowsEachFieldOfAParsedHead) {
  constexpr std::array<std::string_view, 8> lines = {
      "Cookie: a\r\n", "X-Forwarded-Host:\tb\r\n", "te: trailers\r\n",   "under_score:c\r\n",
      "Proxy: d \r\n", "Accept: */*\r\n",          "Dotted.name: e\r\n", "x-forwarded-else: f\r\n"};
  for (unsigned chosen = 0; chosen < 1U << lines.size(); ++chosen) {
    std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (std::size_t i = 0; i < lines.size(); ++i)
      if ((chosen >> i & 1U) != 0) head += lines[i];
    head += "\r\n";
    RequestHeadParser parser;
    RequestFields storage;
    http::RequestHead request;
    ASSERT_EQ(parser.parse(head, {}, request, storage).progress, Progress::Done) << head;
    const http::FieldSummary& summary = request.headers.summary;
    for (const http::Field& field : request.headers.fields) EXPECT_TRUE(summary.may_have(field.id)) << head;
    EXPECT_EQ(summary.may_have_odd_name(), (chosen & 0b10011000U) != 0) << head;
    EXPECT_EQ(summary.may_have(http::HeaderId::Cookie), (chosen & 1U) != 0) << head;
    EXPECT_FALSE(summary.may_have(http::HeaderId::Upgrade)) << head;
  }
}

}  // namespace
}  // namespace pintle::http1
