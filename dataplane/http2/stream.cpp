#include "dataplane/http2/stream.hpp"

#include <cerrno>
#include <utility>

#include <nghttp2/nghttp2.h>

#include "dataplane/http2/frames.hpp"
#include "dataplane/http2/session.hpp"
#include "dataplane/http2/websocket_accept.hpp"

namespace pintle::http2 {

Stream::Stream(Session& session, std::int32_t id)
    : session_(session),
      id_(id),
      source_(session.pool_),
      reader_(session.role_ == Role::Server ? MessageReader::Kind::Response : MessageReader::Kind::Request),
      waiting_(session.pool_) {
  session_.adopt(*this);
}

Stream::~Stream() { session_.forget(*this); }

// ---- what arrived ---------------------------------------------------------------------------------------------------

net::IoResult Stream::read(std::span<char> into) {
  if (broken_) return {.status = net::IoStatus::Error, .error = ECONNRESET};
  const TextSource::Taken taken = source_.take(into);
  if (taken.payload > 0) session_.give_window(*this, taken.payload);
  if (taken.text > 0) return {.bytes = taken.text};
  if (source_.is_over()) return {.status = net::IoStatus::Eof};
  if (over_) return {.status = net::IoStatus::Error, .error = ECONNRESET};
  return {.status = net::IoStatus::WouldBlock};
}

void Stream::on_payload(std::span<const char> bytes) {
  if (finished_ || broken_) return session_.give_window(*this, bytes.size());
  source_.add(bytes);
  on_readable();
}

/// A client's: an interim head, or the final one.
void Stream::on_response(FieldBlock& block, StreamEnd end) {
  const bool opens_tunnel = asked_websocket_ && block.status() >= 200 && block.status() < 300;
  std::string_view text =
      opens_tunnel ? block.write_upgrade(accept_) : block.write_response(asked_head_ ? Body::None : Body::Allowed);
  final_head_came_ = block.status() >= 200 || text.empty();
  // No status, so that whoever reads it knows that this was no answer.
  if (text.empty()) text = "malformed\r\n\r\n";
  source_.add_head(text);
  source_.set_framing(block.payload_text());
  if (end == StreamEnd::Ended) return end_input({});
  on_readable();
}

void Stream::on_trailers(const FieldBlock& block) {
  if (!block.malformed().empty() || block.refusal()) return reset(ErrorCode::Protocol);
  end_input(block.trailers());
}

void Stream::end_input(std::string_view trailers) {
  input_ended_ = true;
  source_.end(trailers);
  if (!finished_) on_readable();
}

void Stream::close(ErrorCode code) {
  if (over_) return;
  over_ = true;
  // Submitted, but its HEADERS never became a frame: the backend cannot have looked at it.
  const bool unsent = session_.role_ == Role::Client && id_ > 0 && !request_left_;
  on_over(unsent ? ErrorCode::RefusedStream : code);
}

// ---- what is to go --------------------------------------------------------------------------------------------------

net::IoResult Stream::writev(std::span<const iovec> pieces) {
  if (over_ || broken_ || output_ended_) return {.status = net::IoStatus::Error, .error = EPIPE};
  std::size_t total = 0;
  for (const iovec& piece : pieces) {
    total += piece.iov_len;
    if (take({static_cast<const char*>(piece.iov_base), piece.iov_len})) continue;
    reset(ErrorCode::Internal);
    return {.status = net::IoStatus::Error, .error = EPROTO};
  }
  if (!commit()) {
    reset(ErrorCode::Internal);
    return {.status = net::IoStatus::Error, .error = EPIPE};
  }
  return {.bytes = total};
}

bool Stream::take(std::span<const char> text) {
  for (;;) {
    switch (reader_.step(text, session_.heads_)) {
      case MessageReader::Step::NeedMore:
        return true;
      case MessageReader::Step::Head:
        if (session_.role_ == Role::Server && session_.heads_.response.is_interim())
          submit_interim();
        else
          head_waits_ = true;
        break;
      case MessageReader::Step::Payload:
        waiting_.append(reader_.payload());
        break;
      case MessageReader::Step::End:
        output_ended_ = true;
        break;
      case MessageReader::Step::Broken:
        return false;
    }
  }
}

/// The head waits until all of what was written with it is known: END_STREAM may go with it.
bool Stream::commit() {
  if (head_waits_) {
    head_waits_ = false;
    if (!(session_.role_ == Role::Server ? submit_response() : submit_request())) return false;
    reader_.drop_head();
  } else {
    send_more();
  }
  had_pending_ = has_pending();
  if (!waiting_.empty()) on_output(Output::Waits);
  return true;
}

void Stream::submit_interim() {
  Frames frames(session_.session_);
  frames.add_status(session_.heads_.response.status);
  frames.add_fields(session_.heads_.response.headers);
  frames.submit_headers(id_);
  reader_.drop_head();
  session_.mark_output();
}

bool Stream::submit_response() {
  const http::ResponseHead& head = session_.heads_.response;
  Frames frames(session_.session_);
  // To an extended CONNECT any 2xx would say that the tunnel is open.
  frames.add_status(asked_websocket_ && head.status >= 200 && head.status < 300 ? 502 : head.status);
  frames.add_fields(head.headers);
  head_sent_ = true;
  const bool bodiless = output_ended_ && waiting_.empty();
  const bool trailers = bodiless && !reader_.trailers().fields.empty();
  const bool submitted = trailers   ? frames.submit_headers(id_) && submit_trailers()
                         : bodiless ? frames.submit_response(id_, nullptr)
                                    : frames.submit_response(id_, this);
  session_.mark_output();
  return submitted;
}

bool Stream::submit_request() {
  const http::RequestHead& head = session_.heads_.request;
  if (head.upgrade != http::Upgrade::None) return submit_websocket();
  asked_head_ = head.method == http::Method::Head;
  Frames frames(session_.session_);
  frames.add_request(head, session_.scheme_);
  frames.add_fields(head.headers);
  head_sent_ = true;
  const bool bodiless = output_ended_ && waiting_.empty() && reader_.trailers().fields.empty();
  id_ = frames.submit_request(bodiless ? nullptr : this, this);
  session_.mark_output();
  return id_ > 0;
}

/// Only to a backend that has said it knows what this is (RFC 8441 section 3); until it has, the head is kept.
bool Stream::submit_websocket() {
  using Extended = Session::ExtendedConnect;
  const Extended extended = session_.extended_connect();
  if (extended == Extended::Unknown) held_ = reader_.head_text();
  if (extended != Extended::Offered) return extended == Extended::Unknown;
  const http::RequestHead& head = session_.heads_.request;
  const http::Field* key = head.headers.find(http::HeaderId::SecWebSocketKey);
  accept_ = websocket_accept(key == nullptr ? std::string_view() : head.headers.value(*key));
  asked_websocket_ = true;
  Frames frames(session_.session_);
  frames.add_websocket(head, session_.scheme_);
  head_sent_ = true;
  id_ = frames.submit_request(this, this);
  session_.mark_output();
  return id_ > 0;
}

void Stream::send_held() {
  if (held_.empty() || broken_ || over_) return;
  const std::string head = std::exchange(held_, {});
  std::span<const char> text(head);
  MessageReader reader(MessageReader::Kind::Request);
  if (reader.step(text, session_.heads_) == MessageReader::Step::Head && submit_websocket()) return;
  reset(ErrorCode::Internal);
  if (!finished_) on_readable();
}

bool Stream::submit_trailers() {
  Frames frames(session_.session_);
  frames.add_fields(reader_.trailers());
  return frames.submit_trailers(id_);
}

void Stream::send_more() {
  if (!deferred_ || (waiting_.empty() && !output_ended_)) return;
  deferred_ = false;
  nghttp2_session_resume_data(session_.session_, id_);
  session_.mark_output();
}

/// nghttp2 asks for a frame of DATA. Nothing: there is none until send_more().
std::optional<std::size_t> Stream::fill(std::span<char> frame, std::uint32_t& flags) {
  const std::size_t count = waiting_.take(frame);
  if (waiting_.empty() && output_ended_) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!reader_.trailers().fields.empty() && submit_trailers()) flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  } else if (count == 0) {
    deferred_ = true;
    return std::nullopt;
  }
  on_output(waiting_.empty() ? Output::Gone : Output::Moves);
  if (had_pending_ && !has_pending()) {
    had_pending_ = false;
    session_.with_room_.push_back(*this);
  }
  return count;
}

