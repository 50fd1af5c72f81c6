#include "dataplane/http1/head_marks.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace pintle::http1 {
namespace {

struct WordMarks {
  std::uint64_t name_ends = 0;
  std::uint64_t value_ends = 0;
};

constexpr bool is_usual_name_byte(unsigned c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}
constexpr bool is_control(unsigned c) noexcept { return c < 0x20 || c == 0x7F; }

/// Bit 0: ends a name. Bit 1: ends a value.
constexpr std::array<std::uint8_t, 256> mark_table = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c)
    table[c] = static_cast<std::uint8_t>((is_usual_name_byte(c) ? 0U : 1U) | (is_control(c) ? 2U : 0U));
  return table;
}();

WordMarks mark_word_scalar(const char* p) noexcept {
  WordMarks marks;
  for (unsigned i = 0; i < 64; ++i) {
    const std::uint64_t mark = mark_table[static_cast<unsigned char>(p[i])];
    marks.name_ends |= (mark & 1U) << i;
    marks.value_ends |= (mark >> 1U) << i;
  }
  return marks;
}

}  // namespace

/// Whole words where they stand; the rest out of a copy that zero bytes fill up, which are marked both ways.
template <class MarkWord>
[[gnu::always_inline]] inline void HeadMarks::mark_words(const char* p, std::size_t size,
                                                         MarkWord&& mark_word) noexcept {
  assert(size <= window);
  const std::size_t whole = size / word_bits;
  for (std::size_t i = 0; i < whole; ++i) {
    const WordMarks marks = mark_word(p + i * word_bits);
    name_ends_[i] = marks.name_ends;
    value_ends_[i] = marks.value_ends;
  }
  WordMarks last{~std::uint64_t{0}, ~std::uint64_t{0}};
  if (const std::size_t rest = size % word_bits; rest != 0) {
    std::array<char, word_bits> copy{};
    std::memcpy(copy.data(), p + whole * word_bits, rest);
    last = mark_word(copy.data());
  }
  name_ends_[whole] = last.name_ends;
  value_ends_[whole] = last.value_ends;
}

void HeadMarks::mark_scalar(const char* p, std::size_t size) noexcept { mark_words(p, size, mark_word_scalar); }

#if defined(__x86_64__)

void HeadMarks::mark_sse2(const char* p, std::size_t size) noexcept {
  mark_words(p, size, [](const char* word) noexcept {
    WordMarks marks;
    for (unsigned i = 0; i < 64; i += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(word + i));
      // Unsigned "at most" is "the smaller of both is the same".
      const auto at_most = [](__m128i a, char b) noexcept {
        return _mm_cmpeq_epi8(_mm_min_epu8(a, _mm_set1_epi8(b)), a);
      };
      const __m128i letters = at_most(_mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a')), 25);
      const __m128i digits = at_most(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), 9);
      const __m128i usual = _mm_or_si128(_mm_or_si128(letters, digits), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
      const __m128i control = _mm_or_si128(at_most(bytes, 0x1F), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F)));
      marks.name_ends |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(usual)) ^ 0xFFFFU) << i;
      marks.value_ends |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(control))) << i;
    }
    return marks;
  });
}

namespace {

/// Names by two look-ups of 16 entries: `low` tells for each low half of a byte with which high halves it is usual,
/// `high` gives each high half its bit. A byte of 0x80 and more looks up zero.
struct NibbleTables {
  alignas(16) std::array<std::uint8_t, 16> low{};
  alignas(16) std::array<std::uint8_t, 16> high{};
};
constexpr NibbleTables nibbles = [] {
  NibbleTables tables;
  for (unsigned c = 0; c < 0x80; ++c) {
    const unsigned bit = 1U << (c >> 4U);
    if (is_usual_name_byte(c)) tables.low[c & 15U] = static_cast<std::uint8_t>(tables.low[c & 15U] | bit);
    tables.high[c >> 4U] = static_cast<std::uint8_t>(bit);
  }
  return tables;
}();

__attribute__((target("avx2"))) inline __m256i load_table(const std::array<std::uint8_t, 16>& table) noexcept {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(table.data())));
}

__attribute__((target("avx2"))) inline WordMarks mark_word_avx2(const char* word) noexcept {
  WordMarks marks;
  for (unsigned i = 0; i < 64; i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(word + i));
    const __m256i high_half = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
    const __m256i usual = _mm256_and_si256(_mm256_shuffle_epi8(load_table(nibbles.low), bytes),
                                           _mm256_shuffle_epi8(load_table(nibbles.high), high_half));
    const __m256i name_ends = _mm256_cmpeq_epi8(usual, _mm256_setzero_si256());
    const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
    const __m256i control = _mm256_or_si256(low, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7F)));
    marks.name_ends |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_epi8(name_ends))) << i;
    marks.value_ends |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_epi8(control))) << i;
  }
  return marks;
}

}  // namespace

__attribute__((target("avx2"))) void HeadMarks::mark_avx2(const char* p, std::size_t size) noexcept {
  mark_words(p, size, mark_word_avx2);
}

namespace {
using Mark = void (HeadMarks::*)(const char*, std::size_t) noexcept;
const Mark widest = __builtin_cpu_supports("avx2") != 0 ? &HeadMarks::mark_avx2 : &HeadMarks::mark_sse2;
}  // namespace

void HeadMarks::mark(const char* p, std::size_t size) noexcept { (this->*widest)(p, size); }

#else

void HeadMarks::mark(const char* p, std::size_t size) noexcept { mark_scalar(p, size); }

#endif

}  // namespace pintle::http1
