#pragma once
#include <string_view>

#include "controller/api/object.hpp"

namespace pintle::api {

/// Its metadata alone: which kinds the API server has, and of which version and channel of the Gateway API they are.
/// The schema is not read.
struct CustomResourceDefinition {
  static constexpr Kind kind = Kind::CustomResourceDefinition;
  ObjectMeta metadata;  ///< named PLURAL.GROUP
  friend bool operator==(const CustomResourceDefinition&, const CustomResourceDefinition&) = default;
};

/// Annotations of the Gateway API's own definitions.
inline constexpr std::string_view bundle_version_annotation = "gateway.networking.k8s.io/bundle-version";  ///< "v1.6.3"
inline constexpr std::string_view channel_annotation = "gateway.networking.k8s.io/channel";

}  // namespace pintle::api
