#include <algorithm>
#include <optional>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/resolve/age.hpp"
#include "controller/resolve/gateways.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

constexpr std::uint32_t highest_port = 65535;

using Owners = std::map<runtime::SocketAddress, const JudgedGateway*>;

/// Oldest first, then by name: who came first keeps what it has (req 66).
std::vector<JudgedGateway*> order_by_age(std::vector<JudgedGateway>& gateways) {
  std::vector<JudgedGateway*> order;
  order.reserve(gateways.size());
  for (JudgedGateway& gateway : gateways) order.push_back(&gateway);
  std::ranges::sort(order, {}, [](const JudgedGateway* one) {
    const api::ObjectMeta& metadata = one->object->metadata;
    return std::tuple(birth_of(metadata), std::string_view(metadata.ns), std::string_view(metadata.name));
  });
  return order;
}

/// A listener without usable certificate keeps its port: it comes back, and its port must not have changed hands.
bool wants_socket(const JudgedListener& listener) noexcept { return listener.report.accepted.empty(); }

bool can_serve(const JudgedListener& listener) noexcept {
  const bool has_certificate = !ends_tls(listener) || !listener.certificates.empty();
  return wants_socket(listener) && has_certificate && !listener.report.supported_kinds.empty();
}

/// What one Gateway gets of the sockets it wants.
class Allotment {
 public:
  Allotment(JudgedGateway& gateway, Owners& owners, std::uint16_t offset)
      : gateway_(gateway), owners_(owners), offset_(offset) {}

  void take() {
    if (!gateway_.report.accepted.empty()) return;
    for (const JudgedListener& listener : gateway_.listeners)
      if (wants_socket(listener)) ports_.try_emplace(port_of(listener));
    leave_taken_addresses();
    for (auto& [port, taken] : ports_) take_port(port, taken);
    for (std::size_t at = 0; at < gateway_.listeners.size(); ++at) judge(gateway_.listeners[at], at);
    keep_served_sockets();
  }

 private:
  struct Taken {
    std::vector<runtime::SocketAddress> sockets;
    std::vector<std::string> lost;  ///< whose the others are, for people
  };

  std::optional<runtime::SocketAddress> socket_at(const AssignedAddress& assigned, ListenerPort port) const {
    runtime::SocketAddress socket = assigned.address;
    socket.transport = port.transport;
    if (gateway_.target_ports) {
      const auto target = gateway_.target_ports->find(port);
      if (target == gateway_.target_ports->end()) return std::nullopt;  // its Service has it not yet
      socket.port = target->second;
      return socket;
    }
    if (std::uint32_t{port.port} + offset_ > highest_port) return std::nullopt;
    socket.port = static_cast<std::uint16_t>(port.port + offset_);
    return socket;
  }

  /// Empty if no other Gateway has a port of ours at the address.
  std::vector<std::string> find_losses(const AssignedAddress& assigned) const {
    std::vector<std::string> losses;
    for (const auto& [port, taken] : ports_) {
      const auto socket = socket_at(assigned, port);
      const auto owner = socket ? owners_.find(*socket) : owners_.end();
      if (owner != owners_.end()) losses.push_back(describe(*owner));
    }
    return losses;
  }

  static std::string describe(const Owners::value_type& owner) {
    return fmt::format("{} belongs to Gateway {}, which comes first", runtime::to_string(owner.first),
                       name_of(owner.second->object->metadata));
  }

  /// Every address of a status serves every listener: one that cannot is left, unless that leaves none. Each requested
  /// address must work; of the default ones those that work are taken.
  void leave_taken_addresses() {
    std::vector<AssignedAddress> whole;
    for (const AssignedAddress& assigned : gateway_.report.addresses) {
      const std::vector<std::string> losses = find_losses(assigned);
      if (losses.empty()) {
        whole.push_back(assigned);
        continue;
      }
      std::string text = fmt::format("{}", fmt::join(losses, "; "));
      if (assigned.origin == AddressOrigin::Default)
        gateway_.report.notes.push_back(std::move(text));
      else
        gateway_.report.programmed.push_back(
            {"spec.addresses", std::string(reason::address_not_usable), std::move(text)});
    }
    if (!whole.empty()) gateway_.report.addresses = std::move(whole);
  }

  void take_port(ListenerPort port, Taken& taken) {
    for (const AssignedAddress& assigned : gateway_.report.addresses) {
      const auto socket = socket_at(assigned, port);
      if (!socket) continue;
      const auto [owner, fresh] = owners_.try_emplace(*socket, &gateway_);
      if (fresh)
        taken.sockets.push_back(*socket);
      else
        taken.lost.push_back(describe(*owner));
    }
  }

  void judge(JudgedListener& listener, std::size_t index) {
    if (!wants_socket(listener)) return;
    const std::uint16_t port = listener.spec->port;
    const Taken& taken = ports_.at(port_of(listener));
    listener.report.served = !taken.sockets.empty() && can_serve(listener);
    if (listener.report.served) listener.report.sockets = taken.sockets;
    if (!taken.sockets.empty()) return;
    const auto refuse = [&](std::string message) {
      listener.report.accepted.push_back(
          {fmt::format("spec.listeners[{}].port", index), std::string(reason::port_unavailable), std::move(message)});
    };
    if (!gateway_.target_ports && std::uint32_t{port} + offset_ > highest_port)
      refuse(fmt::format("port {} and the port offset {} are more than {}", port, offset_, highest_port));
    else if (!taken.lost.empty())
      refuse(fmt::format("{}", fmt::join(taken.lost, "; ")));
  }

  void keep_served_sockets() {
    for (auto& [port, taken] : ports_) {
      const bool used = std::ranges::any_of(gateway_.listeners, [&](const JudgedListener& listener) {
        return listener.report.served && port_of(listener) == port;
      });
      if (used) gateway_.sockets_by_port.emplace(port, std::move(taken.sockets));
    }
  }

  JudgedGateway& gateway_;
  Owners& owners_;
  std::uint16_t offset_;
  std::map<ListenerPort, Taken> ports_;  ///< those of listeners that want one
};

}  // namespace

void assign_sockets(std::vector<JudgedGateway>& gateways, const Settings& settings) {
  Owners owners;
  for (JudgedGateway* gateway : order_by_age(gateways)) Allotment(*gateway, owners, settings.port_offset).take();
}

}  // namespace pintle::resolve
