// Exchange, session persistence (GEP-1619). A request that shows a token of its rule goes to the token's endpoint, past
// all weights, while a backendRef of the rule still has that endpoint among its ready ones and the session is not over.
// Else it goes where any request goes, and the answer begins a new session there: so also when the endpoint could not
// be reached. What is no token is no session, and no error; what has not even the form of one is somebody else's, and
// no session begins over it. The backend gets cookie and field as the client sent them.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <pintle/base/stable_hash.hpp>

#include "dataplane/proxy/exchange.hpp"

namespace pintle::proxy {
namespace {

/// Tokens looked at in one request: each costs a decryption. A cookie may come once for each path it was set for.
constexpr unsigned most_tokens = 8;

std::string_view trim(std::string_view text) noexcept {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Hands on the values of the cookies called `name` (RFC 6265 section 4.2.1) until `take` says that it has enough.
template <class Take>
bool each_cookie(const http::HeaderView& headers, std::string_view name, Take&& take) {
  for (const http::Field& field : headers.fields) {
    if (field.id != http::HeaderId::Cookie) continue;
    std::string_view rest = headers.value(field);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=' &&
          take(pair.substr(name.size() + 1)))
        return true;
    }
  }
  return false;
}

template <class Take>
bool each_token(const http::HeaderView& headers, const route::Session& session, Take&& take) {
  if (session.carrier == route::SessionCarrier::Cookie) return each_cookie(headers, session.name, take);
  return std::ranges::any_of(headers.fields, [&](const http::Field& field) {
    return http::name_equals(headers.name(field), session.name) && take(trim(headers.value(field)));
  });
}

bool same_name(const route::Session& a, const route::Session& b) noexcept {
  return a.carrier == b.carrier && a.name == b.name;
}

bool is_over(const route::Session& session, Wall began, Wall now) noexcept {
  return session.absolute_timeout && now - began >= *session.absolute_timeout;
}

/// The backend has a cookie or field of that name itself: its own matter more to it.
bool is_set_by_backend(const route::Session& session, const http::HeaderView& headers) {
  if (session.carrier == route::SessionCarrier::Header) return headers.find(session.name) != nullptr;
  return std::ranges::any_of(headers.fields, [&](const http::Field& field) {
    const std::string_view value = headers.value(field);
    return field.id == http::HeaderId::SetCookie && value.starts_with(session.name) &&
           value.substr(session.name.size()).starts_with('=');
  });
}

std::string set_cookie(const route::Session& session, std::string_view token, const route::Match& match) {
  std::string text = fmt::format("{}={}", session.name, token);
  if (session.path == route::CookiePath::OfMatch) text += "; Path=" + route::cookie_path(match.path);
  if (session.lifetime == route::CookieLifetime::Permanent)
    text += fmt::format("; Max-Age={}", session.absolute_timeout->count());
  return text += "; HttpOnly; SameSite=Strict";
}

}  // namespace

/// The backend of the session, its endpoint in pinned_. nullptr: there is none that holds.
const route::WeightedBackend* Exchange::find_session(const route::Forward& forward) {
  shared_.tokens.set_key(snapshot_->session_key);
  const route::Sessions& sessions = *rule_->sessions;
  const route::WeightedBackend* found = nullptr;
  unsigned looked_at = 0;
  const route::Session* before = nullptr;
  for (const auto& session : sessions.by_backend) {
    if (!session || (before != nullptr && same_name(*session, *before))) continue;
    before = &*session;
    const bool done = each_token(request.headers, *session, [&](std::string_view token) {
      if (++looked_at > most_tokens) return true;
      name_in_use_ = name_in_use_ || (!token.empty() && token.size() != SessionTokens::length);
      if (const auto content = shared_.tokens.open(sessions.scope, token)) found = find_pinned(forward, *content);
      return found != nullptr;
    });
    if (done) break;
  }
  return found;
}

const route::WeightedBackend* Exchange::find_pinned(const route::Forward& forward, const SessionContent& session) {
  for (std::size_t at = 0; at < forward.backends.size(); ++at) {
    const route::WeightedBackend& backend = forward.backends[at];
    const auto& configured = rule_->sessions->by_backend[at];
    if (!configured || backend.failure || stable_hash(backend.name) != session.backend) continue;
    const runtime::Backend* known = snapshot_->endpoints->find(backend.backend);
    if (known == nullptr || is_over(*configured, session.began, wall_now())) continue;
    if (std::ranges::find(known->endpoints, session.endpoint) == known->endpoints.end()) continue;
    pinned_ = session.endpoint;
    return &backend;
  }
  return nullptr;
}

/// The answer is about to go down: tells the client its session, unless it has shown it.
void Exchange::begin_session(http1::HeadEdits& edits) {
  if (pinned_ == upstream_address_) return;
  const auto& forward = std::get<route::Forward>(rule_->action);
  const auto at = static_cast<std::size_t>(backend_ - forward.backends.data());
  const auto& session = rule_->sessions->by_backend[at];
  if (!session || name_in_use_ || is_set_by_backend(*session, response_.headers)) return;
  shared_.tokens.set_key(snapshot_->session_key);
  const auto token =
      shared_.tokens.seal(rule_->sessions->scope,
                          {.began = wall_now(), .endpoint = upstream_address_, .backend = stable_hash(backend_->name)});
  if (!token) return;
  const std::string_view text(token->data(), token->size());
  if (session->carrier == route::SessionCarrier::Header) return edits.append(session->name, text);
  std::string cookie = set_cookie(*session, text, *match_);
  if (session_->carrier().is_tls()) cookie += "; Secure";
  edits.append(http::HeaderId::SetCookie, cookie);
}

}  // namespace pintle::proxy
