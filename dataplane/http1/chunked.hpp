// The chunked coding (RFC 9112 section 7.1; req 8-10). Decoding hands out spans of the input, nothing is copied but
// trailers. Cutting the input anywhere changes nothing. Runs on the worker's thread.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <pintle/http/headers.hpp>
#include <pintle/http/refusal.hpp>

namespace pintle::http1 {

struct ChunkLimits {
  std::uint32_t line = 4 * 1024;            ///< one chunk line with its extensions
  std::uint64_t free_framing = 100 * 1024;  ///< framing bytes that need no data bytes to pay for them
  std::uint32_t trailers = 8 * 1024;        ///< beyond: 431
  std::uint32_t trailer_fields = 32;        ///< beyond: 431
};

enum class ChunkProgress : std::uint8_t { NeedMore, Data, Done, Refused };
struct ChunkStep {
  ChunkProgress progress = ChunkProgress::NeedMore;
  std::size_t consumed = 0;      ///< bytes of the input used up, `data` included
  std::span<const char> data{};  ///< Data: payload, a part of the input
  http::Refusal refusal{};       ///< Refused: 400 or 431; for a response the caller answers 502
};

class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(const ChunkLimits& limits = {}) noexcept;
  ~ChunkedDecoder();
  ChunkedDecoder(ChunkedDecoder&&) noexcept;
  ChunkedDecoder& operator=(ChunkedDecoder&&) noexcept;

  /// Uses up a part of `input`: returns at the first payload span, at the end of the body, or with all of it used.
  /// Call again with the rest until NeedMore, Done (bytes after `consumed` are the next message's) or Refused.
  [[nodiscard]] ChunkStep step(std::span<const char> input) noexcept;
  void reset() noexcept;

  [[nodiscard]] bool done() const noexcept { return state_ == State::Done; }
  /// Payload bytes so far; also counts towards a body limit.
  [[nodiscard]] std::uint64_t data_bytes() const noexcept { return data_; }
  /// After Done: trailer fields that may be forwarded; framing, routing, identity and authentication fields were
  /// dropped (req 10). Never merge them into the headers. Valid until reset().
  [[nodiscard]] http::HeaderView trailers() const noexcept;

 private:
  enum class State : std::uint8_t {
    SizeFirst,
    Size,
    ExtStart,
    ExtName,
    ExtNameEnd,
    ExtValue,
    ExtToken,
    ExtQuoted,
    ExtQuotedPair,
    ExtValueEnd,
    ExtValueBlank,
    SizeLf,
    Payload,
    PayloadCr,
    PayloadLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
    Done,
    Refused,
  };
  struct Trailers;
  [[nodiscard]] http::Refusal on_framing_byte(unsigned char c) noexcept;
  [[nodiscard]] http::Refusal on_size_byte(unsigned char c) noexcept;
  [[nodiscard]] http::Refusal on_size_line_end() noexcept;
  [[nodiscard]] http::Refusal on_extension_byte(unsigned char c) noexcept;
  [[nodiscard]] http::Refusal on_trailer_byte(unsigned char c) noexcept;
  [[nodiscard]] http::Refusal on_trailer_line() noexcept;

  ChunkLimits limits_;
  State state_ = State::SizeFirst;
  std::uint8_t digits_ = 0;
  std::uint32_t line_ = 0;       // bytes of the chunk line so far
  std::uint64_t remaining_ = 0;  // of the chunk
  std::uint64_t data_ = 0;
  std::uint64_t framing_ = 0;
  std::unique_ptr<Trailers> trailers_;  // made at the first trailer byte: most bodies have none
};

/// Writes the line before a chunk of `size` bytes: "1a\r\n". After the chunk comes "\r\n".
struct ChunkHeader {
  ChunkHeader() noexcept {}  // NOLINT: nothing to view, and no byte of it is cleared
  explicit ChunkHeader(std::uint64_t size) noexcept;
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data() + begin_, bytes_.size() - begin_}; }

 private:
  std::array<char, 18> bytes_;
  std::size_t begin_ = 18;
};
inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";   ///< no trailers
inline constexpr std::string_view last_chunk_open = "0\r\n";  ///< trailer lines and an empty line follow

}  // namespace pintle::http1
