// A stream of a Session as a connection that speaks HTTP/1, with one message in each direction.
//   read()   text of what arrived     <── HEADERS, DATA, HEADERS     its window is given back as it is taken
//   writev() text of what is to go    ──> HEADERS, DATA, HEADERS     queued here as far as the peer's window allows
// Guarantees: END_STREAM only after a message that was complete; has_pending() as soon as more waits than should.
// Its user derives from it. It is told of its end once, by on_over(), and owned by its user. Worker thread.
#pragma once
#include <cstdint>
#include <optional>

#include "dataplane/http2/message_reader.hpp"
#include "dataplane/http2/text_source.hpp"
#include "dataplane/net/channel.hpp"
#include "dataplane/net/intrusive_list.hpp"

namespace pintle::http2 {

class Session;
class FieldBlock;
enum class StreamEnd : std::uint8_t;
struct StreamTag;
struct RoomTag;

/// RFC 9113 section 7, those used by name.
enum class ErrorCode : std::uint32_t {
  None = 0,
  Protocol = 1,
  Internal = 2,
  RefusedStream = 7,
  Cancel = 8,
  EnhanceYourCalm = 11,
};

class Stream : public net::Channel, public net::ListHook<StreamTag>, public net::ListHook<RoomTag> {
 public:
  static constexpr std::size_t enough_waits = 64 * 1024;

  /// Of a server: answers the request of stream `id`. Of a client: `id` 0, the request opens it.
  Stream(Session& session, std::int32_t id);
  virtual ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] net::IoResult read(std::span<char> into) override;
  [[nodiscard]] net::IoResult writev(std::span<const iovec> pieces) override;
  [[nodiscard]] bool has_pending() const noexcept override { return waiting_.size() >= enough_waits; }
  void shutdown_write() noexcept override;

  /// What a server's stream answers; before its first writev().
  void expect(const http1::RequestFacts& facts) noexcept {
    reader_.expect(facts);
    asked_websocket_ = facts.upgrade == http::Upgrade::Websocket;
  }
  void set_framing(PayloadText framing) noexcept { source_.set_framing(framing); }
  /// No more from either side.
  void reset(ErrorCode code);
  /// Nobody will read what comes: it ends as soon as the answer is sent, or is reset if that is not complete.
  void finish(ErrorCode if_incomplete);
  [[nodiscard]] bool is_over() const noexcept { return over_; }
  /// Its number is known to the peer, or will be.
  [[nodiscard]] bool is_open() const noexcept { return id_ > 0; }
  [[nodiscard]] bool has_input_end() const noexcept { return input_ended_; }
  [[nodiscard]] bool is_sending() const noexcept { return !waiting_.empty(); }

 protected:
  enum class Output : std::uint8_t { Waits, Moves, Gone };

  /// There is something to read, or the end.
  virtual void on_readable() = 0;
  /// Less waits than should again.
  virtual void on_room() = 0;
  /// What became of bytes written: they wait for the peer's window, a part was sent, all of it.
  virtual void on_output(Output output) = 0;
  /// The stream is over, or its connection. It may be freed now.
  virtual void on_over(ErrorCode code) = 0;

 private:
  friend class Session;
  friend struct Callbacks;
  friend struct FrameSource;
  void on_payload(std::span<const char> bytes);
  void on_response(FieldBlock& block, StreamEnd end);
  void on_trailers(const FieldBlock& block);
  void end_input(std::string_view trailers);
  void close(ErrorCode code);
  [[nodiscard]] bool take(std::span<const char> text);
  [[nodiscard]] bool commit();
  void submit_interim();
  [[nodiscard]] bool submit_request();
  [[nodiscard]] bool submit_websocket();
  void send_held();
  [[nodiscard]] bool submit_response();
  [[nodiscard]] bool submit_trailers();
  void send_more();
  [[nodiscard]] std::optional<std::size_t> fill(std::span<char> frame, std::uint32_t& flags);
  void drop_input();
  void on_end_sent();

  Session& session_;
  std::int32_t id_;
  TextSource source_;
  MessageReader reader_;
  net::OwnedChunks waiting_;
  bool head_waits_ = false;    ///< parsed, not submitted
  bool head_sent_ = false;     ///< the final one is submitted
  bool request_left_ = false;  ///< a client's: its HEADERS became a frame
  bool output_ended_ = false;  ///< the message is complete
  bool deferred_ = false;      ///< nghttp2 waits for send_more()
  bool input_ended_ = false;
  bool end_sent_ = false;
  bool finished_ = false;  ///< by its user
  bool broken_ = false;    ///< reset from our side
  bool over_ = false;
  bool asked_head_ = false;
  bool asked_websocket_ = false;
  std::string held_;    ///< a client's: the head of a handshake that waits for SETTINGS
  std::string accept_;  ///< Sec-WebSocket-Accept of it
  bool final_head_came_ = false;
  bool had_pending_ = false;
};

}  // namespace pintle::http2
