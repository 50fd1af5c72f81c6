#include "dataplane/http2/session.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <new>
#include <utility>

#include <nghttp2/nghttp2.h>

namespace pintle::http2 {
namespace {

/// So much is taken before a look at whether the session is doomed.
constexpr std::size_t slice = 16 * 1024;
/// The longest that nghttp2 makes at once (RFC 9113 section 4.2).
constexpr std::size_t largest_frame = 16 * 1024 + 9;

struct OptionsDeleter {
  void operator()(nghttp2_option* option) const noexcept { nghttp2_option_del(option); }
  void operator()(nghttp2_session_callbacks* callbacks) const noexcept { nghttp2_session_callbacks_del(callbacks); }
};
using Options = std::unique_ptr<nghttp2_option, OptionsDeleter>;
using CallbackTable = std::unique_ptr<nghttp2_session_callbacks, OptionsDeleter>;

Options make_options() {
  nghttp2_option* raw = nullptr;
  if (nghttp2_option_new(&raw) != 0) throw std::bad_alloc();
  Options options(raw);
  nghttp2_option_set_no_auto_window_update(raw, 1);
  nghttp2_option_set_no_closed_streams(raw, 1);
  nghttp2_option_set_peer_max_concurrent_streams(raw, max_streams);
  // The stricter budget is ours: it counts what nghttp2 does not (security requirement 47).
  nghttp2_option_set_stream_reset_rate_limit(raw, resets.burst, resets.per_second);
  // Frames of types nobody knows are told, so that they are counted (req 48); what they hold is dropped.
  for (unsigned type = NGHTTP2_CONTINUATION + 1; type <= 0xFF; ++type)
    nghttp2_option_set_user_recv_extension_type(raw, static_cast<std::uint8_t>(type));
  return options;
}

std::string_view text_of(const std::uint8_t* bytes, std::size_t length) noexcept {
  return {reinterpret_cast<const char*>(bytes), length};
}

}  // namespace

/// What nghttp2 calls. `user` is the Session.
struct Callbacks {
  static Session& session_of(void* user) noexcept { return *static_cast<Session*>(user); }
  static Stream* stream_of(nghttp2_session* session, std::int32_t id) noexcept {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }
  static StreamEnd end_of(const nghttp2_frame& frame) noexcept {
    return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 ? StreamEnd::Ended : StreamEnd::Open;
  }

  static int on_begin_frame(nghttp2_session* raw, const nghttp2_frame_hd* head, void* user) {
    Session& session = session_of(user);
    const Stream* const stream = stream_of(raw, head->stream_id);
    switch (head->type) {
      case NGHTTP2_HEADERS:
        // Bounded by their own limits, while there is who counts them.
        if (session.role_ == Role::Client && stream == nullptr) session.count_idle_frame();
        break;
      case NGHTTP2_CONTINUATION:
        break;
      case NGHTTP2_DATA:
        count_data(session, *head, stream);
        break;
      case NGHTTP2_RST_STREAM:
        if (session.role_ == Role::Server || stream != nullptr)
          session.count_reset(stream != nullptr && !stream->head_sent_ ? StreamAnswer::NotBegun : StreamAnswer::Begun);
        else
          session.count_idle_frame();
        break;
      default:
        session.count_idle_frame();
    }
    return 0;
  }

  /// The end of a request is free, once. All else is paid for until a byte of payload has come to who reads it: there
  /// is none in padding, nor on a stream that is over. What a backend sends on a stream that was given up is not its
  /// fault.
  static void count_data(Session& session, const nghttp2_frame_hd& head, const Stream* stream) {
    constexpr unsigned earned = 2;
    const bool ends = (head.flags & NGHTTP2_FLAG_END_STREAM) != 0 && stream != nullptr && !stream->input_ended_;
    ++session.told_data_;
    session.payload_credit_ = earned;
    if (ends || (session.role_ == Role::Client && head.length > 0)) return;
    session.payload_credit_ = earned + 1;
    session.count_idle_frame();
  }

  static int on_begin_headers(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
    Session& session = session_of(user);
    using Kind = FieldBlock::Kind;
    const Stream* const stream = stream_of(raw, frame->hd.stream_id);
    if (session.role_ == Role::Server)
      session.block_.begin(frame->headers.cat == NGHTTP2_HCAT_REQUEST ? Kind::Request : Kind::Trailers);
    else
      session.block_.begin(stream != nullptr && stream->final_head_came_ ? Kind::Trailers : Kind::Response);
    return 0;
  }

  static int on_header(nghttp2_session* /*raw*/, const nghttp2_frame* /*frame*/, const std::uint8_t* name,
                       std::size_t name_length, const std::uint8_t* value, std::size_t value_length,
                       std::uint8_t /*flags*/, void* user) {
    session_of(user).block_.add(text_of(name, name_length), text_of(value, value_length));
    return 0;
  }

