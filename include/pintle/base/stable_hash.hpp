// A hash for what outlives the process: names of objects, words in Leases, tokens of sessions. Not for secrets.
#pragma once
#include <cstdint>
#include <string_view>

namespace pintle {

/// FNV-1a, 64 bits. It never changes: running clusters hold its values.
[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace pintle
