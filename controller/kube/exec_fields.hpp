// The exec section of a kubeconfig user. Private to this module.
#pragma once
#include "controller/kube/yaml_place.hpp"

namespace pintle::kube {

/// Nothing where `user` has none.
[[nodiscard]] Result<void> read_exec(const Place& user, User& out);

}  // namespace pintle::kube
