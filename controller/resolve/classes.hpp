// Which GatewayClasses are ours, and which Gateways with them.
#pragma once
#include <string>
#include <vector>

#include "controller/resolve/settings.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

[[nodiscard]] std::vector<ClassReport> judge_classes(const store::ClusterSnapshot& snapshot, const Settings& settings);

enum class Membership : std::uint8_t { Foreign, Pending, Ours };
[[nodiscard]] Membership find_membership(const store::ClusterSnapshot& snapshot, const Settings& settings,
                                         const std::vector<ClassReport>& classes, const api::Gateway& gateway);

/// Of any object, for its report.
template <class T>
[[nodiscard]] ObjectId identify(const T& object) {
  return {api::key_of(object), object.metadata.uid, object.metadata.generation};
}

}  // namespace pintle::resolve
