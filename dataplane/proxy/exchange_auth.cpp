// Exchange: the ExternalAuth filters of the rule and of the backendRef, asked one after the other before anything of
// the request goes to the backend. A rule without one pays nothing. With forwardBody the body is read first, up to its
// limit, and kept: it then goes to the backend as if it had come with the head.
#include <algorithm>

#include "dataplane/http1/forward_head.hpp"
#include "dataplane/proxy/client_identity.hpp"
#include "dataplane/proxy/exchange.hpp"

namespace pintle::proxy {
namespace {

/// Reads of one client in one event; then other connections have their turn.
constexpr unsigned reads_a_turn = 16;

}  // namespace

void Exchange::begin_check(const route::ExternalAuth& auth) {
  phase_ = Phase::Checking;
  arm_rule_deadline();
  checks_.push_back(std::make_unique<AuthCheck>(shared_, auth, *this));
  if (auth.max_body == 0) return ask_server();
  if (request.body.kind == http::BodyKind::Length && request.body.length > auth.max_body) return refuse_unseen_body();
  if (hold_body_ && !request_body_.done() && !send_continue()) return on_downstream_lost();
  read_body_to_check();
  if (alive() && !request_body_.done()) watch_body();
}

/// The server may only judge a body that it has seen whole (HTTPExternalAuthFilter.forwardBody).
void Exchange::refuse_unseen_body() {
  fail(413, Reason::BodyTooLarge, "the body is longer than forwardBody.maxSize of the ExternalAuth filter");
}

void Exchange::read_body_to_check() {
  const std::uint32_t most = checks_.back()->auth().max_body;
  for (unsigned reads = 0; !request_body_.done(); ++reads) {
    if (reads == reads_a_turn) return session_->rearm();
    if (!first_taken_) {
      if (!take_first_payload()) return;
      replay_.assign(first_payload_.begin(), first_payload_.end());
    } else {
      auto loan = shared_.context.scratch.borrow();
      const auto payload = read_payload(loan.span());
      if (!payload) return;
      replay_.append(payload->data(), payload->size());
    }
    if (replay_.size() > most) return refuse_unseen_body();
  }
  if (!replay_.empty()) first_payload_ = replay_;
  if (first_payload_.size() > most) return refuse_unseen_body();
  body_check_.disarm();
  ask_server();
}

void Exchange::ask_server() {
  AuthCheck& check = *checks_.back();
  const auto& backends = snapshot_->endpoints->backends;
  const std::size_t index = check.auth().backend.index();
  if (index >= backends.size() || !backends[index])
    return fail(500, Reason::Internal, "the authorization server is not in the generation's endpoints");
  http1::HeadEdits& edits = shared_.edits;
  edits.begin({head_.data(), head_.size()}, request.headers);
  http1::edit_request(request, {}, edits);
  edit_identity(request, peer_facts(), edits);
  std::string head(edits.size(), '\0');
  edits.flatten(head);
  const bool secure = session_->bound_socket().protocol == runtime::SocketProtocol::Https;
  const std::span<const char> body = check.auth().max_body > 0 ? first_payload_ : std::span<char>{};
  check.ask(
      {.backend = check.auth().backend, .endpoints = backends[index], .certificate = listener_->client_certificate},
      {.request = request,
       .head = head,
       .scheme = secure ? "https" : "http",
       .peer = session_->carrier().peer(),
       .local = session_->bound_socket().address,
       .body = {body.data(), body.size()}});
}

void Exchange::on_checked(const AuthVerdict& verdict) {
  switch (verdict.kind) {
    case AuthVerdict::Kind::Allowed:
      return backend_ == nullptr ? act() : send_on();
    case AuthVerdict::Kind::Denied:
      return answer_denied(verdict);
    case AuthVerdict::Kind::Failed:
      return fail(403, Reason::ExtAuth, verdict.detail);
  }
}

/// The client gets what the server has said.
void Exchange::answer_denied(const AuthVerdict& verdict) {
  std::vector<AnswerField> fields;
  for (const AuthVerdict::Line& line : verdict.fields)
    if (http::find_header_id(line.name) != http::HeaderId::Date) fields.push_back({line.name, line.value});
  answer({.status = verdict.status,
          .reason = Reason::ExtAuth,
          .detail = verdict.detail,
          .fields = fields,
          .body = verdict.body});
}

/// The filters' edits of the head, and those of the servers that let it through, in the order of the filters.
void Exchange::apply_checked_edits() {
  auto check = checks_.begin();
  for (const route::MessageFilters* filters : {&rule_->filters, &backend_->filters}) {
    const route::HeaderEdits* said = filters->auth ? &(*check++)->verdict().request : nullptr;
    if (said != nullptr && filters->auth->before_edits) shared_.edits.apply(*said);
    if (filters->request) shared_.edits.apply(*filters->request);
    if (said != nullptr && !filters->auth->before_edits) shared_.edits.apply(*said);
  }
}

}  // namespace pintle::proxy
