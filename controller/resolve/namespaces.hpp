// Whom an allowedRoutes or allowedListeners admits, by namespace.
#pragma once
#include <string>
#include <string_view>

#include "controller/api/gateway.hpp"

namespace pintle::resolve {

/// `own`: the namespace "Same" means. `labels_of(ns)` is asked where a selector decides, and only there.
template <class LabelsOf>
[[nodiscard]] bool admits(const api::AllowedNamespaces& allowed, std::string_view own, const std::string& ns,
                          LabelsOf&& labels_of) {
  switch (allowed.from.value) {
    case api::FromNamespaces::All:
      return true;
    case api::FromNamespaces::Same:
      return ns == own;
    case api::FromNamespaces::Selector:
      return allowed.selector && !api::find_fault(*allowed.selector) && api::matches(*allowed.selector, labels_of(ns));
    case api::FromNamespaces::None:
    case api::FromNamespaces::Unknown:
      return false;
  }
  return false;
}

}  // namespace pintle::resolve
