#include "dataplane/l4/choice.hpp"

#include <algorithm>

#include <pintle/route/lookup.hpp>

namespace pintle::l4 {
namespace {

/// Routes of connections have one match, which always holds: only the host tells them apart.
route::Decision decide(const route::PortTable& table, std::string_view sni) {
  return route::find_route(table, {.view = {.host = sni, .method = {}, .path = "/", .query = {}, .headers = {}}});
}

std::shared_ptr<const route::PortTable> find_table(const net::WorkerContext& context, SocketId socket) {
  if (!context.current) return nullptr;
  const auto& ports = context.current->table->ports();
  return socket.index() < ports.size() ? ports[socket.index()] : nullptr;
}

/// Shares the ownership of the table, which outlives its generation as long as nothing of the port changes.
std::shared_ptr<const route::Listener> own(const std::shared_ptr<const route::PortTable>& table,
                                           const route::Listener* listener) {
  return listener == nullptr ? nullptr : std::shared_ptr<const route::Listener>(table, listener);
}

const std::shared_ptr<const runtime::Backend>* find_endpoints(const net::WorkerContext& context, BackendId id) {
  const auto& backends = context.current->endpoints->backends;
  return id.index() < backends.size() && backends[id.index()] ? &backends[id.index()] : nullptr;
}

void take_backend(const net::WorkerContext& context, Choice& choice) {
  if (choice.backend->failure) {
    choice.reason = choice.backend->failure->reason;
    choice.detail = choice.backend->failure->detail;
  } else if (const auto* endpoints = find_endpoints(context, choice.backend->backend)) {
    choice.endpoints = *endpoints;
  } else {
    choice.reason = Reason::Internal;
    choice.detail = "the backend is not in the generation's endpoints";
  }
}

}  // namespace

Choice choose(net::WorkerContext& context, SocketId socket, std::string_view sni) {
  Choice choice;
  const auto table = find_table(context, socket);
  if (!table) {
    choice.reason = Reason::NoListener;
    return choice;
  }
  choice.generation = context.current->generation;
  const route::Decision decision = decide(*table, sni);
  choice.listener = own(table, decision.listener);
  if (decision.entry == nullptr) {
    choice.reason = decision.reason;
    return choice;
  }
  choice.rule = decision.entry->rule;
  if (const auto* forward = std::get_if<route::Forward>(&choice.rule->action)) {
    const auto total = static_cast<std::uint32_t>(forward->total_weight);
    choice.backend = &forward->choose(forward->backends.size() == 1 ? 0 : context.random.below(total));
    take_backend(context, choice);
  } else if (const auto* failure = std::get_if<route::Failure>(&choice.rule->action)) {
    choice.reason = failure->reason;
    choice.detail = failure->detail;
  } else {
    choice.reason = Reason::Internal;
  }
  return choice;
}

std::shared_ptr<const route::Listener> find_listener(const net::WorkerContext& context, SocketId socket,
                                                     std::string_view sni) {
  const auto table = find_table(context, socket);
  return table ? own(table, decide(*table, sni).listener) : nullptr;
}

bool still_holds(const net::WorkerContext& context, SocketId socket, Choice& choice,
                 const runtime::SocketAddress& endpoint) {
  const auto table = find_table(context, socket);
  if (!table || choice.backend == nullptr) return false;
  const route::Decision decision = decide(*table, {});
  if (decision.entry == nullptr) return false;
  const auto* forward = std::get_if<route::Forward>(&decision.entry->rule->action);
  if (forward == nullptr) return false;
  const auto same = std::ranges::find_if(forward->backends, [&](const route::WeightedBackend& one) {
    return one.weight > 0 && !one.failure && one.name == choice.backend->name;
  });
  if (same == forward->backends.end()) return false;
  const auto* endpoints = find_endpoints(context, same->backend);
  if (endpoints == nullptr || !std::ranges::binary_search((*endpoints)->endpoints, endpoint)) return false;
  choice.listener = own(table, decision.listener);
  choice.rule = decision.entry->rule;
  choice.backend = &*same;
  choice.endpoints = *endpoints;
  choice.generation = context.current->generation;
  return true;
}

}  // namespace pintle::l4
