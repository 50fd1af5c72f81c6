#include "controller/status/binding.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace pintle::status {
namespace {

/// The results of some sockets, for people.
struct Outcome {
  std::vector<std::string> bound;
  std::vector<std::string> faults;
  /// The port is taken or forbidden, on one address at least. An address this machine lacks (no IPv6, say) is not that.
  bool port_refused = false;

  void add(const runtime::SocketResult* result) {
    if (result == nullptr) return;
    if (result->error) {
      faults.push_back(result->error->context);
      port_refused |=
          result->error->code == ErrorCode::AddressInUse || result->error->code == ErrorCode::PermissionDenied;
    } else {
      bound.push_back(runtime::to_string(result->address));
    }
  }
};

[[nodiscard]] Outcome outcome_of(const resolve::ListenerReport& listener, const SocketResults& results) {
  Outcome outcome;
  for (const runtime::SocketAddress& socket : listener.sockets) outcome.add(results.find(socket));
  return outcome;
}

/// Listeners of one port share their sockets; each socket is counted once.
[[nodiscard]] Outcome outcome_of(const std::vector<resolve::ListenerReport>& listeners,
                                 const resolve::AssignedAddress& assigned, const SocketResults& results) {
  Outcome outcome;
  std::set<resolve::ListenerPort> seen;
  for (const resolve::ListenerReport& listener : listeners)
    for (runtime::SocketAddress socket : listener.sockets) {
      const runtime::SocketResult* result = results.find(socket);
      const resolve::ListenerPort port{socket.port, socket.transport};
      socket.port = assigned.address.port;
      socket.transport = assigned.address.transport;
      if (socket == assigned.address && seen.insert(port).second) outcome.add(result);
    }
  return outcome;
}

[[nodiscard]] std::string joined(const std::vector<std::string>& words, std::string_view between) {
  return fmt::format("{}", fmt::join(words, between));
}

[[nodiscard]] std::string ip_text(runtime::SocketAddress address) {
  const std::string text = runtime::to_string(address);
  return address.v6 ? text.substr(1, text.rfind(']') - 1) : text.substr(0, text.rfind(':'));
}

/// Service mode: clients know the Service's addresses, the sockets are those behind it.
[[nodiscard]] std::string reached_at(const std::vector<api::GatewayStatusAddress>& addresses,
                                     const std::vector<std::string>& bound) {
  std::vector<std::string> values;
  values.reserve(addresses.size());
  for (const api::GatewayStatusAddress& address : addresses) values.push_back(address.value);
  return fmt::format("reached at {}, which leads to {} of each replica", joined(values, ", "), joined(bound, ", "));
}

[[nodiscard]] std::string waiting(const runtime::ApplyReport& apply) {
  return fmt::format("generation {} is served by {} of {} workers", apply.generation.value, apply.acknowledged,
                     apply.workers);
}

[[nodiscard]] Verdict not_served(const resolve::GatewayReport& report, const resolve::ListenerReport& listener) {
  if (!listener.accepted.empty()) return listener::programmed_invalid("the listener is not accepted");
  if (!report.accepted.empty()) return listener::programmed_invalid("the Gateway is not accepted");
  if (!listener.unplaced.empty()) return listener::port_not_bound(listener.unplaced);
  if (!listener.resolved_refs.empty())
    return listener::programmed_invalid("references of the listener do not resolve, and it cannot serve without them");
  if (!report.programmed.empty()) return listener::programmed_pending(describe(report.programmed));
  return listener::programmed_pending("the listener is not served yet");
}

}  // namespace

SocketResults::SocketResults(const runtime::ApplyReport& apply) : apply_(apply) {
  for (const runtime::SocketResult& result : apply.sockets) by_address_.emplace(result.address, &result);
}

const runtime::SocketResult* SocketResults::find(const runtime::SocketAddress& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second;
}

Verdict judge_programmed(const resolve::GatewayReport& report, const resolve::ListenerReport& listener,
                         const SocketResults& results) {
  if (!listener.served) return not_served(report, listener);
  if (!results.apply().complete()) return listener::programmed_pending(waiting(results.apply()));
  const Outcome outcome = outcome_of(listener, results);
  if (outcome.bound.empty())
    return outcome.faults.empty() ? listener::programmed_pending("no socket of the listener has been bound yet")
                                  : listener::port_not_bound(joined(outcome.faults, "; "));
  std::string message = fmt::format("listening on {}", joined(outcome.bound, ", "));
  if (!outcome.faults.empty()) message += fmt::format("; but {}", joined(outcome.faults, "; "));
  // Served in part is not what was asked for, and who connects to the other address meets another program.
  if (outcome.port_refused) return listener::port_not_bound(std::move(message));
  return listener::programmed(std::move(message));
}

Verdict judge_programmed(const resolve::GatewayReport& report, const SocketResults& results) {
  if (!report.programmed.empty()) return gateway::refused_programmed(report.programmed);
  if (report.addresses.empty())
    return gateway::address_not_assigned("there is no address for the Gateway; give it one in spec.addresses");
  if (!results.apply().complete()) return gateway::programmed_pending(waiting(results.apply()));

  std::vector<std::string> bound;
  std::vector<std::string> faults;
  for (const resolve::AssignedAddress& assigned : report.addresses) {
    Outcome outcome = outcome_of(report.listeners, assigned, results);
    if (outcome.bound.empty() && !outcome.faults.empty() && assigned.origin == resolve::AddressOrigin::Requested)
      return gateway::address_not_usable(joined(outcome.faults, "; "));
    std::ranges::move(outcome.bound, std::back_inserter(bound));
    std::ranges::move(outcome.faults, std::back_inserter(faults));
  }
  if (bound.empty() && !faults.empty()) return gateway::no_resources(joined(faults, "; "));
  if (report.published && !report.published->empty() && faults.empty() && !bound.empty())
    return gateway::programmed(reached_at(*report.published, bound));
  // Without a listener that can serve there is nothing to bind: its configuration is in place all the same, and the
  // listeners say what they lack (suite: GatewaySecretMissingReferenceGrant).
  std::string message = bound.empty() ? std::string("in place, but no listener can serve")
                                      : fmt::format("listening on {}", joined(bound, ", "));
  if (!faults.empty()) message += fmt::format("; but {}", joined(faults, "; "));
  return gateway::programmed(std::move(message));
}

std::vector<api::GatewayStatusAddress> bound_addresses(const resolve::GatewayReport& report,
                                                       const SocketResults& results) {
  constexpr std::size_t most = 16;  // of GatewayStatus.addresses
  std::vector<api::GatewayStatusAddress> list;
  if (report.published) return *report.published;
  for (const resolve::AssignedAddress& assigned : report.addresses) {
    const auto is_bound = [&](const std::vector<resolve::ListenerReport>& listeners) {
      return !outcome_of(listeners, assigned, results).bound.empty();
    };
    // Of a set too: while traffic flows the address is the Gateway's.
    const bool bound = is_bound(report.listeners) ||
                       std::ranges::any_of(report.sets, is_bound, &resolve::ListenerSetReport::listeners);
    if (!bound || list.size() == most) continue;
    api::GatewayStatusAddress made{.type = "IPAddress", .value = ip_text(assigned.address)};
    if (std::ranges::find(list, made) == list.end()) list.push_back(std::move(made));
  }
  return list;
}

}  // namespace pintle::status
