#include "controller/api/shared_parts.hpp"

#include <memory>
#include <type_traits>
#include <variant>

namespace pintle::api {

void SharedParts::share_metadata(ObjectMeta& metadata) {
  labels_.share(metadata.labels);
  annotations_.share(metadata.annotations);
  owners_.share(metadata.owner_references);
  finalizers_.share(metadata.finalizers);
}

void SharedParts::share_rule(HTTPRuleParts& rule) {
  filters_.share(rule.filters);
  backend_refs_.share(rule.backend_refs);
}

template <class Route>
void SharedParts::share_route(Route& route) {
  parent_refs_.share(route.spec.parent_refs);
  hostnames_.share(route.spec.hostnames);
  parents_.share(route.status.parents);
  for (auto& rule : route.spec.rules) {
    if constexpr (std::is_base_of_v<HTTPRuleParts, std::remove_cvref_t<decltype(rule)>>) share_rule(rule);
    if constexpr (std::is_same_v<Route, HTTPRoute>) matches_.share(rule.matches);
  }
}

void SharedParts::share(AnyObject& fresh) {
  std::visit(
      [this](auto& held) {
        using Object = std::remove_const_t<typename std::remove_cvref_t<decltype(held)>::element_type>;
        // made by make_shared<Object> in decode and not shared yet: the object itself is not const
        Object& object = *std::const_pointer_cast<Object>(held);
        share_metadata(object.metadata);
        if constexpr (requires { object.spec.parent_refs; }) share_route(object);
      },
      fresh);
}

}  // namespace pintle::api
