// The one place that decides whether an object may refer into another namespace (req 64). It knows no kinds: every kind
// of reference passes the same rows of ReferenceGrants, read in the direction of the referrer.
#pragma once
#include <string>
#include <string_view>

#include "controller/api/gateway.hpp"
#include "controller/resolve/model.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

struct Reference {
  std::string_view from_group;
  std::string_view from_kind;
  std::string_view from_namespace;  ///< of the object that refers, whoever serves it
  std::string_view to_group;
  std::string_view to_kind;
  std::string_view to_namespace;
  std::string_view to_name;
};

/// What a field of a Gateway refers to; without a namespace, into the Gateway's own. Views into both arguments.
template <class ObjectRef>
[[nodiscard]] Reference reference_of(const api::Gateway& gateway, const ObjectRef& ref) {
  return {.from_group = api::gateway_group,
          .from_kind = "Gateway",
          .from_namespace = gateway.metadata.ns,
          .to_group = ref.group,
          .to_kind = ref.kind,
          .to_namespace = ref.ns ? *ref.ns : gateway.metadata.ns,
          .to_name = ref.name};
}

/// True inside one namespace; else if some grant in the target's namespace has a `from` with the referrer's group, kind
/// and namespace and a `to` with the target's group, kind and, if given, name. Lists and grants are alternatives.
/// What was looked up goes to `refs`.
[[nodiscard]] bool is_permitted(const store::ClusterSnapshot& snapshot, const Reference& reference, RefSet& refs);

/// For people: that no grant permits the reference, and the spec of the one that would. Tells nothing of the target but
/// what the reference says itself.
[[nodiscard]] std::string describe_missing_grant(const Reference& reference);

}  // namespace pintle::resolve
