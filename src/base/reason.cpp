#include <array>

#include <pintle/base/reason.hpp>

namespace pintle {
namespace {

struct Row {
  Reason reason;
  std::string_view word;
  std::string_view text;
};

constexpr std::array<Row, reason_count> rows{{
    {Reason::Upstream, "upstream", "the backend answered"},
    {Reason::Redirect, "redirect", "answered by a redirect filter of the route"},
    {Reason::Direct, "direct", "answered by the gateway as configured"},
    {Reason::NoListener, "no_listener", "no listener of this port has a hostname that covers the request's host"},
    {Reason::NoHost, "no_host", "no route attached to the listener has this host"},
    {Reason::NoRoute, "no_route", "routes have this host, but none of their rules matches the request"},
    {Reason::BadRequest, "bad_request", "the client's message is malformed, ambiguous or asks for what is refused"},
    {Reason::HeaderTooLarge, "header_too_large", "the request line, a field or the head is over its limit"},
    {Reason::BodyTooLarge, "body_too_large", "the request body is over its limit"},
    {Reason::Misdirected, "misdirected", "the host belongs to another listener of the same port"},
    {Reason::RefInvalid, "ref_invalid", "the chosen backendRef is wrong: missing, of an unknown kind, or not usable"},
    {Reason::RefNotPermitted, "ref_not_permitted", "the chosen backendRef crosses namespaces without a ReferenceGrant"},
    {Reason::FilterInvalid, "filter_invalid", "a filter of the rule is unknown, unsupported or contradictory"},
    {Reason::NoEndpoints, "no_endpoints", "the backend has no ready endpoint"},
    {Reason::NoHealthyEndpoint, "no_healthy_endpoint", "all endpoints of the backend are ejected"},
    {Reason::ConnectFailed, "connect_failed", "no connection to the backend could be made in time"},
    {Reason::UpstreamTls, "upstream_tls", "TLS towards the backend failed"},
    {Reason::UpstreamProtocol, "upstream_protocol", "the backend's response is malformed"},
    {Reason::UpstreamReset, "upstream_reset", "the backend closed before or inside its response"},
    {Reason::RequestTimeout, "request_timeout", "the whole request took longer than allowed"},
    {Reason::BackendTimeout, "backend_timeout", "one try at the backend took longer than allowed"},
    {Reason::CircuitOpen, "circuit_open", "a limit of the backend is reached"},
    {Reason::RetryBudget, "retry_budget", "the retry budget is spent"},
    {Reason::RateLimited, "rate_limited", "a rate limit refused the request"},
    {Reason::Authn, "authn", "credentials are missing or wrong"},
    {Reason::Authz, "authz", "the caller is known but not allowed"},
    {Reason::ExtAuth, "ext_auth", "the external authorization service refused or failed"},
    {Reason::Overload, "overload", "the process sheds load"},
    {Reason::Draining, "draining", "the process is going away"},
    {Reason::ClientClosed, "client_closed", "the client left before the answer was complete"},
    {Reason::Internal, "internal", "a fault of the gateway itself"},
}};

constexpr bool rows_in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (static_cast<std::size_t>(rows[i].reason) != i) return false;
  return true;
}
static_assert(rows_in_order(), "rows are indexed by Reason");

}  // namespace

std::string_view to_string(Reason reason) noexcept { return rows[static_cast<std::size_t>(reason)].word; }
std::string_view describe(Reason reason) noexcept { return rows[static_cast<std::size_t>(reason)].text; }

std::optional<Reason> find_reason(std::string_view word) noexcept {
  for (const Row& row : rows)
    if (row.word == word) return row.reason;
  return std::nullopt;
}

}  // namespace pintle
