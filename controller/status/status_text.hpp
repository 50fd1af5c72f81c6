// A status as the YAML a cluster would show: the object's name and its status, nothing of its spec.
#pragma once
#include <string>

#include "controller/status/finish.hpp"

namespace pintle::status {

/// Deterministic; every text is quoted, so none reads as something else.
[[nodiscard]] std::string to_yaml(const StatusPatch& patch);

}  // namespace pintle::status
