// Who came first, where the oldest wins (HTTPRouteRule.matches, req 66).
#pragma once
#include "controller/api/object.hpp"

namespace pintle::resolve {

/// creationTimestamp; an object that has none is as young as can be. So what is written by hand into a folder takes
/// nothing from what was exported from a cluster, and among those without it the name decides.
[[nodiscard]] inline Wall birth_of(const api::ObjectMeta& metadata) noexcept {
  return metadata.creation_timestamp == Wall{} ? Wall::max() : metadata.creation_timestamp;
}

}  // namespace pintle::resolve
