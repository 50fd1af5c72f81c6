// Ordered JSON values as block YAML: for people, golden files and the admin API. Keys keep their order, lines never
// wrap, a text is quoted exactly when it would read as something else. Deterministic.
#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace pintle::compile {

[[nodiscard]] std::string to_yaml(const nlohmann::ordered_json& value);

}  // namespace pintle::compile