  /// nghttp2 would leave the field out and go on (req 39: refused, never repaired).
  static int on_invalid_header(nghttp2_session* /*raw*/, const nghttp2_frame* /*frame*/, const std::uint8_t* /*name*/,
                               std::size_t /*name_length*/, const std::uint8_t* /*value*/, std::size_t /*value_length*/,
                               std::uint8_t /*flags*/, void* /*user*/) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int on_unknown(nghttp2_session* /*raw*/, void** /*payload*/, const nghttp2_frame_hd* /*head*/,
                        void* /*user*/) {
    return NGHTTP2_ERR_CANCEL;
  }

  static int on_frame(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
    Session& session = session_of(user);
    const std::int32_t id = frame->hd.stream_id;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        session.on_block_complete(id, end_of(*frame), stream_of(raw, id));
        break;
      case NGHTTP2_DATA:
        if (Stream* stream = stream_of(raw, id); stream != nullptr && end_of(*frame) == StreamEnd::Ended)
          stream->end_input({});
        break;
      case NGHTTP2_GOAWAY:
        session.peer_leaves_ = true;
        break;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) session.on_settings();
        break;
      default:
        break;
    }
    return 0;
  }

  static int on_data(nghttp2_session* raw, std::uint8_t /*flags*/, std::int32_t id, const std::uint8_t* bytes,
                     std::size_t length, void* user) {
    Session& session = session_of(user);
    Stream* const stream = stream_of(raw, id);
    if (stream != nullptr && !stream->finished_ && !stream->broken_)
      session.idle_frames_.give(std::exchange(session.payload_credit_, 0));
    if (stream != nullptr)
      stream->on_payload({reinterpret_cast<const char*>(bytes), length});
    else
      nghttp2_session_consume_connection(session.session_, length);
    return 0;
  }

  static int on_sent(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
    Session& session = session_of(user);
    Stream* const stream = stream_of(raw, frame->hd.stream_id);
    if (frame->hd.type == NGHTTP2_DATA && frame->hd.length > 0) session.idle_frames_.give(2);
    // What we reset of our own will is not the peer's doing; everything else is (req 47).
    if (frame->hd.type == NGHTTP2_RST_STREAM && (stream == nullptr || !stream->broken_))
      session.count_reset(stream == nullptr || !stream->head_sent_ ? StreamAnswer::NotBegun : StreamAnswer::Begun);
    if (session.role_ == Role::Client && frame->hd.type == NGHTTP2_HEADERS) {
      session.idle_frames_.give(2);
      if (stream != nullptr) stream->request_left_ = true;
    }
    const bool ends = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (ends && stream != nullptr && end_of(*frame) == StreamEnd::Ended) stream->on_end_sent();
    return 0;
  }

  static int on_close(nghttp2_session* raw, std::int32_t id, std::uint32_t code, void* /*user*/) {
    if (Stream* stream = stream_of(raw, id)) stream->close(static_cast<ErrorCode>(code));
    return 0;
  }

  static CallbackTable make() {
    nghttp2_session_callbacks* table = nullptr;
    if (nghttp2_session_callbacks_new(&table) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_begin_frame_callback(table, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(table, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(table, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(table, on_invalid_header);
    nghttp2_session_callbacks_set_unpack_extension_callback(table, on_unknown);
    nghttp2_session_callbacks_set_on_frame_recv_callback(table, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(table, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(table, on_close);
    return CallbackTable(table);
  }
};

Session::Session(Role role, SessionUser& user, net::BufferPool& pool) : role_(role), user_(user), pool_(pool) {
  // Read only once made: nghttp2 copies both.
  static const CallbackTable callbacks = Callbacks::make();
  static const Options options = make_options();
  const bool server = role == Role::Server;
  const int made = server ? nghttp2_session_server_new2(&session_, callbacks.get(), this, options.get())
                          : nghttp2_session_client_new2(&session_, callbacks.get(), this, options.get());
  if (made != 0) throw std::bad_alloc();
  const nghttp2_settings_entry of_server[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, request_limits.size},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  const nghttp2_settings_entry of_client[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, response_limits.size},
  };
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, server ? of_server : of_client,
                          server ? std::size(of_server) : std::size(of_client));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        server ? server_connection_window : client_connection_window);
}

Session::~Session() {
  end_streams();
  nghttp2_session_del(session_);
}

// ---- bytes ----------------------------------------------------------------------------------------------------------

bool Session::receive(std::span<const char> bytes, Monotonic now) {
  now_ = now;
  while (!bytes.empty() && doom_.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), slice));
    const ssize_t taken =
        nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(part.data()), part.size());
    if (role_ == Role::Server && taken > 0) {
      walk_.take(part.first(static_cast<std::size_t>(taken)));
      count_untold_data();
    }
    if (taken == NGHTTP2_ERR_FLOODED)
      doom("answers to control frames pile up", NGHTTP2_ENHANCE_YOUR_CALM);
    else if (taken < 0)
      doom("not HTTP/2", NGHTTP2_PROTOCOL_ERROR);
    else
      bytes = bytes.subspan(static_cast<std::size_t>(taken));
  }
  mark_output();
  return doom_.empty();
}

