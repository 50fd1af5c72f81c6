#include "dataplane/proxy/exchange.hpp"

#include <algorithm>

#include <pintle/http/grpc.hpp>

#include "dataplane/proxy/client_identity.hpp"
#include "dataplane/proxy/cors.hpp"
#include "dataplane/proxy/read_size.hpp"

namespace pintle::proxy {
namespace {

/// What a user wrote may be anything: bytes that would end a line or a request line never leave the gateway.
bool is_visible(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

/// The path a rewrite made, normalised again (req 33); nothing if it is none (req 31).
std::optional<std::string_view> make_sound(std::string& path) {
  http::Target target;
  if (http::parse_target(path, http::Method::Get, target)) return std::nullopt;
  if (target.form != http::TargetForm::Origin || target.has_query) return std::nullopt;
  const http::NormalisedPath normal = http::normalise_path(path, {});
  if (normal.refusal) return std::nullopt;
  return normal.path;
}

}  // namespace

Exchange::Exchange(Shared& shared)
    : shared_(shared),
      up_(shared.context.buffers),
      leftover_(shared.context.buffers),
      up_read_size_(first_read_size),
      response_parser_(&shared.response_lines),
      response_input_(shared.context.buffers),
      down_read_size_(first_read_size) {}

void Exchange::begin(Downstream& session, std::span<char> head, Monotonic started) {
  session_ = &session;
  head_ = head;
  started_ = started;
  snapshot_ = shared_.context.current;
  reset();
  shared_.retries.begin_request();
  if (shared_.context.observe != nullptr) shared_.context.observe->on_request_started(session.bound_socket().protocol);
  client_ = find_client(request, peer_facts());
  request_body_.start(request.body);
  route_request();
}

void Exchange::reset() noexcept {
  phase_ = Phase::Connecting;
  listener_ = nullptr;
  rule_ = nullptr;
  backend_ = nullptr;
  endpoints_ = nullptr;
  pinned_.reset();
  name_in_use_ = false;
  link_readable_ = link_peer_closed_ = link_broken_ = false;
  attempts_ = connect_tries_ = 0;
  retried_stale_ = uses_budget_ = false;
  first_payload_ = {};
  first_taken_ = body_read_on_ = request_sent_ = continue_sent_ = false;
  hold_body_ = request.expect_continue;
  body_seen_ = 0;
  up_read_size_ = down_read_size_ = first_read_size;
  interim_ = 0;
  any_response_byte_ = head_sent_ = promised_keep_alive_ = false;
  tunnel_up_ended_ = tunnel_down_ended_ = false;
  chosen_at_ = first_byte_at_ = {};
  status_ = upstream_status_ = 0;
  sent_body_ = 0;
  retries_ = 0;
  replay_lost_ = false;
  connect_time_.reset();
  reason_ = Reason::Upstream;
  detail_.clear();
}

// ---- the decision ---------------------------------------------------------------------------------------------------

void Exchange::route_request() {
  const runtime::Compiled& compiled = *snapshot_;
  const net::BoundSocket& socket = session_->bound_socket();
  if (shared_.context.pressure >= net::Pressure::CloseKeepAlive) return fail(503, Reason::Overload, "memory is short");
  if (request.method == http::Method::Connect) return fail(405, Reason::BadRequest, "CONNECT is not offered");
  const route::PortTable* table = socket.leaving ? nullptr : compiled.table->find_port(socket.id);
  if (table == nullptr) return fail(404, Reason::NoListener, "the listener is gone");

  const route::Listener* tls_listener = nullptr;
  if (session_->carrier().is_tls()) {
    tls_listener = session_->find_tls_listener(compiled, *table);
    if (tls_listener == nullptr) return fail(421, Reason::Misdirected, "the listener of the handshake is gone");
  }
  const route::Decision decision = route::find_route(*table, {.view = {.host = request.host(),
                                                                       .method = request.method_text,
                                                                       .path = request.path,
                                                                       .query = request.query,
                                                                       .headers = request.headers},
                                                              .tls_listener = tls_listener});
  listener_ = decision.listener;
  if (decision.entry == nullptr) return fail(decision.status, decision.reason, {});
  match_ = decision.entry->match.get();
  rule_ = decision.entry->rule.get();
  if (decision.entry->match->grpc) note_grpc_timeout();
  // req 36: TRACE reflects credentials, so only a route that names it gets it.
  if (request.method == http::Method::Trace && decision.entry->match->method != "TRACE")
    return fail(405, Reason::BadRequest, "TRACE is offered only by a route that names it");
  if (answer_preflight(rule_->filters)) return;
  if (rule_->filters.auth && !std::holds_alternative<route::Failure>(rule_->action))
    return begin_check(*rule_->filters.auth);
  act();
}

void Exchange::act() {
  if (const auto* forward = std::get_if<route::Forward>(&rule_->action)) return choose_backend(*forward);
  if (const auto* target = std::get_if<route::Redirect>(&rule_->action)) return redirect(*target);
  const auto& failure = std::get<route::Failure>(rule_->action);
  fail(failure.status, failure.reason, failure.detail);
}

void Exchange::redirect(const route::Redirect& target) {
  const std::string location = route::make_location(
      target, {.scheme = session_->bound_socket().protocol == runtime::SocketProtocol::Https ? "https" : "http",
               .host = request.host(),
               .path = request.path,
               .query = request.query,
               .listener_port = listener_->public_port});
  if (!is_visible(location)) return fail(500, Reason::FilterInvalid, "the redirect makes a Location that is none");
  answer({.status = target.status, .reason = Reason::Redirect, .location = location});
}

/// The backendRef's own word, else the rule's.
const route::Cors* Exchange::cors() const noexcept {
  if (backend_ != nullptr && backend_->filters.cors) return &*backend_->filters.cors;
  return rule_ != nullptr && rule_->filters.cors ? &*rule_->filters.cors : nullptr;
}

/// A preflight asks the gateway, not the backend. True: it was one, and the exchange has ended.
bool Exchange::answer_preflight(const route::MessageFilters& filters) {
  if (!filters.cors || !route::is_preflight(request.method_text, request.headers)) return false;
  const std::vector<AnswerField> fields = preflight_fields(*filters.cors, request);
  answer({.status = 204, .reason = Reason::Direct, .detail = "CORS preflight", .fields = fields});
  return true;
}

/// Weights are drawn, not counted: the share holds over all workers, also when each connection carries one request.
void Exchange::choose_backend(const route::Forward& forward) {
  const auto total = static_cast<std::uint32_t>(forward.total_weight);
  if (rule_->sessions) {
    backend_ = find_session(forward);
    if (backend_ == nullptr && total == 0)
      return fail(500, Reason::RefInvalid, "the weights of the rule's backends add up to 0: no session begins");
  }
  if (backend_ == nullptr)
    backend_ = &forward.choose(forward.backends.size() == 1 ? 0 : shared_.context.random.below(total));
  if (answer_preflight(backend_->filters)) return;
  if (backend_->failure) return fail(backend_->failure->status, backend_->failure->reason, backend_->failure->detail);
  const auto& backends = snapshot_->endpoints->backends;
  const std::size_t index = backend_->backend.index();
  if (index >= backends.size() || !backends[index])
    return fail(500, Reason::Internal, "the backend is not in the generation's endpoints");
  endpoints_ = &backends[index];
  if (!rewrite_target()) return;
  if (backend_->filters.auth) return begin_check(*backend_->filters.auth);
  send_on();
}

void Exchange::send_on() {
  chosen_at_ = shared_.context.now();
  if ((*endpoints_)->retries) shared_.backend_retries.of(backend_->backend, **endpoints_).on_request(chosen_at_);
  arm_rule_deadline();
  if (rule_->filters.mirrors || backend_->filters.mirrors) start_mirrors();
  try_backend(upstream::Reuse::Pooled);
}

void Exchange::arm_rule_deadline() {
  if (const auto& limit = rule_->timeouts.request; limit && limit->count() > 0) arm_request_deadline(*limit);
}

void Exchange::arm_request_deadline(Millis limit) {
  if (!request_deadline_.is_armed() || started_ + limit < request_deadline_.deadline())
    shared_.context.wheel.arm(request_deadline_, started_ + limit);
}

/// A call knows how long it is worth waiting for ("gRPC over HTTP2", grpc-timeout).
void Exchange::note_grpc_timeout() {
  constexpr Millis longest{24LL * 3600 * 1000};
  if (const auto timeout = http::find_grpc_timeout(request.headers))
    arm_request_deadline(std::clamp(*timeout, Millis(1), longest));
}

/// URLRewrite of the rule, then of the backendRef. False: it cannot be done, and the exchange has ended.
bool Exchange::rewrite_target() {
  forwarding_ = {};
  for (const route::MessageFilters* filters : {&rule_->filters, &backend_->filters}) {
    if (!filters->rewrite) continue;
    if (filters->rewrite->hostname) forwarding_.host = *filters->rewrite->hostname;
    if (std::holds_alternative<std::monostate>(filters->rewrite->path)) continue;
    rewritten_path_ = route::modify_path(filters->rewrite->path, request.path);
    forwarding_.path = make_sound(rewritten_path_);
    if (forwarding_.path) continue;
    fail(500, Reason::FilterInvalid, "the rewrite makes a path that is none");
    return false;
  }
  return true;
}

void Exchange::on_request_deadline() {
  fail(504, Reason::RequestTimeout, "the route's timeouts.request, or the call's grpc-timeout, is over");
}

/// A backend that was told the same grpc-timeout gives up a moment before our own timer, which is coarser.
bool Exchange::is_out_of_time() const noexcept {
  constexpr Millis grace{5};
  return request_deadline_.is_armed() && shared_.context.now() + grace >= request_deadline_.deadline();
}

void Exchange::on_try_deadline() {
  if (try_again(Reason::BackendTimeout)) return;
  fail(504, Reason::BackendTimeout, "the route's timeouts.backendRequest is over");
}

// ---- the client -----------------------------------------------------------------------------------------------------

void Exchange::on_downstream_events() {
  if (phase_ == Phase::Tunnel) return pump_tunnel();
  if (phase_ == Phase::Checking) return checks_.back()->is_asked() ? void() : read_body_to_check();
  if (!session_->outlet().is_waiting()) pump_response();
  if (alive()) pump_request();
}

void Exchange::on_downstream_lost() {
  // After our own FIN the client's is the end of a tunnel, not a loss: its last bytes may still be unread.
  if (phase_ == Phase::Tunnel && tunnel_down_ended_) return pump_tunnel();
  cut(Reason::ClientClosed, "the client's connection was reset");
}

void Exchange::cancel(Reason reason) { cut(reason, {}); }

// ---- the end --------------------------------------------------------------------------------------------------------

void Exchange::fail(std::uint16_t status, Reason reason, std::string_view detail) {
  if (head_sent_) return cut(reason, detail);
  drop_link();
  answer({.status = status, .reason = reason, .detail = detail});
}

void Exchange::answer(OwnAnswer own) {
  reason_ = own.reason;
  detail_ = own.detail;
  std::vector<AnswerField> cors_words;
  if (const route::Cors* sharing = cors(); sharing != nullptr && own.reason != Reason::Direct) {
    cors_words = answer_fields(*sharing, request, own.fields);
    own.fields = cors_words;
  }
  if (!request_body_.done() && !body_read_on_) {
    // A small body came with the head: once it is out of the way, the connection can go on.
    const http1::BodyBytes body = request_body_.take(session_->input().bytes());
    session_->input().consume(body.consumed);
  }
  const bool keep = request.keep_alive && session_->keep_alive_allowed() && request_body_.done() && !hold_body_;
  const bool grpc = http::is_grpc_failure(own.status) && http::is_grpc(request.headers);
  AnswerText text;
  sent_body_ = write_answer(own,
                            {.client = request.version,
                             .method = request.method,
                             .persistence = keep ? Persistence::KeepAlive : Persistence::Close,
                             .style = grpc ? AnswerStyle::Grpc : AnswerStyle::Http},
                            text);
  const iovec piece{text.data(), text.size()};
  if (!keep) session_->connection().end_with_next_write();
  if (!session_->send({&piece, 1})) return cut(Reason::ClientClosed, "the client left before its answer");
  status_ = grpc ? std::uint16_t{200} : own.status;
  finish(keep ? After::KeepAlive : after_last());
}

/// Whose wish it is that the connection ends, and whether more of the request is on its way.
After Exchange::after_last() const noexcept {
  return !request.keep_alive && request_body_.done() && !hold_body_ ? After::Close : After::Linger;
}

/// What was sent must not look complete (req 21).
void Exchange::cut(Reason reason, std::string_view detail) {
  reason_ = reason;
  detail_ = detail;
  finish(After::Cut);
}

void Exchange::drop_link() noexcept {
  if (link_ == nullptr) return;
  shared_.upstreams->abandon(*link_);
  link_ = nullptr;
}

void Exchange::finish(After after) {
  request_deadline_.disarm();
  try_deadline_.disarm();
  body_check_.disarm();
  continue_deadline_.disarm();
  tunnel_idle_.disarm();
  retry_wait_.disarm();
  drop_link();
  if (!mirrors_.empty()) drop_mirrors();
  if (!replay_.empty()) replay_ = {};
  report();
  shared_.retries.end_request();
  if (uses_budget_) shared_.retries.end_retry();
  response_parser_.reset();
  response_input_.reset();
  up_.clear();
  if (body_read_on_) session_->input().assign(leftover_.bytes());
  leftover_.reset();
  checks_.clear();
  snapshot_ = {};
  // Last: the session gives this object back.
  std::exchange(session_, nullptr)->end_exchange(after);
}

}  // namespace pintle::proxy
