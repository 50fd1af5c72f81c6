// All rules of a configuration in their true order of precedence: per socket and listener, hosts from the most to the
// least specific, entries of a host in rank order. Pure. Any thread.
#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include <pintle/runtime/compiled.hpp>

#include "src/app/terminal.hpp"

namespace pintle::app {

enum class Width : std::uint8_t { Normal, Wide };

[[nodiscard]] nlohmann::ordered_json list_routes(const runtime::Compiled& compiled);
void print_routes(const nlohmann::ordered_json& routes, Width width, const Terminal& terminal);

}  // namespace pintle::app