std::size_t Session::produce(std::span<char> into) {
  std::size_t total = 0;
  while (into.size() - total >= largest_frame) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t length = nghttp2_session_mem_send(session_, &bytes);
    if (length < 0) doom("frames cannot be made", NGHTTP2_INTERNAL_ERROR);
    if (length <= 0) break;
    std::memcpy(into.data() + total, bytes, static_cast<std::size_t>(length));
    total += static_cast<std::size_t>(length);
  }
  return total;
}

void Session::tell_room() {
  // Those that fill up anew meanwhile are told after the next frames.
  net::IntrusiveList<Stream, RoomTag> told;
  told.splice(with_room_);
  while (Stream* stream = told.pop_front()) stream->on_room();
}

bool Session::is_over() const noexcept {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void Session::mark_output() {
  if (nghttp2_session_want_write(session_) != 0 || is_over()) user_.on_output();
}

// ---- streams --------------------------------------------------------------------------------------------------------

void Session::adopt(Stream& stream) noexcept {
  streams_.push_back(stream);
  ++stream_count_;
  if (stream.id_ > 0) nghttp2_session_set_stream_user_data(session_, stream.id_, &stream);
}

void Session::forget(Stream& stream) noexcept {
  --stream_count_;
  if (!stream.over_ && stream.id_ > 0) nghttp2_session_set_stream_user_data(session_, stream.id_, nullptr);
  stream.drop_input();
}

void Session::end_streams() {
  while (Stream* stream = streams_.pop_front()) stream->close(ErrorCode::Cancel);
}

void Session::give_window(const Stream& stream, std::size_t bytes) {
  if (stream.over_ || stream.id_ <= 0)
    nghttp2_session_consume_connection(session_, bytes);
  else
    nghttp2_session_consume(session_, stream.id_, bytes);
  mark_output();
}

void Session::on_block_complete(std::int32_t id, StreamEnd end, Stream* stream) {
  if (!doom_.empty()) return;
  if (role_ == Role::Server && block_.refusal() && ++refused_blocks_ >= max_refused_blocks)
    return doom("header blocks beyond the limits", NGHTTP2_ENHANCE_YOUR_CALM);
  if (stream == nullptr) {
    if (role_ == Role::Client) return;
    if (block_.malformed().empty()) user_.on_request(id, block_, end);
    if (!block_.malformed().empty())
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
    else if (Stream* made = Callbacks::stream_of(session_, id); made != nullptr && end == StreamEnd::Ended)
      made->end_input({});
    return;
  }
  if (role_ == Role::Client && !stream->final_head_came_) return stream->on_response(block_, end);
  stream->on_trailers(block_);
}

void Session::announce_end() {
  nghttp2_submit_shutdown_notice(session_);
  mark_output();
}

void Session::refuse_new_streams() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  mark_output();
}

Session::ExtendedConnect Session::extended_connect() const noexcept {
  if (!settings_came_) return ExtendedConnect::Unknown;
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1
             ? ExtendedConnect::Offered
             : ExtendedConnect::Missing;
}

/// What waited for them goes out, or never will.
void Session::on_settings() {
  if (std::exchange(settings_came_, true) || role_ == Role::Server) return;
  streams_.for_each([](Stream& stream) { stream.send_held(); });
}

bool Session::takes_streams() const noexcept {
  if (peer_leaves_ || !doom_.empty() || nghttp2_session_check_request_allowed(session_) == 0) return false;
  const std::uint32_t allowed = nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return stream_count_ < std::min(allowed, max_streams);
}

// ---- budgets --------------------------------------------------------------------------------------------------------

void Session::count_idle_frame() {
  if (!idle_frames_.take(now_)) doom("frames that carry nothing", NGHTTP2_ENHANCE_YOUR_CALM);
}

/// DATA of streams that are over, of which nghttp2 says nothing. The last one may still be told.
void Session::count_untold_data() {
  while (doom_.empty() && walk_.data_frames() > told_data_ + 1) {
    ++told_data_;
    count_idle_frame();
  }
}

void Session::count_reset(Answer answer) {
  if (role_ == Role::Client) return;  // one for each request at most
  const bool allowed = resets_.take(now_) && (answer == Answer::Begun || early_resets_.take(now_));
  if (!allowed) doom("streams that were reset", NGHTTP2_ENHANCE_YOUR_CALM);
}

void Session::doom(std::string_view why, std::uint32_t code) {
  if (!doom_.empty()) return;
  doom_ = why;
  nghttp2_session_terminate_session(session_, code);
  user_.on_output();
}

}  // namespace pintle::http2
