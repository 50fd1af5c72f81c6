// Which features of the Gateway API a GatewayClass may say it supports.
//  - guarantees: sorted, each once; only what the API installed in the cluster can express. A folder without
//    CustomResourceDefinitions, or a cluster whose definitions may not be read, is taken to have all of it.
//  - leaves to others: the condition (status).
//  - threads: any.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/object.hpp"
#include "controller/resolve/settings.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

/// In which the fields of a feature stand (gateway-api v1.6.3, config/crd).
enum class Channel : std::uint8_t { Standard, Experimental };

struct Feature {
  std::string_view
      name;  ///< as the API's conformance suite spells it (pkg/features), which passes over others in silence
  std::string_view definition;  ///< "httproutes": the CRD in which its fields stand, without the group
  Channel channel = Channel::Standard;
  std::optional<GatewayMode> mode = std::nullopt;  ///< in which alone it is offered
};

/// All that this version serves, sorted.
[[nodiscard]] std::span<const Feature> all_features() noexcept;

/// False for CustomResourceDefinitions of other APIs, true for everything else: a source need not keep the former.
[[nodiscard]] bool is_looked_at(const api::ObjectKey& key) noexcept;

struct Offer {
  std::vector<std::string> features;  ///< sorted
  std::string fault;                  ///< not empty: the definitions are of a version that we do not know
  std::string installed;              ///< what there is, and what is not offered for that
};
[[nodiscard]] Offer judge_features(const store::ClusterSnapshot& snapshot, GatewayMode mode);

}  // namespace pintle::resolve
