// What a rule refers to, in the one order in which it is looked up and taken: the backends that answer, then those that
// mirrors of the rule and of its backendRefs name.
#pragma once
#include <cstddef>
#include <vector>

#include "controller/api/http_route.hpp"

namespace pintle::resolve {

template <class Visit>
void for_each_mirror(const std::vector<api::HTTPRouteFilter>& filters, Visit&& visit) {
  for (const api::HTTPRouteFilter& filter : filters)
    if (const auto* mirror = filter.get<api::HTTPRequestMirrorFilter>()) visit(mirror->backend_ref);
}

template <class Rule, class Visit>
void for_each_reference(const Rule& rule, Visit&& visit) {
  for (const auto& backend : rule.backend_refs) visit(backend.ref);
  if constexpr (requires { rule.filters; }) {
    for_each_mirror(rule.filters, visit);
    for (const auto& backend : rule.backend_refs) for_each_mirror(backend.filters, visit);
  }
}

template <class Rule>
[[nodiscard]] std::size_t count_references(const Rule& rule) {
  std::size_t count = 0;
  for_each_reference(rule, [&count](const api::BackendObjectReference&) { ++count; });
  return count;
}

}  // namespace pintle::resolve
