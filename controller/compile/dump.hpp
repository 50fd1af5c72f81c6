// A compiled configuration as text: what golden files hold and what the admin API shows. Names instead of ids,
// precedence order, no secret (req 58: keys print as "[redacted]"). The same Compiled gives the same bytes.
#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include <pintle/runtime/compiled.hpp>

namespace pintle::compile {

[[nodiscard]] nlohmann::ordered_json dump(const runtime::Compiled& compiled);
[[nodiscard]] std::string dump_json(const runtime::Compiled& compiled);
[[nodiscard]] std::string dump_yaml(const runtime::Compiled& compiled);

}  // namespace pintle::compile
