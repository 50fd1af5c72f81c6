// A piece of payload in the framing of the side it goes to, as pieces for one send. Internal to proxy.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <sys/uio.h>

#include <pintle/http/request.hpp>

#include "dataplane/http1/chunked.hpp"

namespace pintle::proxy {

/// Head pieces and what frame_payload() adds fit together.
inline constexpr std::size_t max_pieces = 16 + 4;

enum class Position : std::uint8_t { Middle, Last };

/// Keeps what the pieces point to; lives until they are sent.
class Framing {
 public:
  /// Adds at most four pieces at `at`; returns the new count. `trailers` go out only at the end of a chunked body.
  std::size_t frame(http::BodyKind kind, std::span<const char> payload, Position position,
                    const http::HeaderView& trailers, std::span<iovec, max_pieces> pieces, std::size_t at);

 private:
  http1::ChunkHeader header_;
  std::string end_;
};

}  // namespace pintle::proxy
