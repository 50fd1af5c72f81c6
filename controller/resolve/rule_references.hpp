// What a rule refers to, in the one order in which it is looked up and taken: the backends that answer, then those that
// filters of the rule and of its backendRefs name.
#pragma once
#include <cstddef>
#include <vector>

#include "controller/api/http_route.hpp"

namespace pintle::resolve {

[[nodiscard]] inline const api::BackendObjectReference* find_reference(const api::HTTPRouteFilter& filter) noexcept {
  if (const auto* mirror = filter.get<api::HTTPRequestMirrorFilter>()) return &mirror->backend_ref;
  if (const auto* auth = filter.get<api::HTTPExternalAuthFilter>()) return &auth->backend_ref;
  return nullptr;
}

template <class Visit>
void for_each_reference_of(const SharedList<api::HTTPRouteFilter>& filters, Visit&& visit) {
  for (const api::HTTPRouteFilter& filter : filters)
    if (const auto* ref = find_reference(filter)) visit(*ref);
}

template <class Rule, class Visit>
void for_each_reference(const Rule& rule, Visit&& visit) {
  for (const auto& backend : rule.backend_refs) visit(backend.ref);
  if constexpr (requires { rule.filters; }) {
    for_each_reference_of(rule.filters, visit);
    for (const auto& backend : rule.backend_refs) for_each_reference_of(backend.filters, visit);
  }
}

template <class Rule>
[[nodiscard]] std::size_t count_references(const Rule& rule) {
  std::size_t count = 0;
  for_each_reference(rule, [&count](const api::BackendObjectReference&) { ++count; });
  return count;
}

}  // namespace pintle::resolve
