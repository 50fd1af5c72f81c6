// sessionPersistence of rules (GEP-1619) to what the data plane needs.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <pintle/route/filter.hpp>

#include "controller/api/http_route.hpp"
#include "controller/resolve/status_report.hpp"

namespace pintle::resolve {

/// Whose sessions a rule's are: its kind, its route, and its name or, without one, its number. Ends in tokens that
/// outlive the process, so it never changes.
[[nodiscard]] std::string session_scope(const route::RuleSource& source);

/// `field`: "spec.rules[0].sessionPersistence", for `problems`. nullopt exactly if there is a problem. Without a
/// sessionName the name is one of its own for each scope.
[[nodiscard]] std::optional<route::Session> resolve_session(const api::SessionPersistence& spec, std::string_view scope,
                                                            const std::string& field, Problems& problems);

}  // namespace pintle::resolve
