// The rules, filters and backends of `explain`. Internal.
#pragma once
#include <string>

#include <nlohmann/json.hpp>

#include <pintle/http/request.hpp>
#include <pintle/route/lookup.hpp>
#include <pintle/runtime/compiled.hpp>

namespace pintle::app {

/// Every rule of the hosts that cover the request, in precedence order, each with what decided.
[[nodiscard]] nlohmann::ordered_json describe_candidates(const route::Walk& walk, const route::RequestView& view);
/// Adds route, filters, backends and answer of the rule that won; sets `served`.
void describe_action(nlohmann::ordered_json& out, const runtime::Compiled& compiled, const route::Walk& walk,
                     const http::RequestHead& head);
/// "prefix /cart, method POST, header x-canary = yes"
[[nodiscard]] std::string match_text(const route::Match& match);

}  // namespace pintle::app
