// Scanners over bytes of a head: each returns the first byte in [p, end) outside its class, or end. Nothing at or after
// end is read. The SSE2 twin (baseline of x86-64, so nothing is chosen at run time) steps 16 bytes and leaves the rest
// to the scalar one; a test compares the two. A wider twin is one more struct of the same shape.
#pragma once
#include <array>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pintle::http1 {

namespace scan_tables {
enum ByteClass : std::uint8_t { TokenByte = 1, ValueByte = 2, VisibleByte = 4 };

consteval std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    unsigned classes = letter || (c >= '0' && c <= '9') ? TokenByte : 0U;
    if (c == '\t' || (c >= 0x20 && c != 0x7F)) classes |= ValueByte;
    if (c > 0x20 && c < 0x7F) classes |= VisibleByte;
    table[c] = static_cast<std::uint8_t>(classes);
  }
  for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    table[static_cast<unsigned char>(c)] |= TokenByte;
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 256> classes = make_classes();
}  // namespace scan_tables

[[nodiscard]] inline bool is_token_byte(char c) noexcept {
  return (scan_tables::classes[static_cast<unsigned char>(c)] & scan_tables::TokenByte) != 0;
}

struct ScalarScan {
  /// RFC 9110 section 5.6.2: field names, methods.
  static const char* token(const char* p, const char* end) noexcept { return scan<scan_tables::TokenByte>(p, end); }
  /// Field values: everything but control bytes other than HTAB, and DEL.
  static const char* value(const char* p, const char* end) noexcept { return scan<scan_tables::ValueByte>(p, end); }
  /// 0x21 to 0x7E.
  static const char* visible(const char* p, const char* end) noexcept { return scan<scan_tables::VisibleByte>(p, end); }

 private:
  template <std::uint8_t Class>
  static const char* scan(const char* p, const char* end) noexcept {
    while (p != end && (scan_tables::classes[static_cast<unsigned char>(*p)] & Class) != 0) ++p;
    return p;
  }
};

#if defined(__SSE2__)
struct Sse2Scan {
  static const char* token(const char* p, const char* end) noexcept {
    while (end - p >= 16) {
      const __m128i bytes = load(p);
      // Letters, digits and '-' at once; a byte outside may still be a rarer token byte: the table decides.
      const __m128i letters = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
      const __m128i digits = in_range(bytes, '0', '9');
      const __m128i common = _mm_or_si128(_mm_or_si128(letters, digits), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
      const unsigned outside = static_cast<unsigned>(_mm_movemask_epi8(common)) ^ 0xFFFFU;
      if (outside == 0) {
        p += 16;
        continue;
      }
      p += __builtin_ctz(outside);
      if (!is_token_byte(*p)) return p;
      ++p;
    }
    return ScalarScan::token(p, end);
  }
  static const char* value(const char* p, const char* end) noexcept {
    while (end - p >= 32) {
      const unsigned mask = controls(load(p)) | controls(load(p + 16)) << 16U;
      if (mask == 0) {
        p += 32;
        continue;
      }
      p += __builtin_ctz(mask);
      if (*p != '\t') return p;
      ++p;
    }
    if (end - p >= 16) {
      const unsigned mask = controls(load(p));
      p += mask == 0 ? 16 : __builtin_ctz(mask);
    }
    return ScalarScan::value(p, end);
  }
  static const char* visible(const char* p, const char* end) noexcept {
    while (end - p >= 16) {
      // Signed: 0x80 to 0xFF are negative, so one comparison at each end is enough.
      const __m128i bytes = load(p);
      const __m128i bad =
          _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x21)), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F)));
      if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(bad)); mask != 0) return p + __builtin_ctz(mask);
      p += 16;
    }
    return ScalarScan::visible(p, end);
  }

 private:
  static __m128i load(const char* p) noexcept { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
  /// Marks 0x00 to 0x1F and 0x7F: HTAB is rare enough to be sorted out by its finder.
  static unsigned controls(__m128i bytes) noexcept {
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F)))));
  }
  static __m128i in_range(__m128i bytes, char low, char high) noexcept {
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(static_cast<char>(low - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8(static_cast<char>(high + 1))));
  }
};
using Scan = Sse2Scan;
#else
using Scan = ScalarScan;
#endif

}  // namespace pintle::http1
