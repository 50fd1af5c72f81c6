// The rules, filters and backends of `explain`. Internal.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

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
/// What the gateway answers on its own.
[[nodiscard]] nlohmann::ordered_json failure_answer(std::uint16_t status, Reason reason, std::string_view detail);
/// Each such answer of a walk: of the whole request, of a share, of a backend. After describe_action().
void for_each_failure(nlohmann::ordered_json& out, const std::function<void(nlohmann::ordered_json&)>& change);
/// "prefix /cart, method POST, header x-canary = yes"
[[nodiscard]] std::string match_text(const route::Match& match);

}  // namespace pintle::app
