// Where the lines of a head may end, as bits: one pass marks 32 or 16 bytes a step, then fields are walked from mark to
// mark, so that a field costs the same however long it is. Internal to http1.
//
//   bytes        H o s t :   a . b CR LF
//   name_ends    . . . . 1 1 . 1 . 1  1     bytes outside letters, digits and '-'
//   value_ends   . . . . . . . . . 1  1     control bytes (HTAB too) and DEL
//
// A mark is where to look, not a verdict: rarer bytes of a name ('_', '.') and HTAB are allowed and marked all the
// same.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace pintle::http1 {

class HeadMarks {
 public:
  /// Bytes that are marked at once; a line that is longer is left to others.
  static constexpr std::size_t window = 1024;

  /// Marks [p, p + size), size <= window. Whatever is beyond counts as marked; it is not read.
  void mark(const char* p, std::size_t size) noexcept;
  /// First mark at or after `at` (<= size); `size` or more if there is none.
  [[nodiscard]] std::size_t name_end(std::size_t at) const noexcept { return first(name_ends_, at); }
  [[nodiscard]] std::size_t value_end(std::size_t at) const noexcept { return first(value_ends_, at); }

  /// One for each kind of CPU, all with the same outcome: mark() takes the widest there is.
  void mark_scalar(const char* p, std::size_t size) noexcept;
#if defined(__x86_64__)
  void mark_sse2(const char* p, std::size_t size) noexcept;
  void mark_avx2(const char* p, std::size_t size) noexcept;  ///< only where the CPU has it
#endif

 private:
  static constexpr std::size_t word_bits = 64;
  using Words = std::array<std::uint64_t, window / word_bits + 1>;  // the last one in use is all ones: an end for all
  [[nodiscard]] static std::size_t first(const Words& words, std::size_t at) noexcept {
    const std::uint64_t* word = words.data() + at / word_bits;
    std::uint64_t bits = *word & (~std::uint64_t{0} << (at % word_bits));
    while (bits == 0) bits = *++word;
    return static_cast<std::size_t>(word - words.data()) * word_bits + static_cast<std::size_t>(__builtin_ctzll(bits));
  }
  template <class MarkWord>
  void mark_words(const char* p, std::size_t size, MarkWord&& mark_word) noexcept;

  Words name_ends_;
  Words value_ends_;
};

}  // namespace pintle::http1
