// Statuses as ordered JSON: fields as the API spells them, a condition as one line.
#pragma once
#include <chrono>

#include <nlohmann/json_fwd.hpp>

#include <pintle/base/clock.hpp>

#include "controller/api/status.hpp"

namespace pintle::golden {

/// When golden cases are run.
inline constexpr Wall time_of_run{std::chrono::sys_days{std::chrono::January / 5 / 2026}};

[[nodiscard]] nlohmann::ordered_json show(const api::GatewayClassStatus& status);
[[nodiscard]] nlohmann::ordered_json show(const api::GatewayStatus& status);
[[nodiscard]] nlohmann::ordered_json show(const api::ListenerSetStatus& status);
[[nodiscard]] nlohmann::ordered_json show(const api::RouteStatus& status);
[[nodiscard]] nlohmann::ordered_json show(const api::PolicyStatus& status);

}  // namespace pintle::golden
