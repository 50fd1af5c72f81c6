#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
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

/// What one Gateway gets of the sockets it wants: first for its own listeners, then for those of its sets.
class Allotment {
 public:
  Allotment(JudgedGateway& gateway, Owners& owners, std::uint16_t offset)
      : gateway_(gateway), owners_(owners), offset_(offset) {}

  void take_own() {
    if (!gateway_.report.accepted.empty()) return;
    const auto own = std::span(gateway_.listeners).first(gateway_.own);
    for (const JudgedListener& listener : own)
      if (wants_socket(listener)) ports_.try_emplace(port_of(listener));
    leave_taken_addresses();
    for (auto& [port, taken] : ports_) take_port(port, taken);
    for (JudgedListener& listener : own) judge(listener);
  }

  void take_for_sets() {
    const auto added = std::span(gateway_.listeners).subspan(gateway_.own);
    for (JudgedListener& listener : added) listener.report.valid = can_serve(listener);
    if (is_accepted(gateway_)) {
      for (const JudgedListener& listener : added) {
        if (!wants_socket(listener)) continue;
        const auto [at, fresh] = ports_.try_emplace(port_of(listener));
        if (fresh) take_port(at->first, at->second);
      }
      for (JudgedListener& listener : added) judge(listener);
    }
    keep_served_sockets();
  }

 private:
  struct Taken {
    std::vector<runtime::SocketAddress> sockets;
    std::vector<const Owners::value_type*> lost;  ///< the others, and whose they are
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

  /// Whoever adds listeners to a Gateway need not know which others there are.
  static std::vector<std::string> describe(const Taken& taken, const JudgedListener& listener) {
    std::vector<std::string> texts;
    texts.reserve(taken.lost.size());
    for (const Owners::value_type* owner : taken.lost)
      texts.push_back(
          listener.set == nullptr || listener.set->metadata.ns == owner->second->object->metadata.ns
              ? describe(*owner)
              : fmt::format("{} belongs to another Gateway, which comes first", runtime::to_string(owner->first)));
    return texts;
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
        taken.lost.push_back(&*owner);
    }
  }

  void judge(JudgedListener& listener) {
    if (!wants_socket(listener)) return;
    const std::uint16_t port = listener.spec->port;
    const Taken& taken = ports_.at(port_of(listener));
    listener.report.valid = can_serve(listener);
    listener.report.served = !taken.sockets.empty() && listener.report.valid;
    if (listener.report.served) listener.report.sockets = taken.sockets;
    // An address that a port of a set cannot have stays one of the Gateway.
    if (listener.report.served && listener.set != nullptr)
      std::ranges::move(describe(taken, listener), std::back_inserter(listener.report.notes));
    if (!taken.sockets.empty()) return;
    const auto refuse = [&](std::string message) {
      listener.report.valid = false;
      listener.report.accepted.push_back(
          {field_of(listener) + ".port", std::string(reason::port_unavailable), std::move(message)});
    };
    if (!gateway_.target_ports && std::uint32_t{port} + offset_ > highest_port)
      refuse(fmt::format("port {} and the port offset {} are more than {}", port, offset_, highest_port));
    else if (!taken.lost.empty())
      refuse(fmt::format("{}", fmt::join(describe(taken, listener), "; ")));
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
  std::vector<Allotment> allotments;
  allotments.reserve(gateways.size());
  for (JudgedGateway* gateway : order_by_age(gateways)) allotments.emplace_back(*gateway, owners, settings.port_offset);
  for (Allotment& one : allotments) one.take_own();
  for (Allotment& one : allotments) one.take_for_sets();
}

}  // namespace pintle::resolve
