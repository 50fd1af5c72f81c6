// Hash of a key of the routing table. Keys come from configuration and requests only look them up, so speed counts and
// resistance to chosen keys does not: a client cannot put anything into these maps.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pintle::route {

[[nodiscard]] inline std::uint64_t text_hash(std::string_view text) noexcept {
  const auto word = [](const char* at, auto of) noexcept {
    std::memcpy(&of, at, sizeof of);
    return std::uint64_t{of};
  };
  const auto mix = [](std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  };
  constexpr std::uint64_t first = 0xD6E8FEB86659FD93ULL;
  constexpr std::uint64_t last = 0xA0761D6478BD642FULL;
  const char* const begin = text.data();
  const std::size_t size = text.size();
  std::uint64_t state = 0x9E3779B97F4A7C15ULL ^ size;
  if (size > 8) {
    // Whole words, the last of which may overlap the one before it.
    const char* const end = begin + size - 8;
    for (const char* at = begin; at < end; at += 8) state = mix(state ^ word(at, std::uint64_t{}), first);
    return mix(state ^ word(end, std::uint64_t{}), last);
  }
  std::uint64_t rest = 0;
  if (size >= 4)
    rest = word(begin, std::uint32_t{}) << 32U | word(begin + size - 4, std::uint32_t{});
  else if (size > 0)
    rest = word(begin, std::uint8_t{}) << 16U | word(begin + size / 2, std::uint8_t{}) << 8U |
           word(begin + size - 1, std::uint8_t{});
  return mix(state ^ rest, last);
}

}  // namespace pintle::route
