// Statuses as JSON in the shape of the API, and as tables for people. Pure. Any thread.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "controller/status/finish.hpp"
#include "src/app/routes_list.hpp"
#include "src/app/terminal.hpp"

namespace pintle::app {

/// {"items": [{"apiVersion", "kind", "metadata": {"namespace", "name"}, "status"}], "findings": {"errors", "warnings",
/// "infos"}}, by kind, namespace and name. An object with an error has no status, or that of its last good version.
[[nodiscard]] nlohmann::ordered_json list_statuses(const status::Statuses& statuses,
                                                   const std::vector<api::Finding>& findings);

/// Gateways with their listeners, then routes with their parents, then policies with the Gateways they count for; what
/// is wrong in full, with the reason, of GatewayClasses too. Wide: every condition with its message.
void print_statuses(const nlohmann::ordered_json& statuses, Width width, const Terminal& terminal);

}  // namespace pintle::app
