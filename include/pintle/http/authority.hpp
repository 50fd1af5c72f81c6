// Host and port of a request, from the Host field or an absolute target: strict (req 28), lower-cased, one trailing dot
// dropped (req 30). No heap, no name service, any thread.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <pintle/http/refusal.hpp>

namespace pintle::http {

/// Copies are safe: host() views the object's own bytes.
struct Authority {
  static constexpr std::size_t max_host = 255;

  [[nodiscard]] std::string_view host() const noexcept { return {bytes.data(), length}; }
  [[nodiscard]] bool empty() const noexcept { return length == 0; }

  std::uint16_t length = 0;
  std::uint16_t port = 0;                ///< 0: none was written
  std::array<char, max_host + 1> bytes;  ///< lower case; an IPv6 literal keeps its brackets
  Authority() noexcept {}                // NOLINT: the 256 bytes are not cleared for each request
};

/// What `out` holds of an earlier call is made use of, never kept. `text` is the whole field value without surrounding
/// blanks. Empty is refused: a caller that allows a missing Host (HTTP/1.0) does not call.
[[nodiscard]] Refusal parse_authority(std::string_view text, Authority& out) noexcept;

}  // namespace pintle::http
