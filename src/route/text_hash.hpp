// Hash of a key of the routing table. Keys come from configuration and requests only look them up, so speed counts and
// resistance to chosen keys does not: a client cannot put anything into these maps.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pintle::route {

struct TextHash {
  using is_avalanching = void;
  using is_transparent = void;

  std::size_t operator()(std::string_view text) const noexcept {
    std::uint64_t state = 0x9E3779B97F4A7C15ULL ^ text.size();
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left >= 8; at += 8, left -= 8) state = mix(state ^ read(at, 8), 0xD6E8FEB86659FD93ULL);
    if (left > 0) state = mix(state ^ read(at, left), 0xA0761D6478BD642FULL);
    return static_cast<std::size_t>(mix(state, 0xE7037ED1A0B428DBULL));
  }

 private:
  static std::uint64_t read(const char* at, std::size_t bytes) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, at, bytes);
    return word;
  }
  static std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }
};

}  // namespace pintle::route
