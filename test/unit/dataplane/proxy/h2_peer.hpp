// The test's side of an HTTP/2 connection, client or backend, on nghttp2; and frames written by hand for what nghttp2
// would not send.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "test/unit/dataplane/proxy/bench.hpp"

struct nghttp2_session;

namespace pintle::proxy {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// What came on one stream.
struct Message {
  Fields fields;
  std::vector<Fields> interim;
  std::string body;
  Fields trailers;
  bool ended = false;
  std::optional<std::uint32_t> closed;  ///< with this error code

  [[nodiscard]] std::string_view field(std::string_view name) const;
};

class H2Peer {
 public:
  enum class Kind : std::uint8_t { Client, Backend };
  enum class Window : std::uint8_t { Given, Held };       ///< Held: only give() lets the other side send on
  enum class Connect : std::uint8_t { Plain, Extended };  ///< Extended: RFC 8441

  H2Peer(Bench& bench, End&& end, Kind kind, Window window = Window::Given, Connect connect = Connect::Plain);
  ~H2Peer();
  H2Peer(const H2Peer&) = delete;
  H2Peer& operator=(const H2Peer&) = delete;

  /// Client. Without `body` the head ends the stream; with one, it stays open until finish().
  std::int32_t request(const Fields& fields, std::optional<std::string> body = std::nullopt);
  /// Backend.
  void respond(std::int32_t id, const Fields& fields, std::optional<std::string> body = std::nullopt);
  void interim(std::int32_t id, const Fields& fields);
  /// More of a body that was left open.
  void write(std::int32_t id, std::string_view bytes);
  void finish(std::int32_t id, const Fields& trailers = {});
  void reset(std::int32_t id, std::uint32_t code);
  void goaway(std::int32_t last, std::uint32_t code);
  void set_max_streams(std::uint32_t count);
  /// Held: the other side may send so much more on the stream.
  void give(std::int32_t id, std::size_t bytes);

  /// One look at the socket, both ways.
  void step();
  /// Takes turns until `done`; fails the test after five seconds.
  void until(const std::function<bool()>& done);
  const Message& until_ended(std::int32_t id);

  std::map<std::int32_t, Message> messages;
  std::vector<std::int32_t> began;  ///< ids of messages, in order
  std::optional<std::uint32_t> goaway_code;
  std::int32_t goaway_last = 0;
  End end;

 private:
  friend struct PeerCallbacks;
  struct Outgoing {
    std::string bytes;
    bool ended = false;
    bool deferred = false;
    Fields trailers;
  };
  Bench& bench_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Outgoing> outgoing_;
};

/// A GET for a.test, with more fields.
[[nodiscard]] Fields h2_get(std::string_view path, const Fields& more = {});

// Frames by hand.
inline constexpr std::string_view h2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
[[nodiscard]] std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload);
/// HPACK, literal without indexing, no Huffman code.
[[nodiscard]] std::string literal(std::string_view name, std::string_view value);
[[nodiscard]] std::string block(const Fields& fields);
[[nodiscard]] std::string u32(std::uint32_t value);

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};
/// The complete frames in `bytes`.
[[nodiscard]] std::vector<Frame> frames_in(std::string_view bytes);
/// Error code of the first GOAWAY with one other than 0.
[[nodiscard]] std::optional<std::uint32_t> find_goaway(std::string_view bytes);

}  // namespace pintle::proxy
