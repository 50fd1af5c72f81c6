// The Service of one Gateway. Private to this module.
#pragma once
#include <optional>
#include <vector>

#include "controller/api/core.hpp"
#include "controller/infra/action.hpp"
#include "controller/infra/settings.hpp"
#include "controller/resolve/gateway_service.hpp"

namespace pintle::infra {

/// One per target port, in the order of listener ports; named "port-80", "port-53-udp": a name of the protocol would
/// change with it, and some meshes take it for a promise.
[[nodiscard]] std::vector<api::ServicePort> make_ports(const resolve::Exposure& exposure, const Settings& settings);

struct ServiceWish {
  const resolve::Exposure& exposure;
  std::string name;  ///< of the Service to make; of the present one if there is one
  std::vector<api::ServicePort> ports;
  const Settings& settings;
};
/// What makes the Service as wanted; nullopt if it is so. One whose cluster address is to be another is deleted, for
/// the API lets nobody change it: the next plan makes it anew.
[[nodiscard]] std::optional<Action> plan_service(const ServiceWish& wish);

}  // namespace pintle::infra
