// Numbers on our pods for the ports of Gateways. Private to this module.
#pragma once
#include <cstdint>
#include <set>
#include <vector>

#include "controller/infra/settings.hpp"
#include "controller/resolve/gateway_service.hpp"

namespace pintle::infra {

/// Gives ports of Gateways numbers that none has; those that have one keep it. Whoever is asked for first chooses
/// first.
class TargetPortRange {
 public:
  /// All that are taken already.
  TargetPortRange(const std::vector<resolve::Exposure>& exposures, const resolve::ServiceSettings& settings);
  /// Those of `ports` that `to` lacks. Returns the ones for which the range has none left.
  [[nodiscard]] std::set<resolve::ListenerPort> complete(resolve::Exposure& to, const resolve::WantedPorts& ports);

 private:
  const resolve::ServiceSettings& settings_;
  std::set<std::uint16_t> taken_;
};

}  // namespace pintle::infra
