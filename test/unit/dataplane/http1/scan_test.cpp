// The twins agree on every byte, at every offset and length, and never read at or after the end.
#include "dataplane/http1/scan.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string_view>

#include <gtest/gtest.h>

namespace pintle::http1 {
namespace {

TEST(ScalarScan, ClassesAreThoseOfTheGrammar) {
  constexpr std::string_view rare = "!#$%&'*+-.^_`|~";
  for (unsigned c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    const char* const p = &byte;
    const bool letter_or_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    EXPECT_EQ(ScalarScan::token(p, p + 1) == p + 1, letter_or_digit || (c != 0 && rare.find(byte) != rare.npos)) << c;
    EXPECT_EQ(ScalarScan::value(p, p + 1) == p + 1, c == 9 || (c >= 32 && c != 127)) << c;
    EXPECT_EQ(ScalarScan::visible(p, p + 1) == p + 1, c > 32 && c < 127) << c;
  }
}

#if defined(__SSE2__)
void expect_twins_agree(const char* p, const char* end) {
  ASSERT_EQ(Sse2Scan::token(p, end) - p, ScalarScan::token(p, end) - p);
  ASSERT_EQ(Sse2Scan::value(p, end) - p, ScalarScan::value(p, end) - p);
  ASSERT_EQ(Sse2Scan::visible(p, end) - p, ScalarScan::visible(p, end) - p);
}

TEST(Sse2Scan, AgreesOnEachByteAtEachPlace) {
  for (std::size_t length = 1; length <= 40; ++length) {
    const auto bytes = std::make_unique<char[]>(length);  // exact size: a read past the end is found
    for (std::size_t at = 0; at < length; ++at) {
      for (unsigned c = 0; c < 256; ++c) {
        std::fill_n(bytes.get(), length, 'x');
        bytes[at] = static_cast<char>(c);
        expect_twins_agree(bytes.get(), bytes.get() + length);
      }
    }
  }
}

TEST(Sse2Scan, AgreesOnRandomBytes) {
  std::mt19937 random(7);  // NOLINT: the same cases each time
  constexpr std::string_view common = "abcXYZ019-_.~!#$%&'*+^`|";
  for (int i = 0; i < 100'000; ++i) {
    const std::size_t length = random() % 80;
    const auto bytes = std::make_unique<char[]>(length + 1);
    for (std::size_t b = 0; b < length; ++b) {
      bytes[b] = random() % 32 == 0 ? static_cast<char>(random()) : common[random() % common.size()];
    }
    expect_twins_agree(bytes.get(), bytes.get() + length);
  }
}
#endif

}  // namespace
}  // namespace pintle::http1
