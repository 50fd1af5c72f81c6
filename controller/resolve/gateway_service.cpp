#include "controller/resolve/gateway_service.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <pintle/base/stable_hash.hpp>

#include "controller/resolve/age.hpp"
#include "controller/resolve/refs.hpp"
#include "controller/resolve/service_addresses.hpp"
#include "controller/resolve/service_names.hpp"

namespace pintle::resolve {
namespace {

/// One number in one Service. Of two that say the same the one nearer to where its search began has it, then the older
/// Gateway: who writes a foreign number into a Service of his own gains nothing.
struct PortClaim {
  std::uint32_t distance = 0;
  Wall birth;
  std::string_view ns, name;
  ListenerPort port;
  Exposure* by = nullptr;
  [[nodiscard]] auto rank() const noexcept { return std::tuple(distance, birth, ns, name, port); }
};

std::uint32_t distance_from(std::uint16_t start, std::uint16_t number, PortRange range) noexcept {
  return (number + range.size() - start) % range.size();
}

std::optional<std::uint16_t> find_target(const api::Service& service, ListenerPort port,
                                         const ServiceSettings& settings) noexcept {
  for (const api::ServicePort& one : service.ports) {
    const auto* number = std::get_if<std::int32_t>(&one.target_port);
    if (one.port != port.port || one.protocol != to_string(port.transport) || number == nullptr) continue;
    const auto target = static_cast<std::uint16_t>(*number);
    const bool allowed = *number >= settings.target_ports.first && *number <= settings.target_ports.last &&
                         !settings.reserved_ports.contains(target);
    return allowed ? std::optional(target) : std::nullopt;
  }
  return std::nullopt;
}

void judge_claims(std::vector<Exposure>& exposures, const ServiceSettings& settings) {
  std::map<std::uint16_t, PortClaim> winners;
  for (Exposure& exposure : exposures) {
    if (exposure.service == nullptr) continue;
    const api::ObjectMeta& metadata = exposure.gateway->metadata;
    for (const auto& [port, protocol] : exposure.wanted) {
      const auto target = find_target(*exposure.service, port, settings);
      if (!target) continue;
      const std::uint16_t start = preferred_port(*exposure.gateway, port, settings.target_ports);
      const PortClaim claim{.distance = distance_from(start, *target, settings.target_ports),
                            .birth = birth_of(metadata),
                            .ns = metadata.ns,
                            .name = metadata.name,
                            .port = port,
                            .by = &exposure};
      const auto [held, fresh] = winners.try_emplace(*target, claim);
      if (!fresh && claim.rank() < held->second.rank()) held->second = claim;
    }
  }
  for (const auto& [number, claim] : winners) claim.by->target_ports.emplace(claim.port, number);
}

const api::Service* find_service(const ExposeInput& input, const api::Gateway& gateway, RefSet& refs) {
  const api::Service* found = nullptr;
  for (const std::string& name : service_names(gateway)) {
    refs.insert(ref_to(api::Kind::Service, gateway.metadata.ns, name));
    const auto* service = input.snapshot.find<api::Service>(gateway.metadata.ns, name);
    if (found == nullptr && service != nullptr && is_made_for(service->metadata, gateway, input.controller_name))
      found = service;
  }
  return found;
}

}  // namespace

std::string_view to_string(ServiceType type) noexcept {
  constexpr std::array<std::string_view, 3> words{"ClusterIP", "NodePort", "LoadBalancer"};
  return words[static_cast<std::size_t>(type)];
}

std::uint16_t preferred_port(const api::Gateway& gateway, ListenerPort port, PortRange range) noexcept {
  const std::uint64_t hash =
      stable_hash(fmt::format("{}/{}/{}", gateway.metadata.uid, port.port, to_string(port.transport)));
  return static_cast<std::uint16_t>(range.first + hash % range.size());
}

std::vector<Exposure> expose_gateways(const ExposeInput& input, RefSet& refs) {
  const ListenerSets sets(input.snapshot);
  std::vector<Exposure> exposures;
  exposures.reserve(input.gateways.size());
  for (const api::Gateway* gateway : input.gateways) {
    Exposure& made = exposures.emplace_back();
    made.gateway = gateway;
    made.wanted = wanted_ports(*gateway, sets.find(*gateway, refs));
    made.service = find_service(input, *gateway, refs);
  }
  judge_claims(exposures, input.settings);
  judge_addresses(exposures, input.settings);
  return exposures;
}

}  // namespace pintle::resolve