void Stream::shutdown_write() noexcept {
  if (over_ || broken_ || output_ended_ || !head_sent_) return;
  reader_.close();
  output_ended_ = true;
  send_more();
}

// ---- the end --------------------------------------------------------------------------------------------------------

void Stream::reset(ErrorCode code) {
  if (over_ || broken_) return;
  broken_ = true;
  waiting_.clear();
  if (id_ <= 0) return;
  nghttp2_submit_rst_stream(session_.session_, NGHTTP2_FLAG_NONE, id_, static_cast<std::uint32_t>(code));
  session_.mark_output();
}

void Stream::finish(ErrorCode if_incomplete) {
  finished_ = true;
  if (over_ || broken_ || id_ <= 0) return;
  const bool client = session_.role_ == Role::Client;
  // A backend that has answered needs no more of the request, and may never let it go.
  if (!output_ended_ || (client && !(input_ended_ && end_sent_))) return reset(if_incomplete);
  drop_input();
  if (end_sent_ && !input_ended_) reset(ErrorCode::None);
}

/// Payload that nobody reads is given back to the peer's window of the connection.
void Stream::drop_input() {
  if (const std::size_t unread = source_.drop(); unread > 0) session_.give_window(*this, unread);
}

void Stream::on_end_sent() {
  end_sent_ = true;
  if (finished_ && !input_ended_) reset(ErrorCode::None);
}

}  // namespace pintle::http2
