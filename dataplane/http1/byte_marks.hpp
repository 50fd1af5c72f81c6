// Classes of bytes of a head as bits, 32 bytes a step: bit i is byte i. One struct for each kind of CPU, all with the
// same outcome; a test compares them. Internal to http1.
#pragma once
#include <array>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace pintle::http1 {

inline constexpr std::size_t marked_bytes = 32;

/// What the usual request target is told apart by.
struct TargetMarks {
  std::uint32_t ends = 0;  ///< all but 0x21 to 0x7E, and '#', '\\', '%': the end, or a byte that needs a closer look
  std::uint32_t questions = 0;
  std::uint32_t slashes = 0;
  std::uint32_t dots = 0;
};

namespace mark_tables {
enum Class : std::uint8_t { NameEnd = 1, ValueEnd = 2, TargetEnd = 4, Question = 8, Slash = 16, Dot = 32 };

constexpr bool is_usual_name_byte(unsigned c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

inline constexpr std::array<std::uint8_t, 256> classes = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    unsigned found = is_usual_name_byte(c) ? 0U : NameEnd;
    if (c < 0x20 || c == 0x7F) found |= ValueEnd;
    if (c <= 0x20 || c >= 0x7F || c == '#' || c == '\\' || c == '%') found |= TargetEnd;
    if (c == '?') found |= Question;
    if (c == '/') found |= Slash;
    if (c == '.') found |= Dot;
    table[c] = static_cast<std::uint8_t>(found);
  }
  return table;
}();

/// Names by two look-ups of 16 entries: `low` tells for each low half of a byte with which high halves it is usual,
/// `high` gives each high half its bit. A byte of 0x80 and more looks up zero.
struct Nibbles {
  alignas(16) std::array<std::uint8_t, 16> low{};
  alignas(16) std::array<std::uint8_t, 16> high{};
};
inline constexpr Nibbles nibbles = [] {
  Nibbles tables;
  for (unsigned c = 0; c < 0x80; ++c) {
    const unsigned bit = 1U << (c >> 4U);
    if (is_usual_name_byte(c)) tables.low[c & 15U] = static_cast<std::uint8_t>(tables.low[c & 15U] | bit);
    tables.high[c >> 4U] = static_cast<std::uint8_t>(bit);
  }
  return tables;
}();
}  // namespace mark_tables

/// name_ends: bytes outside letters, digits and '-'; the rarer bytes of a name ('_', '.') are marked too.
/// value_ends: control bytes, HTAB too, and DEL.
/// same: bytes that are equal to those at q.
/// All read [p, p + marked_bytes), and the same of q.
struct ScalarMarks {
  static std::uint32_t name_ends(const char* p) noexcept { return collect(p, mark_tables::NameEnd); }
  static std::uint32_t value_ends(const char* p) noexcept { return collect(p, mark_tables::ValueEnd); }
  static TargetMarks target(const char* p) noexcept {
    return {collect(p, mark_tables::TargetEnd), collect(p, mark_tables::Question), collect(p, mark_tables::Slash),
            collect(p, mark_tables::Dot)};
  }
  static std::uint32_t same(const char* p, const char* q) noexcept {
    std::uint32_t marks = 0;
    for (unsigned i = 0; i < marked_bytes; ++i) marks |= (p[i] == q[i] ? 1U : 0U) << i;
    return marks;
  }

 private:
  static std::uint32_t collect(const char* p, mark_tables::Class wanted) noexcept {
    std::uint32_t marks = 0;
    for (unsigned i = 0; i < marked_bytes; ++i)
      marks |= ((mark_tables::classes[static_cast<unsigned char>(p[i])] & wanted) != 0 ? 1U : 0U) << i;
    return marks;
  }
};

#if defined(__x86_64__)

