// The addresses of Gateways in service mode: what is asked for, what can be, what the Service has.
#pragma once
#include <vector>

#include "controller/resolve/gateway_service.hpp"

namespace pintle::resolve {

/// Fills in `requested`, `addresses` and the problems of each: the older Gateway has an address that two ask for.
void judge_addresses(std::vector<Exposure>& exposures, const ServiceSettings& settings);

}  // namespace pintle::resolve
