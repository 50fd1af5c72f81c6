// The kinds of marks agree with the classes of bytes, at each place of a block.
#include "dataplane/http1/byte_marks.hpp"

#include <array>
#include <cctype>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

namespace pintle::http1 {
namespace {

using Block = std::array<char, marked_bytes>;

template <class Is>
std::uint32_t marks_of(const Block& block, Is is) {
  std::uint32_t marks = 0;
  for (unsigned i = 0; i < block.size(); ++i) marks |= (is(static_cast<unsigned char>(block[i])) ? 1U : 0U) << i;
  return marks;
}

template <class Marks>
void expect_marks(const Block& block) {
  const auto is = [](char wanted) { return [wanted](unsigned c) { return c == static_cast<unsigned char>(wanted); }; };
  ASSERT_EQ(Marks::name_ends(block.data()), marks_of(block, [](int c) { return std::isalnum(c) == 0 && c != '-'; }));
  ASSERT_EQ(Marks::value_ends(block.data()), marks_of(block, [](unsigned c) { return c < 0x20 || c == 0x7F; }));
  const TargetMarks target = Marks::target(block.data());
  ASSERT_EQ(target.ends, marks_of(block, [](unsigned c) {
              return c <= 0x20 || c >= 0x7F || std::strchr("#\\%", static_cast<int>(c)) != nullptr;
            }));
  ASSERT_EQ(target.questions, marks_of(block, is('?')));
  ASSERT_EQ(target.slashes, marks_of(block, is('/')));
  ASSERT_EQ(target.dots, marks_of(block, is('.')));
  Block other = block;
  for (std::size_t at = 0; at < other.size(); at += 3) other[at] = static_cast<char>(other[at] ^ (at % 2 == 0 ? 1 : 0));
  std::uint32_t same = 0;
  for (std::size_t at = 0; at < other.size(); ++at) same |= (other[at] == block[at] ? 1U : 0U) << at;
  ASSERT_EQ(Marks::same(block.data(), other.data()), same);
  ASSERT_EQ(Marks::same(block.data(), block.data()), ~0U);
}

void expect_all_kinds(const Block& block) {
  ASSERT_NO_FATAL_FAILURE(expect_marks<ScalarMarks>(block));
#if defined(__x86_64__)
  ASSERT_NO_FATAL_FAILURE(expect_marks<Sse2Marks>(block));
  if (__builtin_cpu_supports("avx2") != 0) ASSERT_NO_FATAL_FAILURE(expect_marks<Avx2Marks>(block));
#endif
}

TEST(ByteMarks, EachByteAtEachPlace) {
  for (unsigned c = 0; c < 256; ++c) {
    for (std::size_t at = 0; at < marked_bytes; ++at) {
      Block block;
      block.fill('x');
      block[at] = static_cast<char>(c);
      ASSERT_NO_FATAL_FAILURE(expect_all_kinds(block));
    }
  }
}

TEST(ByteMarks, RandomBytes) {
  std::mt19937 random(11);  // NOLINT: the same cases each time
  for (int i = 0; i < 20'000; ++i) {
    Block block;
    for (char& c : block) c = static_cast<char>(random());
    ASSERT_NO_FATAL_FAILURE(expect_all_kinds(block));
  }
}

}  // namespace
}  // namespace pintle::http1