/// The baseline of x86-64.
struct Sse2Marks {
  static std::uint32_t name_ends(const char* p) noexcept { return ~both(p, usual_name_bytes); }
  static std::uint32_t value_ends(const char* p) noexcept {
    return both(p, [](__m128i bytes) noexcept { return _mm_or_si128(at_most(bytes, 0x1F), equal(bytes, 0x7F)); });
  }
  static TargetMarks target(const char* p) noexcept {
    return {both(p, target_ends), both(p, [](__m128i bytes) noexcept { return equal(bytes, '?'); }),
            both(p, [](__m128i bytes) noexcept { return equal(bytes, '/'); }),
            both(p, [](__m128i bytes) noexcept { return equal(bytes, '.'); })};
  }
  static std::uint32_t same(const char* p, const char* q) noexcept {
    const auto half = [](const char* a, const char* b) noexcept {
      const __m128i equals = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)),
                                            _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)));
      return static_cast<std::uint32_t>(_mm_movemask_epi8(equals));
    };
    return half(p, q) | half(p + 16, q + 16) << 16U;
  }

 private:
  template <class Mark>
  static std::uint32_t both(const char* p, Mark mark) noexcept {
    const auto half = [mark](const char* at) noexcept {
      return static_cast<std::uint32_t>(_mm_movemask_epi8(mark(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)))));
    };
    return half(p) | half(p + 16) << 16U;
  }
  static __m128i equal(__m128i bytes, char c) noexcept { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }
  /// Unsigned "at most" is "the smaller of both is the same".
  static __m128i at_most(__m128i bytes, char c) noexcept {
    return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(c)), bytes);
  }
  static __m128i usual_name_bytes(__m128i bytes) noexcept {
    const __m128i letters = at_most(_mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a')), 25);
    const __m128i digits = at_most(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), 9);
    return _mm_or_si128(_mm_or_si128(letters, digits), equal(bytes, '-'));
  }
  static __m128i target_ends(__m128i bytes) noexcept {
    // Signed: 0x80 to 0xFF are negative, so one comparison is enough for both ends.
    const __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x21));
    const __m128i rare = _mm_or_si128(_mm_or_si128(equal(bytes, '#'), equal(bytes, '\\')), equal(bytes, '%'));
    return _mm_or_si128(_mm_or_si128(low, equal(bytes, 0x7F)), rare);
  }
};

/// Only where the CPU has it, and only inside functions compiled for it.
struct Avx2Marks {
  __attribute__((target("avx2"))) static std::uint32_t name_ends(const char* p) noexcept {
    const __m256i bytes = load(p);
    const __m256i high_half = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
    const __m256i usual = _mm256_and_si256(_mm256_shuffle_epi8(load_table(mark_tables::nibbles.low), bytes),
                                           _mm256_shuffle_epi8(load_table(mark_tables::nibbles.high), high_half));
    return bits(_mm256_cmpeq_epi8(usual, _mm256_setzero_si256()));
  }
  __attribute__((target("avx2"))) static std::uint32_t value_ends(const char* p) noexcept {
    const __m256i bytes = load(p);
    const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
    return bits(_mm256_or_si256(low, equal(bytes, 0x7F)));
  }
  __attribute__((target("avx2"))) static TargetMarks target(const char* p) noexcept {
    const __m256i bytes = load(p);
    const __m256i low = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), bytes);
    const __m256i rare = _mm256_or_si256(_mm256_or_si256(equal(bytes, '#'), equal(bytes, '\\')), equal(bytes, '%'));
    return {bits(_mm256_or_si256(_mm256_or_si256(low, equal(bytes, 0x7F)), rare)), bits(equal(bytes, '?')),
            bits(equal(bytes, '/')), bits(equal(bytes, '.'))};
  }
  __attribute__((target("avx2"))) static std::uint32_t same(const char* p, const char* q) noexcept {
    return bits(_mm256_cmpeq_epi8(load(p), load(q)));
  }

 private:
  __attribute__((target("avx2"))) static __m256i load(const char* p) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  __attribute__((target("avx2"))) static __m256i load_table(const std::array<std::uint8_t, 16>& table) noexcept {
    return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(table.data())));
  }
  __attribute__((target("avx2"))) static __m256i equal(__m256i bytes, char c) noexcept {
    return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c));
  }
  __attribute__((target("avx2"))) static std::uint32_t bits(__m256i bytes) noexcept {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
  }
};

#endif

}  // namespace pintle::http1
