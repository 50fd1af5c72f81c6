// Filters of a rule or of a backendRef to what the data plane applies. What is not supported is never skipped: the rule
// answers 500 then (HTTPRouteFilter), and each fault is a problem of the route.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <pintle/route/filter.hpp>

#include "controller/api/http_route.hpp"
#include "controller/resolve/status_report.hpp"

namespace pintle::resolve {

enum class FilterPlace : std::uint8_t { Rule, BackendRef };

struct FilterList {
  const SharedList<api::HTTPRouteFilter>& filters;
  std::string field;  ///< "spec.rules[0].filters"
  FilterPlace place = FilterPlace::Rule;
  /// The value of the rule's one PathPrefix match; nullopt if it has others: ReplacePrefixMatch needs it.
  std::optional<std::string> prefix;
};

/// A filter that names a backend; whether that can be one is not known here.
struct BackendFilter {
  std::string field;          ///< "spec.rules[0].filters[1].requestMirror.backendRef"
  std::size_t reference = 0;  ///< its place among those of the list (rule_references.hpp)
};
struct MirrorFilter : BackendFilter {
  route::Mirror mirror;
};
struct AuthFilter : BackendFilter {
  route::ExternalAuth auth;
};

struct ResolvedFilters {
  route::MessageFilters message;      ///< without those that name backends
  std::vector<MirrorFilter> mirrors;  ///< in their order
  std::optional<AuthFilter> auth;
  std::optional<route::Redirect> redirect;
  Problems problems;       ///< Accepted or PartiallyInvalid; the rule is broken if there is one
  Problems resolved_refs;  ///< of extensionRefs
  std::vector<std::string> notes;
};
[[nodiscard]] ResolvedFilters resolve_filters(const FilterList& list);

}  // namespace pintle::resolve
