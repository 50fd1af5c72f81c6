// The payload of a message body, whatever its framing: sized, chunked, until close.
// Guarantees: payload comes in order and exactly once; bytes after the body are left alone; a chunked body is checked
// while it streams and its payload is moved together inside the input, so that one read is forwarded as one chunk.
// Leaves to others: reading, limits on the whole body, writing. Runs on the worker's thread. No heap but for trailers.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include <pintle/http/request.hpp>

#include "dataplane/http1/chunked.hpp"

namespace pintle::http1 {

struct BodyBytes {
  std::span<char> payload{};  ///< a part of the input
  std::size_t consumed = 0;   ///< bytes of the input that belonged to the body
  http::Refusal refusal{};    ///< 400 or 431; for a response the caller answers 502
};

class BodyReader {
 public:
  /// What follows is a body of this framing.
  void start(const http::BodyFraming& framing) noexcept;
  /// Uses up what belongs to the body. The input is changed: see payload.
  [[nodiscard]] BodyBytes take(std::span<char> input) noexcept;
  /// So many bytes of a body of known length went past unseen; at most bytes_left().
  void pass(std::uint64_t bytes) noexcept;
  /// The peer sent its last byte: completes a body that ends by close; any other stays as it was.
  void on_eof() noexcept;

  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] http::BodyKind kind() const noexcept { return kind_; }
  /// At most this much may be read without touching what follows the body.
  [[nodiscard]] std::uint64_t bytes_left() const noexcept {
    return kind_ == http::BodyKind::Length ? remaining_ : UINT64_MAX;
  }
  [[nodiscard]] std::uint64_t payload_bytes() const noexcept { return payload_; }
  /// After a chunked body is done: what may be forwarded of its trailers.
  [[nodiscard]] http::HeaderView trailers() const noexcept { return chunked_.trailers(); }

 private:
  BodyBytes take_chunked(std::span<char> input) noexcept;

  http::BodyKind kind_ = http::BodyKind::None;
  bool done_ = true;
  std::uint64_t remaining_ = 0;  ///< of Length
  std::uint64_t payload_ = 0;
  ChunkedDecoder chunked_;
};

}  // namespace pintle::http1
