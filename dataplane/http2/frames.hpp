// A head as nghttp2 takes it: pseudo-fields, then the fields that HTTP/2 has. Internal to http2.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include <nghttp2/nghttp2.h>

#include <pintle/http/request.hpp>

#include "dataplane/http2/message_reader.hpp"

namespace pintle::http2 {

class Stream;

/// Lives for one head. Names may have capitals: nghttp2 writes them small as it copies.
class Frames {
 public:
  explicit Frames(nghttp2_session* session) noexcept : session_(session) {}

  /// 101 becomes 200: an upgrade is an extended CONNECT here (RFC 8441 section 5).
  void add_status(std::uint16_t status) noexcept;
  void add_request(const http::RequestHead& head, std::string_view scheme) noexcept;
  /// The handshake of a WebSocket, which has no key here (RFC 8441 section 5).
  void add_websocket(const http::RequestHead& head, std::string_view scheme) noexcept;
  /// But those of the connection and those that pseudo-fields say.
  void add_fields(const http::HeaderView& fields) noexcept;

  bool submit_headers(std::int32_t id) noexcept;
  bool submit_trailers(std::int32_t id) noexcept;
  /// `body`: the stream that has one, or nullptr.
  bool submit_response(std::int32_t id, Stream* body) noexcept;
  [[nodiscard]] std::int32_t submit_request(Stream* body, Stream* stream) noexcept;

 private:
  void add(std::string_view name, std::string_view value) noexcept;
  void add_place(const http::RequestHead& head, std::string_view scheme) noexcept;

  nghttp2_session* session_;
  std::array<char, 3> digits_{};
  std::array<nghttp2_nv, http::max_response_fields + added_fields + 4> fields_;  // and the pseudo-fields
  std::size_t count_ = 0;
};

}  // namespace pintle::http2
