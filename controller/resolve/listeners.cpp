#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/api/document.hpp"
#include "controller/resolve/gateways.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

const api::RouteGroupKind http_route{std::string(api::gateway_group), "HTTPRoute"};

void add(Problems& problems, std::string_view reason, std::string field_path, std::string message) {
  problems.push_back({std::move(field_path), std::string(reason), std::move(message)});
}

void judge_protocol(JudgedListener& listener, const std::string& field) {
  const std::string& protocol = listener.spec->protocol;
  if (protocol == "HTTP" || protocol == "HTTPS") return;
  add(listener.report.accepted, reason::unsupported_protocol, field + ".protocol",
      fmt::format("protocol {} is not supported; use HTTP or HTTPS", api::quote(protocol)));
}

/// Kinds the listener allows and we serve; none when the protocol is not served.
void judge_kinds(JudgedListener& listener, const std::string& field) {
  const auto& kinds = listener.spec->allowed_routes.kinds;
  ListenerReport& report = listener.report;
  if (!report.accepted.empty()) return;
  if (kinds.empty()) report.supported_kinds.push_back(http_route);
  for (std::size_t at = 0; at < kinds.size(); ++at) {
    if (kinds[at] != http_route)
      add(report.resolved_refs, reason::invalid_route_kinds, fmt::format("{}.allowedRoutes.kinds[{}]", field, at),
          fmt::format("{}/{} is not a kind of route that a listener of protocol {} can serve", kinds[at].group,
                      kinds[at].kind, listener.spec->protocol));
    else if (report.supported_kinds.empty())
      report.supported_kinds.push_back(http_route);
  }
}

void judge_namespaces(JudgedListener& listener, const std::string& field) {
  const api::AllowedNamespaces& allowed = listener.spec->allowed_routes.namespaces;
  const std::string at = field + ".allowedRoutes.namespaces";
  if (allowed.from.is_unknown()) {
    add(listener.report.accepted, reason::unsupported_value, at + ".from",
        fmt::format("{} is not supported; use Same, All or Selector", api::quote(allowed.from.text)));
  } else if (allowed.from == api::FromNamespaces::Selector) {
    if (!allowed.selector)
      add(listener.report.accepted, reason::invalid, at + ".selector", "from is Selector, but there is no selector");
    else if (const auto fault = api::find_fault(*allowed.selector))
      add(listener.report.accepted, reason::invalid, at + ".selector", *fault);
  }
}

}  // namespace

JudgedListener judge_listener(const api::Listener& spec, std::size_t index) {
  const std::string field = fmt::format("spec.listeners[{}]", index);
  JudgedListener listener;
  listener.spec = &spec;
  listener.hostname = spec.hostname && !spec.hostname->empty() ? *spec.hostname : "*";
  listener.report.name = spec.name;
  listener.report.port = spec.port;
  judge_protocol(listener, field);
  judge_kinds(listener, field);
  judge_namespaces(listener, field);
  return listener;
}

}  // namespace pintle::resolve
