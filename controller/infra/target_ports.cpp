#include "controller/infra/target_ports.hpp"

#include <optional>

namespace pintle::infra {

TargetPortRange::TargetPortRange(const std::vector<resolve::Exposure>& exposures,
                                 const resolve::ServiceSettings& settings)
    : settings_(settings), taken_(settings.reserved_ports) {
  for (const resolve::Exposure& exposure : exposures)
    for (const auto& [port, number] : exposure.target_ports) taken_.insert(number);
}

std::set<resolve::ListenerPort> TargetPortRange::complete(resolve::Exposure& to, const resolve::WantedPorts& ports) {
  const resolve::PortRange range = settings_.target_ports;
  const auto find_free = [&](resolve::ListenerPort port) -> std::optional<std::uint16_t> {
    const std::uint32_t start = resolve::preferred_port(*to.gateway, port, range) - range.first;
    for (std::uint32_t step = 0; step < range.size(); ++step) {
      const auto number = static_cast<std::uint16_t>(range.first + (start + step) % range.size());
      if (taken_.insert(number).second) return number;
    }
    return std::nullopt;
  };
  std::set<resolve::ListenerPort> left;
  for (const auto& [port, protocol] : ports) {
    if (to.target_ports.contains(port)) continue;
    if (const auto number = find_free(port))
      to.target_ports.emplace(port, *number);
    else
      left.insert(port);
  }
  return left;
}

}  // namespace pintle::infra
