// How objects are named, and lookups written down in a RefSet.
#pragma once
#include <string_view>

#include "controller/api/object.hpp"
#include "controller/resolve/model.hpp"

namespace pintle::resolve {

/// "namespace/name"
[[nodiscard]] inline std::string name_of(const api::ObjectMeta& metadata) {
  std::string name;
  name.reserve(metadata.ns.size() + 1 + metadata.name.size());
  return name.append(metadata.ns).append(1, '/').append(metadata.name);
}

[[nodiscard]] Ref ref_to(api::Kind kind, std::string_view ns, std::string_view name);
/// Every object of the kind in the namespace, those that do not exist yet included: no object is called "*".
[[nodiscard]] Ref every(api::Kind kind, std::string_view ns);

}  // namespace pintle::resolve
