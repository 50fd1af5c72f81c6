#include "dataplane/proxy/h2_stream.hpp"

#include <pintle/http/grpc.hpp>

#include "dataplane/proxy/exchange.hpp"
#include "dataplane/proxy/own_answer.hpp"

namespace pintle::proxy {
namespace {

constexpr http1::RequestRules head_rules{};

/// Sec-WebSocket-Key of a handshake that needed none (RFC 8441 section 5): 16 bytes in base64 (RFC 6455 section 4.1).
std::string make_websocket_key(net::Random& random) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string key;
  for (unsigned i = 0; i < 21; ++i) key += alphabet[random.below(64)];
  key += alphabet[random.below(4) * 16];  // 128 bits: the last digit holds two
  return key + "==";
}

}  // namespace

H2Stream::H2Stream(Shared& shared, H2Session& session, std::int32_t id)
    : Downstream({.shared = shared, .socket = session.socket(), .carrier = &session.connection()},
                 net::Connection(static_cast<net::Channel&>(*this), session.connection().peer())),
      Stream(session.http(), id),
      session_(session),
      started_(shared.context.now()) {}

H2Stream::~H2Stream() { leave_exchange(); }

bool H2Stream::take_head(http2::FieldBlock& block, http2::StreamEnd end) {
  const std::string_view text =
      block.write_request(end, block.is_websocket() ? make_websocket_key(shared_.context.random) : std::string());
  if (!block.malformed().empty()) return false;
  refusal_ = block.refusal();
  if (block.asks_head()) method_ = http::Method::Head;
  set_framing(block.payload_text());
  input_.assign(text);
  return true;
}

void H2Stream::begin() {
  if (refusal_) return refuse(refusal_);
  exchange_ = shared_.exchanges.take();
  http1::RequestHeadParser parser;
  const http1::ParseResult parsed =
      parser.parse(input_.bytes(), head_rules, exchange_->request, exchange_->request_fields);
  if (parsed.progress != http1::Progress::Done)
    return refuse(parsed.refusal ? parsed.refusal : http::bad_request(39, "a head that HTTP/1 does not have"));
  exchange_->request.version = http::Version::Http2;
  // Req 10: a call without its trailers is none, whether it says `te` or not.
  exchange_->request.te_trailers = exchange_->request.te_trailers || http::is_grpc(exchange_->request.headers);
  expect({.method = exchange_->request.method, .upgrade = exchange_->request.upgrade});
  const std::span<char> head = input_.bytes().first(parsed.consumed);
  input_.consume(parsed.consumed);
  exchange_->begin(*this, head, started_);
}

void H2Stream::refuse(const http::Refusal& refusal) {
  leave_exchange();
  input_.reset();
  AnswerText text;
  const OwnAnswer own{.status = refusal.status, .reason = refusal.reason, .detail = refusal.detail};
  const std::size_t body = write_answer(own, {.client = http::Version::Http2, .method = method_}, text);
  expect({.method = method_});
  const iovec piece{text.data(), text.size()};
  const bool sent = send({&piece, 1});
  report({.refusal = refusal, .version = http::Version::Http2, .started = started_, .sent = sent, .body = body});
  finish(http2::ErrorCode::Internal);
}

// ---- what the stream tells ------------------------------------------------------------------------------------------

void H2Stream::on_readable() {
  readable_ = true;
  if (has_input_end()) peer_closed_ = true;
  if (exchange_ != nullptr) exchange_->on_downstream_events();
}

void H2Stream::on_room() {
  if (outlet_.flush(connection_) == net::Sent::Waiting) return;
  if (exchange_ != nullptr) exchange_->on_downstream_events();
}

void H2Stream::on_output(Output output) {
  if (output == Output::Gone) return stall_.disarm();
  if (output == Output::Moves || !stall_.is_armed())
    shared_.context.arm_after(stall_, shared_.settings.timeouts.write_stall);
}

void H2Stream::on_stall() {
  if (exchange_ != nullptr)
    exchange_->cancel(Reason::ClientClosed);
  else
    reset(http2::ErrorCode::Cancel);
}

void H2Stream::on_over(http2::ErrorCode /*code*/) {
  stall_.disarm();
  if (exchange_ != nullptr && session_.end_reason() == Reason::ClientClosed) exchange_->on_downstream_lost();
  if (exchange_ != nullptr) exchange_->cancel(session_.end_reason());
  session_.on_stream_over(*this);
  delete this;
}

// ---- what the exchange tells ----------------------------------------------------------------------------------------

void H2Stream::end_exchange(After after) {
  leave_exchange();
  session_.on_served();
  if (after == After::Cut)
    reset(http2::ErrorCode::Internal);
  else
    finish(http2::ErrorCode::Internal);
}

void H2Stream::leave_exchange() noexcept {
  if (exchange_ != nullptr) shared_.exchanges.give_back(std::exchange(exchange_, nullptr));
}

}  // namespace pintle::proxy
