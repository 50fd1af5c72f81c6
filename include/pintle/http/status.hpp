// Status codes: their texts and the ones that never have a body.
#pragma once
#include <cstdint>
#include <string_view>

namespace pintle::http {

/// "Not Found" for 404; empty for a code nobody registered.
[[nodiscard]] std::string_view reason_phrase(std::uint16_t status) noexcept;
/// 1xx, 204 and 304 end with their head, whatever its fields say (RFC 9112 section 6.3).
[[nodiscard]] constexpr bool never_has_body(std::uint16_t status) noexcept {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace pintle::http
