#include "src/app/configuration_log.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pintle::app {
namespace {

using log::Level;

[[nodiscard]] std::string count(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

[[nodiscard]] const runtime::PlannedSocket* find_planned(const runtime::Compiled& compiled, SocketId id) noexcept {
  return compiled.plan && id.index() < compiled.plan->sockets.size() ? &compiled.plan->sockets[id.index()] : nullptr;
}

/// "http, https-shop": the listeners behind a socket.
[[nodiscard]] std::string listeners_of(const runtime::Compiled& compiled, SocketId id) {
  const route::PortTable* port = compiled.table ? compiled.table->find_port(id) : nullptr;
  std::string names;
  if (port != nullptr)
    for (const route::Listener& listener : port->listeners()) names += (names.empty() ? "" : ", ") + listener.name;
  return names;
}

[[nodiscard]] std::size_t count_backends(const runtime::EndpointSet& endpoints) {
  return static_cast<std::size_t>(
      std::ranges::count_if(endpoints.backends, [](const auto& one) { return one != nullptr; }));
}

[[nodiscard]] std::size_t count_routes(const store::ClusterSnapshot& snapshot) {
  std::size_t number = 0;
  api::for_each_route_kind([&]<class Route>() { number += snapshot.all<Route>().size(); });
  return number;
}

[[nodiscard]] std::string describe_generation(const reconcile::Served& served) {
  std::set<std::string_view> gateways;
  std::set<ListenerId> listeners;
  for (const runtime::PlannedSocket& socket : served.compiled->plan->sockets) {
    gateways.insert(socket.gateway);
    listeners.insert(socket.listeners.begin(), socket.listeners.end());
  }
  return fmt::format("generation {} is served: {}, {}, {}, {}; applied in {:.1f} ms", served.compiled->generation.value,
                     count(gateways.size(), "Gateway"), count(listeners.size(), "listener"),
                     count(count_routes(served.snapshot), "route"),
                     count(count_backends(*served.compiled->endpoints), "backend"),
                     static_cast<double>(served.apply_duration.count()) / 1e6);
}

[[nodiscard]] Level level_of(api::Severity severity) noexcept {
  switch (severity) {
    case api::Severity::Info:
      return Level::Info;
    case api::Severity::Warning:
      return Level::Warning;
    case api::Severity::Error:
      return Level::Error;
  }
  return Level::Error;
}

}  // namespace

void write(const std::vector<Remark>& remarks) {
  for (const Remark& remark : remarks)
    if (log::enabled(remark.level)) log::write(remark.level, remark.text);
}

bool is_spare(const runtime::SocketResult& socket, const reconcile::Served& served) {
  if (!socket.error || socket.error->code == ErrorCode::AddressInUse ||
      socket.error->code == ErrorCode::PermissionDenied)
    return false;
  const runtime::PlannedSocket* own = find_planned(*served.compiled, socket.socket);
  return own != nullptr && std::ranges::any_of(served.apply.sockets, [&](const runtime::SocketResult& other) {
           const runtime::PlannedSocket* planned = find_planned(*served.compiled, other.socket);
           return planned != nullptr && !other.error && planned->gateway == own->gateway &&
                  planned->address.port == own->address.port;
         });
}

std::vector<Remark> ConfigurationLog::on_served(const reconcile::Served& served) {
  std::vector<Remark> remarks;
  compare_findings(served.findings, remarks);
  compare_sockets(served, remarks);
  if (std::exchange(generation_, served.compiled->generation) != served.compiled->generation)
    remarks.push_back({Level::Info, describe_generation(served)});
  const bool nothing = served.compiled->plan->sockets.empty();
  if (nothing && !said_nothing_served_)
    remarks.push_back({Level::Warning,
                       "nothing is served: the configuration holds no Gateway with a valid listener; `pintle status` "
                       "tells why"});
  said_nothing_served_ = nothing;
  return remarks;
}

std::vector<Remark> ConfigurationLog::on_findings(const std::vector<api::Finding>& findings) {
  std::vector<Remark> remarks;
  compare_findings(findings, remarks);
  return remarks;
}

void ConfigurationLog::compare_sockets(const reconcile::Served& served, std::vector<Remark>& remarks) {
  std::map<runtime::SocketAddress, std::string> bound;
  std::map<runtime::SocketAddress, std::string> unbound;
  std::vector<std::pair<std::string, std::string>> joined;  // "Gateway x (listeners)" and the addresses it has got
  for (const runtime::SocketResult& socket : served.apply.sockets) {
    const runtime::PlannedSocket* planned = find_planned(*served.compiled, socket.socket);
    if (planned == nullptr) continue;
    std::string who = fmt::format("Gateway {} ({})", planned->gateway, listeners_of(*served.compiled, socket.socket));
    if (!socket.error) {
      bound.emplace(planned->address, planned->gateway);
      if (bound_.contains(planned->address)) continue;
      const std::string where = to_string(socket.address) + (unbound_.contains(planned->address) ? " now" : "");
      const auto known = std::ranges::find(joined, who, &std::pair<std::string, std::string>::first);
      if (known != joined.end())
        known->second += ", " + where;
      else
        joined.emplace_back(std::move(who), where);
      continue;
    }
    if (socket.error->code == ErrorCode::Closed) continue;  // the program itself goes away
    const auto [at, added] = unbound.emplace(planned->address, socket.error->context);
    const auto before = unbound_.find(planned->address);
    if (added && (before == unbound_.end() || before->second != at->second))
      remarks.push_back({is_spare(socket, served) ? Level::Info : Level::Error,
                         fmt::format("{}: {}; tried again until it works", who, socket.error->context)});
  }
  for (const auto& [who, where] : joined) remarks.push_back({Level::Info, fmt::format("{} listens on {}", who, where)});
  for (const auto& [address, gateway] : bound_)
    if (!bound.contains(address))
      remarks.push_back({Level::Info, fmt::format("Gateway {} left {}", gateway, to_string(address))});
  bound_ = std::move(bound);
  unbound_ = std::move(unbound);
}

void ConfigurationLog::compare_findings(const std::vector<api::Finding>& findings, std::vector<Remark>& remarks) {
  std::set<std::string> present;
  for (const api::Finding& finding : findings) {
    std::string text = api::format_finding(finding);
    if (!findings_.contains(text) && !present.contains(text)) remarks.push_back({level_of(finding.severity), text});
    present.insert(std::move(text));
  }
  if (present.empty() && !findings_.empty()) remarks.push_back({Level::Info, "no findings are left in the manifests"});
  findings_ = std::move(present);
}

}  // namespace pintle::app
