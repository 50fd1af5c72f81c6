// Metadata of what is made for a Gateway: marks, owner, and what spec.infrastructure asks to be put on it. Private to
// this module.
#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "controller/api/gateway.hpp"
#include "controller/infra/settings.hpp"

namespace pintle::infra {

/// Labels and annotations in two parts: ours, which hold whatever anybody asks, and those propagated from the Gateway
/// and the settings. The keys of the latter are written into two annotations of the object: so a key that is taken from
/// the Gateway is taken from the object too, even by a leader that has just begun, while whatever others put there
/// stays. (A comparison with what was last wanted would forget at every change of the leader.)
struct Metadata {
  std::string name;
  std::string ns;
  const api::Gateway* owner = nullptr;
  api::StringMap labels;
  api::StringMap annotations;
};

enum class Propagate : std::uint8_t { GatewayOnly, GatewayAndSettings };
[[nodiscard]] Metadata make_metadata(const api::Gateway& gateway, std::string name, const Settings& settings,
                                     Propagate annotations, const api::StringMap& own_labels = {});

/// Of a new object.
[[nodiscard]] nlohmann::json to_json(const Metadata& wanted);
/// What differs, as a merge patch of `metadata`; an empty object if nothing does.
[[nodiscard]] nlohmann::json find_difference(const api::ObjectMeta& present, const Metadata& wanted);
/// uid and resourceVersion, to be merged into a patch or the preconditions of a deletion.
[[nodiscard]] nlohmann::json precondition(const api::ObjectMeta& present);

/// A comma-separated list in an annotation.
[[nodiscard]] std::vector<std::string> read_list(const api::ObjectMeta& object, std::string_view annotation);

}  // namespace pintle::infra
