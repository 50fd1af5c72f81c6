// Which ReferenceGrants the references of a snapshot need. Pure.
#pragma once
#include <vector>

#include "controller/store/store.hpp"

namespace pintle::app {

/// Grants that no reference across namespaces needs, by namespace and name. Pointers into the snapshot.
[[nodiscard]] std::vector<const api::ReferenceGrant*> find_unused_grants(const store::ClusterSnapshot& snapshot);

}  // namespace pintle::app
