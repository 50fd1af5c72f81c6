#include "test/unit/dataplane/proxy/h2_peer.hpp"

#include <algorithm>
#include <cstring>

#include <nghttp2/nghttp2.h>

namespace pintle::proxy {
namespace {

std::vector<nghttp2_nv> to_nvs(const Fields& fields) {
  std::vector<nghttp2_nv> out;
  for (const auto& [name, value] : fields)
    out.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                   reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                   NGHTTP2_NV_FLAG_NONE});
  return out;
}

}  // namespace

struct PeerCallbacks {
  static H2Peer& peer_of(void* user) { return *static_cast<H2Peer*>(user); }

  static int on_begin(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    H2Peer& peer = peer_of(user);
    const std::int32_t id = frame->hd.stream_id;
    Message& message = peer.messages[id];
    if (message.fields.empty()) {
      peer.began.push_back(id);
    } else if (message.field(":status").starts_with('1')) {
      message.interim.push_back(std::exchange(message.fields, {}));
    }
    return 0;
  }
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_length,
                       const std::uint8_t* value, std::size_t value_length, std::uint8_t, void* user) {
    Message& message = peer_of(user).messages[frame->hd.stream_id];
    const bool trailers = !message.fields.empty() && frame->headers.cat == NGHTTP2_HCAT_HEADERS && name[0] != ':' &&
                          message.field(":end") == "yes";
    (trailers ? message.trailers : message.fields)
        .emplace_back(std::string(reinterpret_cast<const char*>(name), name_length),
                      std::string(reinterpret_cast<const char*>(value), value_length));
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    H2Peer& peer = peer_of(user);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      peer.goaway_code = frame->goaway.error_code;
      peer.goaway_last = frame->goaway.last_stream_id;
    }
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Message& message = peer.messages[frame->hd.stream_id];
    // A mark of ours: fields of a further block are trailers.
    if (frame->hd.type == NGHTTP2_HEADERS && !message.field(":status").starts_with('1'))
      message.fields.emplace_back(":end", "yes");
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) message.ended = true;
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t length,
                     void* user) {
    peer_of(user).messages[id].body.append(reinterpret_cast<const char*>(bytes), length);
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    peer_of(user).messages[id].closed = code;
    return 0;
  }
  static ssize_t on_read(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer, std::size_t length,
                         std::uint32_t* flags, nghttp2_data_source*, void* user) {
    auto& out = peer_of(user).outgoing_[id];
    const std::size_t count = std::min(length, out.bytes.size());
    std::memcpy(buffer, out.bytes.data(), count);
    out.bytes.erase(0, count);
    if (out.bytes.empty() && out.ended) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (!out.trailers.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto nvs = to_nvs(out.trailers);
        nghttp2_submit_trailer(session, id, nvs.data(), nvs.size());
      }
    } else if (count == 0) {
      out.deferred = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(count);
  }
};

std::string_view Message::field(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

H2Peer::H2Peer(Bench& bench, End&& connection, Kind kind, Window window, Connect connect)
    : end(std::move(connection)), bench_(bench) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, PeerCallbacks::on_begin);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, PeerCallbacks::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, PeerCallbacks::on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, PeerCallbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, PeerCallbacks::on_close);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, window == Window::Held ? 1 : 0);
  if (kind == Kind::Client)
    nghttp2_session_client_new2(&session_, callbacks, this, option);
  else
    nghttp2_session_server_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry extended{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &extended, connect == Connect::Extended ? 1 : 0);
}

H2Peer::~H2Peer() { nghttp2_session_del(session_); }

std::int32_t H2Peer::request(const Fields& fields, std::optional<std::string> body) {
  const auto nvs = to_nvs(fields);
  nghttp2_data_provider provider{};
  provider.read_callback = PeerCallbacks::on_read;
  const std::int32_t id =
      nghttp2_submit_request(session_, nullptr, nvs.data(), nvs.size(), body ? &provider : nullptr, nullptr);
  if (body) outgoing_[id].bytes = *body;
  step();
  return id;
}

void H2Peer::respond(std::int32_t id, const Fields& fields, std::optional<std::string> body) {
  const auto nvs = to_nvs(fields);
  nghttp2_data_provider provider{};
  provider.read_callback = PeerCallbacks::on_read;
  if (body) outgoing_[id].bytes = *body;
  nghttp2_submit_response(session_, id, nvs.data(), nvs.size(), body ? &provider : nullptr);
  step();
}

