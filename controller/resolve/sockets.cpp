#include <algorithm>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/resolve/addresses.hpp"
#include "controller/resolve/gateways.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

constexpr std::uint32_t highest_port = 65535;

using Owners = std::map<runtime::SocketAddress, const JudgedGateway*>;

/// Oldest first, then by name: who came first keeps what it has (req 66).
std::vector<JudgedGateway*> order_by_age(std::vector<JudgedGateway>& gateways) {
  std::vector<JudgedGateway*> order;
  for (JudgedGateway& gateway : gateways) order.push_back(&gateway);
  std::ranges::sort(order, {}, [](const JudgedGateway* one) {
    const api::ObjectMeta& metadata = one->object->metadata;
    return std::tie(metadata.creation_timestamp, metadata.ns, metadata.name);
  });
  return order;
}

/// A listener without usable certificate keeps its port: it comes back, and its port must not have changed hands.
bool wants_socket(const JudgedListener& listener) noexcept { return listener.report.accepted.empty(); }

bool can_serve(const JudgedListener& listener) noexcept {
  const bool has_certificate = listener.spec->protocol != "HTTPS" || !listener.certificates.empty();
  return wants_socket(listener) && has_certificate && !listener.report.supported_kinds.empty();
}

class Allotment {
 public:
  Allotment(JudgedGateway& gateway, Owners& owners, std::uint16_t offset)
      : gateway_(gateway), owners_(owners), offset_(offset) {}

  void take_ports() {
    if (!gateway_.report.accepted.empty()) return;
    for (const JudgedListener& listener : gateway_.listeners)
      if (wants_socket(listener) && !taken_.contains(listener.spec->port)) take(listener.spec->port);
    for (std::size_t at = 0; at < gateway_.listeners.size(); ++at) judge(gateway_.listeners[at], at);
    drop_unused();
  }

 private:
  struct Lost {
    runtime::SocketAddress socket;
    AddressOrigin origin;
    const JudgedGateway* owner;
  };
  struct Taken {
    std::vector<runtime::SocketAddress> sockets;
    std::vector<Lost> lost;
  };

  void take(std::uint16_t port) {
    Taken& taken = taken_[port];
    if (std::uint32_t{port} + offset_ > highest_port) return;
    for (const AssignedAddress& assigned : gateway_.report.addresses) {
      runtime::SocketAddress socket = assigned.address;
      socket.port = static_cast<std::uint16_t>(port + offset_);
      const auto [owner, fresh] = owners_.try_emplace(socket, &gateway_);
      if (fresh)
        taken.sockets.push_back(socket);
      else
        taken.lost.push_back({socket, assigned.origin, owner->second});
    }
    for (const Lost& lost : taken.lost) tell_gateway(lost);
  }

  static std::string describe(const Lost& lost) {
    return fmt::format("{} belongs to Gateway {}, which is older", runtime::to_string(lost.socket),
                       name_of(lost.owner->object->metadata));
  }

  /// Each requested address must work; of the default ones those that work are taken.
  void tell_gateway(const Lost& lost) {
    if (lost.origin == AddressOrigin::Default)
      gateway_.report.notes.push_back(describe(lost));
    else
      gateway_.report.programmed.push_back({"spec.addresses", std::string(reason::address_not_usable), describe(lost)});
  }

  void judge(JudgedListener& listener, std::size_t index) {
    if (!wants_socket(listener)) return;
    const std::uint16_t port = listener.spec->port;
    const Taken& taken = taken_[port];
    listener.report.served = !taken.sockets.empty() && can_serve(listener);
    if (!taken.sockets.empty()) return;
    const auto refuse = [&](std::string message) {
      listener.report.accepted.push_back(
          {fmt::format("spec.listeners[{}].port", index), std::string(reason::port_unavailable), std::move(message)});
    };
    if (std::uint32_t{port} + offset_ > highest_port) {
      refuse(fmt::format("port {} and the port offset {} are more than {}", port, offset_, highest_port));
    } else if (!taken.lost.empty()) {
      std::vector<std::string> all;
      for (const Lost& lost : taken.lost) all.push_back(describe(lost));
      refuse(fmt::format("{}", fmt::join(all, "; ")));
    }
  }

  void drop_unused() {
    for (auto& [port, taken] : taken_) {
      const bool used = std::ranges::any_of(gateway_.listeners, [&](const JudgedListener& listener) {
        return listener.report.served && listener.spec->port == port;
      });
      if (used) gateway_.sockets_by_port.emplace(port, std::move(taken.sockets));
    }
  }

  JudgedGateway& gateway_;
  Owners& owners_;
  std::uint16_t offset_;
  std::map<std::uint16_t, Taken> taken_;
};

}  // namespace

void assign_sockets(std::vector<JudgedGateway>& gateways, const Settings& settings) {
  Owners owners;
  for (JudgedGateway* gateway : order_by_age(gateways)) Allotment(*gateway, owners, settings.port_offset).take_ports();
}

}  // namespace pintle::resolve
