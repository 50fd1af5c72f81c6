// The text of one HTTP/1 message that an exchange writes to a stream, taken apart: heads, payload, trailers.
// Steps through whatever pieces it comes in. A message that cannot be read is a bug of ours, and broken. Worker thread.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "dataplane/http1/chunked.hpp"
#include "dataplane/http1/head_parser.hpp"

namespace pintle::http2 {

/// Beyond the limits that a head had to keep when it came.
inline constexpr std::size_t added_fields = 24;

/// Where heads are parsed into; one for all streams of a connection, as it is used within one step.
struct HeadStorage {
  http::RequestHead request;
  http::ResponseHead response;
  /// With room for what the gateway and filters have added.
  std::array<http::Field, http::max_request_fields + added_fields> request_fields;
  std::array<http::Field, http::max_response_fields + added_fields> response_fields;
};

class MessageReader {
 public:
  enum class Kind : std::uint8_t { Request, Response };
  enum class Step : std::uint8_t {
    NeedMore,
    Head,     ///< in the storage; for responses also interim ones, another head follows those
    Payload,  ///< see payload()
    End,      ///< told once; see trailers()
    Broken
  };

  explicit MessageReader(Kind kind) noexcept : kind_(kind) {}
  /// What a response answers; before its first byte.
  void expect(const http1::RequestFacts& facts) noexcept { facts_ = facts; }

  /// Uses up the front of `text`. Views of a head hold until drop_head(), as long as `text` does and no further is
  /// given.
  [[nodiscard]] Step step(std::span<const char>& text, HeadStorage& storage);
  [[nodiscard]] std::span<const char> payload() const noexcept { return payload_; }
  [[nodiscard]] http::HeaderView trailers() const noexcept { return chunked_.trailers(); }
  void drop_head() noexcept { head_.clear(); }
  /// The head of the last step Head, under the same terms.
  [[nodiscard]] std::string_view head_text() const noexcept { return head_text_; }
  [[nodiscard]] bool is_over() const noexcept { return phase_ == Phase::Over; }
  /// The writer has closed its side: ends a message that ends so.
  void close() noexcept { phase_ = Phase::Over; }
  [[nodiscard]] bool is_tunnel() const noexcept { return phase_ == Phase::Tunnel; }

 private:
  enum class Phase : std::uint8_t { Head, Length, Chunked, Tunnel, Ending, Over };
  [[nodiscard]] Step read_head(std::span<const char>& text, HeadStorage& storage);
  void begin_body(const http::BodyFraming& body) noexcept;

  Kind kind_;
  Phase phase_ = Phase::Head;
  http1::RequestFacts facts_;
  http1::RequestHeadParser request_parser_;
  http1::ResponseHeadParser response_parser_;
  http1::ChunkedDecoder chunked_;
  std::string head_;
  std::string_view head_text_;
  std::uint64_t left_ = 0;  ///< of Length
  std::span<const char> payload_;
};

}  // namespace pintle::http2