void H2Peer::interim(std::int32_t id, const Fields& fields) {
  const auto nvs = to_nvs(fields);
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, id, nullptr, nvs.data(), nvs.size(), nullptr);
  step();
}

void H2Peer::write(std::int32_t id, std::string_view bytes) {
  outgoing_[id].bytes += bytes;
  if (std::exchange(outgoing_[id].deferred, false)) nghttp2_session_resume_data(session_, id);
  step();
}

void H2Peer::finish(std::int32_t id, const Fields& trailers) {
  outgoing_[id].ended = true;
  outgoing_[id].trailers = trailers;
  write(id, {});
}

void H2Peer::reset(std::int32_t id, std::uint32_t code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, code);
  step();
}

void H2Peer::goaway(std::int32_t last, std::uint32_t code) {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, code, nullptr, 0);
  step();
}

void H2Peer::set_max_streams(std::uint32_t count) {
  const nghttp2_settings_entry entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, count};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &entry, 1);
  step();
}

void H2Peer::give(std::int32_t id, std::size_t bytes) {
  nghttp2_session_consume(session_, id, bytes);
  step();
}

void H2Peer::step() {
  end.pull();
  const std::string bytes = end.take();
  if (!bytes.empty()) {
    const ssize_t taken =
        nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    EXPECT_EQ(taken, static_cast<ssize_t>(bytes.size()));
  }
  const std::uint8_t* out = nullptr;
  while (end.is_open()) {
    const ssize_t length = nghttp2_session_mem_send(session_, &out);
    if (length <= 0) break;
    if (end.ended || end.cut) continue;
    end.send({reinterpret_cast<const char*>(out), static_cast<std::size_t>(length)});
  }
}

void H2Peer::until(const std::function<bool()>& done) {
  EXPECT_TRUE(bench_.run_until([&] { return step(), done(); }));
}

const Message& H2Peer::until_ended(std::int32_t id) {
  until([&] { return messages[id].ended || messages[id].closed; });
  return messages[id];
}

Fields h2_get(std::string_view path, const Fields& more) {
  Fields fields{{":method", "GET"}, {":scheme", "http"}, {":authority", "a.test"}, {":path", std::string(path)}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

// ---- by hand --------------------------------------------------------------------------------------------------------

std::string u32(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string out = u32(static_cast<std::uint32_t>(payload.size())).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  out += u32(stream);
  out += payload;
  return out;
}

namespace {

/// RFC 7541 section 5.1 with a prefix of seven bits.
std::string length_of(std::size_t length) {
  if (length < 127) return std::string(1, static_cast<char>(length));
  std::string out(1, '\x7f');
  for (length -= 127; length >= 128; length /= 128) out += static_cast<char>(length % 128 + 128);
  return out + static_cast<char>(length);
}

}  // namespace

std::string literal(std::string_view name, std::string_view value) {
  std::string out(1, '\0');
  out += length_of(name.size());
  out += name;
  out += length_of(value.size());
  out += value;
  return out;
}

std::string block(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) out += literal(name, value);
  return out;
}

std::vector<Frame> frames_in(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  std::vector<Frame> out;
  while (bytes.size() >= 9) {
    const std::size_t length = (at(0) << 16) | (at(1) << 8) | at(2);
    if (bytes.size() < 9 + length) break;
    out.push_back({.type = static_cast<std::uint8_t>(at(3)),
                   .flags = static_cast<std::uint8_t>(at(4)),
                   .stream = (at(5) << 24) | (at(6) << 16) | (at(7) << 8) | at(8),
                   .payload = std::string(bytes.substr(9, length))});
    bytes.remove_prefix(9 + length);
  }
  return out;
}

std::optional<std::uint32_t> find_goaway(std::string_view bytes) {
  for (const Frame& found : frames_in(bytes)) {
    if (found.type != NGHTTP2_GOAWAY || found.payload.size() < 8) continue;
    std::uint32_t code = 0;
    for (std::size_t i = 4; i < 8; ++i) code = (code << 8) | static_cast<unsigned char>(found.payload[i]);
    if (code != 0) return code;
  }
  return std::nullopt;
}

}  // namespace pintle::proxy
