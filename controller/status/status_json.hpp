// Statuses as the JSON the API server takes. Private to this module.
#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "controller/status/finish.hpp"

namespace pintle::status {

[[nodiscard]] nlohmann::json to_json(const api::Condition& condition);
[[nodiscard]] nlohmann::json to_json(const api::ParentReference& ref);
/// The whole status, as the value of `status`.
[[nodiscard]] nlohmann::json to_json(const StatusValue& status);

}  // namespace pintle::status
