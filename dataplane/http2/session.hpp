// One HTTP/2 connection on nghttp2, without its socket: bytes in, bytes out, streams that read and write as HTTP/1.
//  - guarantees: budgets of our own for what nghttp2 leaves open (req 24, 46-48): decoded size of header blocks,
//  streams
//    that were reset by either side, frames that carry nothing; beyond one the session is doomed: GOAWAY, then the end.
//    Of a backend only frames that belong to no request are counted: its answers and resets end their own stream.
//    A window is given back when the payload was taken from the stream, not when it came.
//  - leaves to others: sockets, timeouts, requests (proxy, upstream).
// nghttp2's calls back may write to streams and reset them, but never call receive() or produce(). Worker thread.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <pintle/base/clock.hpp>

#include "dataplane/http2/field_block.hpp"
#include "dataplane/http2/frame_walk.hpp"
#include "dataplane/http2/message_reader.hpp"
#include "dataplane/http2/stream.hpp"
#include "dataplane/http2/token_bucket.hpp"
#include "dataplane/net/intrusive_list.hpp"

struct nghttp2_session;

namespace pintle::http2 {

inline constexpr std::uint32_t max_streams = 100;  // req 46
inline constexpr std::uint32_t stream_window = 64 * 1024 - 1;
inline constexpr std::uint32_t server_connection_window = 1024 * 1024;
/// Of all streams, so that one whose client is slow never keeps the others from theirs.
inline constexpr std::uint32_t client_connection_window = max_streams * stream_window;
inline constexpr Rate early_resets{.burst = 200, .per_second = 50};  // req 47: before the head of an answer
inline constexpr Rate resets{.burst = 1000, .per_second = 200};
inline constexpr Rate idle_frames{.burst = 1000, .per_second = 100};  // req 48
inline constexpr unsigned max_refused_blocks = 3;                     // req 24

enum class Role : std::uint8_t { Server, Client };
/// Whether the head of an answer went out before a stream was reset.
enum class StreamAnswer : std::uint8_t { NotBegun, Begun };

class SessionUser {
 public:
  /// Server: the head of a request is complete, or refused: FieldBlock says. The user makes its stream, which adopts
  /// the id.
  virtual void on_request(std::int32_t id, FieldBlock& block, StreamEnd end) = 0;
  /// There is something to send: produce() before long.
  virtual void on_output() = 0;

 protected:
  ~SessionUser() = default;
};

class Session {
 public:
  Session(Role role, SessionUser& user, net::BufferPool& pool);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Takes all of it. False: the session is doomed; what produce() still gives is to be sent before the end.
  [[nodiscard]] bool receive(std::span<const char> bytes, Monotonic now);
  /// Frames to send, as many as fit; 0: none.
  [[nodiscard]] std::size_t produce(std::span<char> into);
  /// After produce(): tells the streams that have room again, which may write anew.
  void tell_room();
  /// Neither side has anything to say any more.
  [[nodiscard]] bool is_over() const noexcept;
  /// Why it is doomed; empty: it is not. Static storage.
  [[nodiscard]] std::string_view doom() const noexcept { return doom_; }
  /// Server: a header block has begun and is not complete.
  [[nodiscard]] bool is_in_block() const noexcept { return walk_.is_in_block(); }
  /// Client: whether the backend takes extended CONNECT (RFC 8441 section 3); not known before its first SETTINGS.
  enum class ExtendedConnect : std::uint8_t { Unknown, Offered, Missing };
  [[nodiscard]] ExtendedConnect extended_connect() const noexcept;
  /// The peer has said that it takes no more streams, or the session is doomed.
  [[nodiscard]] bool is_leaving() const noexcept { return peer_leaves_ || !doom_.empty(); }

  /// Client: of its requests; "http" unless told otherwise. Static storage.
  void set_scheme(std::string_view scheme) noexcept { scheme_ = scheme; }
  /// First notice of the end: the peer should open no more streams (RFC 9113 section 6.8).
  void announce_end();
  /// No stream beyond those that are here.
  void refuse_new_streams();
  /// The peer has said that it takes no more streams, or may not be asked for more now.
  [[nodiscard]] bool takes_streams() const noexcept;

  [[nodiscard]] std::size_t stream_count() const noexcept { return stream_count_; }
  /// Every stream is over, in whatever state; for the end of the connection.
  void end_streams();

 private:
  friend class Stream;
  friend struct Callbacks;
  using Answer = StreamAnswer;
  void adopt(Stream& stream) noexcept;
  void forget(Stream& stream) noexcept;
  void on_block_complete(std::int32_t id, StreamEnd end, Stream* stream);
  void count_idle_frame();
  void count_untold_data();
  void count_reset(Answer answer);
  void doom(std::string_view why, std::uint32_t code);
  void mark_output();
  void on_settings();
  /// So much payload of the stream was taken: its peer may send as much anew.
  void give_window(const Stream& stream, std::size_t bytes);

  Role role_;
  SessionUser& user_;
  nghttp2_session* session_ = nullptr;
  FieldBlock block_;
  HeadStorage heads_;
  net::BufferPool& pool_;
  net::IntrusiveList<Stream, StreamTag> streams_;
  net::IntrusiveList<Stream, RoomTag> with_room_;
  std::size_t stream_count_ = 0;
  TokenBucket early_resets_{early_resets};
  TokenBucket resets_{resets};
  TokenBucket idle_frames_{idle_frames};
  Monotonic now_{};
  std::string_view scheme_ = "http";
  unsigned refused_blocks_ = 0;
  unsigned payload_credit_ = 0;  ///< what the frame of DATA at hand earns with its first byte
  FrameWalk walk_;
  std::uint64_t told_data_ = 0;  ///< of its frames of DATA, those that were counted
  bool peer_leaves_ = false;
  bool settings_came_ = false;
  std::string_view doom_;
};

}  // namespace pintle::http2
