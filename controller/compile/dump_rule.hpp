// Parts of dump(): one rule, one match.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <pintle/route/table.hpp>

namespace pintle::compile {

/// "namespace/name rule 0", with the rule's own name if it has one.
[[nodiscard]] std::string rule_label(const route::RuleSource& source);
[[nodiscard]] nlohmann::ordered_json dump_match(const route::Match& match);
[[nodiscard]] nlohmann::ordered_json dump_rule(const route::Rule& rule);

}  // namespace pintle::compile
