// How much to read at once of a body. A peer that stalls pins what was read last: the size starts small, doubles while
// the other side takes everything at once, and falls back when it does not (req 49).
#pragma once
#include <algorithm>
#include <cstddef>

#include "dataplane/net/buffer.hpp"

namespace pintle::proxy {

inline constexpr std::size_t first_read_size = net::slow_reader_limit;
/// A peer that stalls pins one such read and what its exchange has besides: together less than 256 KiB.
inline constexpr std::size_t largest_read_size = 192 * 1024;
static_assert(largest_read_size <= net::scratch_size);

[[nodiscard]] constexpr std::size_t larger_read(std::size_t size) noexcept {
  return std::min(size * 2, largest_read_size);
}

}  // namespace pintle::proxy
