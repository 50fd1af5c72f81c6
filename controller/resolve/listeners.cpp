#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/api/document.hpp"
#include "controller/resolve/gateways.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

void add(Problems& problems, std::string_view reason, std::string field_path, std::string message) {
  problems.push_back({std::move(field_path), std::string(reason), std::move(message)});
}

/// Where HTTP is spoken gRPC is too.
std::vector<api::RouteGroupKind> kinds_of(const ServedProtocol& protocol) {
  std::vector<api::RouteGroupKind> kinds{{std::string(api::gateway_group), std::string(to_string(protocol.route))}};
  if (protocol.route == api::Kind::HTTPRoute)
    kinds.push_back({std::string(api::gateway_group), std::string(to_string(api::Kind::GRPCRoute))});
  return kinds;
}

void judge_protocol(JudgedListener& listener, const std::string& field) {
  listener.protocol = find_protocol(listener.spec->protocol);
  if (listener.protocol != nullptr) return;
  add(listener.report.accepted, reason::unsupported_protocol, field + ".protocol",
      fmt::format("protocol {} is not supported; use HTTP, HTTPS, TLS, TCP or UDP",
                  api::quote(listener.spec->protocol)));
}

/// Kinds the listener allows and we serve; none when the protocol is not served.
void judge_kinds(JudgedListener& listener, const std::string& field) {
  const auto& kinds = listener.spec->allowed_routes.kinds;
  ListenerReport& report = listener.report;
  if (!report.accepted.empty()) return;
  const std::vector<api::RouteGroupKind> served = kinds_of(*listener.protocol);
  if (kinds.empty()) report.supported_kinds = served;
  for (std::size_t at = 0; at < kinds.size(); ++at) {
    if (std::ranges::find(served, kinds[at]) == served.end())
      add(report.resolved_refs, reason::invalid_route_kinds, fmt::format("{}.allowedRoutes.kinds[{}]", field, at),
          fmt::format("{}/{} is not a kind of route that a listener of protocol {} can serve", kinds[at].group,
                      kinds[at].kind, listener.spec->protocol));
    else if (std::ranges::find(report.supported_kinds, kinds[at]) == report.supported_kinds.end())
      report.supported_kinds.push_back(kinds[at]);
  }
}

void judge_hostname(JudgedListener& listener) {
  const bool named = listener.spec->hostname && !listener.spec->hostname->empty();
  const bool counts = listener.protocol == nullptr || listener.protocol->has_hostname;
  listener.hostname = named && counts ? *listener.spec->hostname : "*";
  if (named && !counts)
    listener.report.notes.push_back(
        fmt::format("the hostname has no effect: there is none in {}", listener.spec->protocol));
}

void judge_namespaces(JudgedListener& listener, const std::string& field) {
  const api::AllowedNamespaces& allowed = listener.spec->allowed_routes.namespaces;
  const std::string at = field + ".allowedRoutes.namespaces";
  if (allowed.from.is_unknown()) {
    add(listener.report.accepted, reason::unsupported_value, at + ".from",
        fmt::format("{} is not supported; use Same, All or Selector", api::quote(allowed.from.text())));
  } else if (allowed.from == api::FromNamespaces::Selector) {
    if (!allowed.selector)
      add(listener.report.accepted, reason::invalid, at + ".selector", "from is Selector, but there is no selector");
    else if (const auto fault = api::find_fault(*allowed.selector))
      add(listener.report.accepted, reason::invalid, at + ".selector", *fault);
  }
}

}  // namespace

bool ends_tls(const JudgedListener& listener) noexcept {
  if (listener.protocol == nullptr || listener.protocol->wire != Wire::Tls) return false;
  const bool may_pass = listener.protocol->route == api::Kind::TLSRoute;
  return !may_pass || !listener.spec->tls || listener.spec->tls->mode != api::TLSMode::Passthrough;
}

route::Protocol protocol_of(const JudgedListener& listener) noexcept {
  switch (listener.protocol->wire) {
    case Wire::Http:
      return route::Protocol::Http;
    case Wire::Tcp:
      return route::Protocol::Tcp;
    case Wire::Udp:
      return route::Protocol::Udp;
    case Wire::Tls:
      break;
  }
  if (listener.protocol->route == api::Kind::HTTPRoute) return route::Protocol::Https;
  return ends_tls(listener) ? route::Protocol::TlsTerminate : route::Protocol::TlsPassthrough;
}

std::string field_of(const JudgedListener& listener) { return fmt::format("spec.listeners[{}]", listener.index); }

void judge_listener(JudgedListener& listener) {
  const std::string field = field_of(listener);
  listener.report.name = listener.spec->name;
  listener.report.port = listener.spec->port;
  judge_protocol(listener, field);
  listener.report.transport = port_of(listener).transport;
  judge_hostname(listener);
  judge_kinds(listener, field);
  judge_namespaces(listener, field);
}

}  // namespace pintle::resolve
