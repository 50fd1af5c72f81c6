#pragma once
#include <optional>
#include <string>

#include "controller/api/object.hpp"
#include "controller/api/references.hpp"
#include "controller/api/status.hpp"

namespace pintle::api {

struct GatewayClassSpec {
  std::string controller_name;
  std::optional<ObjectReference> parameters_ref;
  std::optional<std::string> description;
  friend bool operator==(const GatewayClassSpec&, const GatewayClassSpec&) = default;
};

struct GatewayClass {
  static constexpr Kind kind = Kind::GatewayClass;
  ObjectMeta metadata;
  GatewayClassSpec spec;
  GatewayClassStatus status;
  friend bool operator==(const GatewayClass&, const GatewayClass&) = default;
};

}  // namespace pintle::api
