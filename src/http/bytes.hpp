// Byte classes of HTTP text as tables made at compile time.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace pintle::http {

using ByteTable = std::array<std::uint8_t, 256>;

[[nodiscard]] constexpr bool is_alpha(unsigned char c) noexcept { return (c | 0x20U) >= 'a' && (c | 0x20U) <= 'z'; }
[[nodiscard]] constexpr bool is_digit(unsigned char c) noexcept { return c >= '0' && c <= '9'; }

[[nodiscard]] consteval ByteTable make_lower_table() noexcept {
  ByteTable table{};
  for (unsigned c = 0; c < 256; ++c) {
    table[c] = static_cast<std::uint8_t>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return table;
}
inline constexpr ByteTable lower_table = make_lower_table();
[[nodiscard]] constexpr char to_lower(char c) noexcept {
  return static_cast<char>(lower_table[static_cast<unsigned char>(c)]);
}

/// Value of a hex digit; 0xFF for any other byte.
[[nodiscard]] consteval ByteTable make_hex_table() noexcept {
  ByteTable table{};
  table.fill(0xFF);
  for (std::uint8_t d = 0; d < 10; ++d) table['0' + d] = d;
  for (std::uint8_t d = 0; d < 6; ++d) {
    table['a' + d] = static_cast<std::uint8_t>(10 + d);
    table['A' + d] = static_cast<std::uint8_t>(10 + d);
  }
  return table;
}
inline constexpr ByteTable hex_table = make_hex_table();
[[nodiscard]] constexpr std::uint8_t hex_value(char c) noexcept { return hex_table[static_cast<unsigned char>(c)]; }

/// RFC 3986 section 2.3.
[[nodiscard]] constexpr bool is_unreserved(unsigned char c) noexcept {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace pintle::http
