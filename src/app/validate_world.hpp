// What `validate` says about manifests as a whole, beyond what decoding says of each object: conditions that would not
// be good, rules that can never win, certificates that end, grants nobody needs. Pure but for locate(), which reads
// the files once more for the place of a field. Findings come sorted by place and without repetition.
#pragma once
#include <cstdint>
#include <vector>

#include "src/app/offline.hpp"

namespace pintle::app {

struct ValidationSettings {
  Wall now{};
  std::uint16_t expiry_days = 21;
};
[[nodiscard]] std::vector<api::Finding> find_faults(const OfflineWorld& world, const ValidationSettings& settings);

}  // namespace pintle::app
