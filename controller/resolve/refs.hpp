// How lookups are written down in a RefSet.
#pragma once
#include <string_view>

#include "controller/api/object.hpp"
#include "controller/resolve/model.hpp"

namespace pintle::resolve {

[[nodiscard]] Ref ref_to(api::Kind kind, std::string_view ns, std::string_view name);
/// Every object of the kind in the namespace, those that do not exist yet included: no object is called "*".
[[nodiscard]] Ref every(api::Kind kind, std::string_view ns);

}  // namespace pintle::resolve
