// Request methods. Case matters (RFC 9110 section 9.1): "get" is Other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pintle::http {

enum class Method : std::uint8_t { Other, Get, Head, Post, Put, Delete, Connect, Options, Trace, Patch };

/// A longer method is refused (req 36).
inline constexpr std::size_t max_method_length = 32;

[[nodiscard]] Method find_method(std::string_view text) noexcept;
/// Empty for Other.
[[nodiscard]] std::string_view method_name(Method method) noexcept;
/// RFC 9110 section 9.2.1; Other is not known to be safe.
[[nodiscard]] bool is_safe(Method method) noexcept;
/// RFC 9110 section 9.2.2: may be sent again when a connection died before any byte of an answer.
[[nodiscard]] bool is_idempotent(Method method) noexcept;

}  // namespace pintle::http
