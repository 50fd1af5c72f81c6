#include <pintle/route/lookup.hpp>

#include "src/route/host_index.hpp"

namespace pintle::route {
namespace {

constexpr std::uint16_t not_found = 404;
constexpr std::uint16_t misdirected = 421;

Decision refuse(const Listener* listener, Reason reason, std::uint16_t status) noexcept {
  Decision decision;
  decision.listener = listener;
  decision.reason = reason;
  decision.status = status;
  return decision;
}

}  // namespace

Decision find_route(const PortTable& port, const RouteRequest& request) noexcept {
  const Listener* owner = port.find_listener(request.view.host);
  if (owner == nullptr) return refuse(request.tls_listener, Reason::NoListener, not_found);
  // The client verified the certificate of the listener its SNI chose. What another listener owns must not be reached
  // through it (RFC 9110 section 15.5.20, Gateway API "listener isolation"). Names are compared, not addresses or ids:
  // the connection may hold a listener of an older generation. They are unique, as one Gateway owns the socket.
  if (request.tls_listener != nullptr && owner->name != request.tls_listener->name)
    return refuse(request.tls_listener, Reason::Misdirected, misdirected);
  if (!owner->table) return refuse(owner, Reason::NoHost, not_found);

  const Lookup found = owner->table->find(request.view);
  Decision decision;
  switch (found.outcome) {
    case LookupOutcome::NoHost:
      return refuse(owner, Reason::NoHost, not_found);
    case LookupOutcome::NoRoute:
      decision = refuse(owner, Reason::NoRoute, not_found);
      break;
    case LookupOutcome::Found:
      decision.listener = owner;
      decision.entry = found.entry;
      break;
  }
  decision.host_pattern = found.host_pattern;
  return decision;
}

Walk explain_route(const PortTable& port, const RouteRequest& request) {
  Walk walk;
  walk.decision = find_route(port, request);
  const Listener* listener = walk.decision.listener;
  const bool routed_here = walk.decision.reason != Reason::NoListener && walk.decision.reason != Reason::Misdirected;
  if (listener == nullptr || !routed_here || !listener->table) return walk;

  for (const auto& [pattern, table] : listener->table->hosts()) {
    if (!covers_host(pattern, request.view.host)) {
      walk.uncovered_hosts.push_back(pattern);
      continue;
    }
    for (const Entry& entry : table->entries())
      walk.candidates.push_back({&entry, pattern, matches_all(*entry.match, request.view),
                                 &entry == walk.decision.entry && pattern == walk.decision.host_pattern});
  }
  return walk;
}

}  // namespace pintle::route
