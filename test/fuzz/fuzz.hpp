// What fuzz targets share. A target is one file <name>_fuzz.cpp that states its property on top, holds
// LLVMFuzzerTestOneInput and calls require(); README.md tells how it is built twice, as a fuzzer and as a test.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace pintle::fuzz {

/// The property does not hold: a fuzzer stops and keeps the input, the replay fails this input and goes on.
[[noreturn]] void violated(std::string_view property, std::string_view detail);

inline void require(bool holds, std::string_view property, std::string_view detail = {}) {
  if (!holds) violated(property, detail);
}

[[nodiscard]] inline std::string_view as_text(const std::uint8_t* data, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}

/// Numbers that follow from `text` alone. Inputs stay plain messages this way, with no bytes that mean cuts, and one
/// changed byte gives other cuts.
class Dice {
 public:
  explicit Dice(std::string_view text) noexcept {
    for (const char c : text) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  /// In [0, bound).
  [[nodiscard]] std::size_t below(std::size_t bound) noexcept {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>((state_ >> 33U) % bound);
  }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325U;
};

/// How many bytes are there at each read, ascending, the last one all of them: some 1 to 8 reads.
[[nodiscard]] std::vector<std::size_t> cuts_of(std::string_view text);

/// As the JSON library judges it: an opinion beside those of the code under test.
[[nodiscard]] bool is_utf8(std::string_view bytes);

/// Reads byte by byte are worth their cost up to this length.
inline constexpr std::size_t short_input = 1024;
/// Longer inputs find nothing that shorter ones do not, slowly. Above the size limits of heads.
inline constexpr std::size_t long_input = 72 * 1024;

}  // namespace pintle::fuzz
