// Numbers on our pods for the ports of Gateways. Private to this module.
#pragma once
#include <set>
#include <vector>

#include "controller/infra/settings.hpp"
#include "controller/resolve/gateway_service.hpp"

namespace pintle::infra {

/// Gives the wanted ports of `to` numbers that no Gateway has, those they have staying as they are; older Gateways
/// choose first. Returns the ports for which the range has none left.
class TargetPortRange {
 public:
  /// All that are taken already.
  TargetPortRange(const std::vector<resolve::Exposure>& exposures, const resolve::ServiceSettings& settings);
  [[nodiscard]] std::vector<resolve::ListenerPort> complete(resolve::Exposure& to);

 private:
  const resolve::ServiceSettings& settings_;
  std::set<std::uint16_t> taken_;
};

}  // namespace pintle::infra
