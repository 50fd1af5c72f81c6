// Statuses as ordered JSON, field by field as the API spells them.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "controller/api/status.hpp"

namespace pintle::golden {

[[nodiscard]] nlohmann::ordered_json show(const api::GatewayClassStatus& status);
[[nodiscard]] nlohmann::ordered_json show(const api::GatewayStatus& status);
[[nodiscard]] nlohmann::ordered_json show(const api::RouteStatus& status);

}  // namespace pintle::golden
