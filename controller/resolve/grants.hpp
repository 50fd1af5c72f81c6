// The one place that decides whether an object may refer into another namespace (req 64). It knows no kinds: every kind
// of reference passes the same rows of ReferenceGrants, read in the direction of the referrer.
#pragma once
#include <string>
#include <string_view>

#include "controller/api/object.hpp"
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

/// Whose field refers to something. Views into its metadata.
struct Referrer {
  api::Kind kind = api::Kind::Gateway;
  std::string_view ns;
};
/// Without a namespace, into the referrer's own. Views into both arguments.
template <class ObjectRef>
[[nodiscard]] Reference reference_of(const Referrer& referrer, const ObjectRef& ref) {
  return {.from_group = api::group_of(referrer.kind),
          .from_kind = to_string(referrer.kind),
          .from_namespace = referrer.ns,
          .to_group = ref.group,
          .to_kind = ref.kind,
          .to_namespace = ref.ns ? std::string_view(*ref.ns) : referrer.ns,
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
