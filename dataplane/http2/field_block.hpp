// One header block on its way from HPACK to the text of an HTTP/1 head.
//  - guarantees: nothing that is legal in a binary frame becomes structure in the text (req 39): what is not a token,
//  or
//    holds CR, LF or NUL, or is pseudo where it must not be, makes the block malformed; sizes are counted after HPACK,
//    each cookie crumb as a field (req 24), and a block beyond its limits costs no more memory.
//  - leaves to others: the rules of a head in any protocol (http1's parsers read the text), order of pseudo-fields
//    (nghttp2).
// Used for one block after another: a connection has one open at a time. Worker thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <pintle/http/refusal.hpp>

#include "dataplane/http2/text_source.hpp"

namespace pintle::http2 {

struct BlockLimits {
  std::size_t size;  ///< of all fields, 32 bytes each besides name and value (RFC 9113 section 6.5.2)
  std::size_t field;
  std::size_t fields;
};
inline constexpr BlockLimits request_limits{.size = 60 * 1024, .field = 16 * 1024, .fields = 100};   // req 23, 24
inline constexpr BlockLimits response_limits{.size = 64 * 1024, .field = 64 * 1024, .fields = 200};  // req 18
inline constexpr BlockLimits trailer_limits{.size = 8 * 1024, .field = 8 * 1024, .fields = 32};      // req 10

enum class StreamEnd : std::uint8_t { Open, Ended };  ///< whether payload may follow

/// Whether the answer to a request may have a body: not where HEAD was asked.
enum class Body : std::uint8_t { Allowed, None };

class FieldBlock {
 public:
  enum class Kind : std::uint8_t { Request, Response, Trailers };

  void begin(Kind kind) noexcept;
  void add(std::string_view name, std::string_view value);

  /// RFC 9113 section 8.1.1: the stream is reset, nothing of it is answered. Static storage; empty: it is well formed.
  [[nodiscard]] std::string_view malformed() const noexcept { return malformed_; }
  /// Over a limit, or a request that cannot be: the status to answer.
  [[nodiscard]] const http::Refusal& refusal() const noexcept { return refusal_; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool asks_head() const noexcept { return method_ == "HEAD"; }
  [[nodiscard]] bool is_websocket() const noexcept { return protocol_ == "websocket"; }
  [[nodiscard]] std::uint16_t status() const noexcept { return status_; }

  /// The block as the text of an HTTP/1 head; a body of unknown length is announced as chunked. May still find it
  /// malformed or refused: look again. Valid until begin(). `websocket_key`: for a handshake that has none.
  [[nodiscard]] std::string_view write_request(StreamEnd end, std::string_view websocket_key);
  [[nodiscard]] std::string_view write_response(Body body);
  /// The 2xx that opens a tunnel, as the 101 it is to HTTP/1 (RFC 8441 section 5); `accept`: Sec-WebSocket-Accept.
  [[nodiscard]] std::string_view write_upgrade(std::string_view accept);
  /// How payload follows the head that was written.
  [[nodiscard]] PayloadText payload_text() const noexcept { return payload_text_; }
  /// Lines of trailers, without the empty one.
  [[nodiscard]] std::string_view trailers() const noexcept { return lines_; }

 private:
  [[nodiscard]] bool count(std::string_view name, std::string_view value) noexcept;
  void add_pseudo(std::string_view name, std::string_view value);
  void add_request_field(std::string_view name, std::string_view value);
  void add_line(std::string_view name, std::string_view value);
  void check_request();
  void write(std::initializer_list<std::string_view> parts);
  void malform(std::string_view why) noexcept {
    if (malformed_.empty()) malformed_ = why;
  }
  void refuse(const http::Refusal& refusal) noexcept {
    if (!refusal_) refusal_ = refusal;
  }

  Kind kind_ = Kind::Request;
  BlockLimits limits_ = request_limits;
  std::size_t size_ = 0;
  std::size_t fields_ = 0;
  bool has_length_ = false;
  bool has_key_ = false;
  PayloadText payload_text_ = PayloadText::Raw;
  std::uint16_t status_ = 0;
  std::string_view malformed_;
  http::Refusal refusal_;
  std::string method_;
  std::string path_;
  std::string authority_;
  std::string scheme_;
  std::string protocol_;
  std::string host_;
  std::string cookie_;
  std::string lines_;
  std::string text_;
};

}  // namespace pintle::http2
