// ReferenceGrant of v1 and v1beta1 (same fields).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/api/object.hpp"

namespace pintle::api {

struct ReferenceGrantFrom {
  std::string group;
  std::string kind;
  std::string ns;
  friend auto operator<=>(const ReferenceGrantFrom&, const ReferenceGrantFrom&) = default;
};
struct ReferenceGrantTo {
  std::string group;
  std::string kind;
  std::optional<std::string> name;  ///< nullopt or empty: every object of the kind in the grant's namespace
  friend auto operator<=>(const ReferenceGrantTo&, const ReferenceGrantTo&) = default;
};
struct ReferenceGrantSpec {
  std::vector<ReferenceGrantFrom> from;
  std::vector<ReferenceGrantTo> to;
  friend bool operator==(const ReferenceGrantSpec&, const ReferenceGrantSpec&) = default;
};

struct ReferenceGrant {
  static constexpr Kind kind = Kind::ReferenceGrant;
  ObjectMeta metadata;
  ReferenceGrantSpec spec;
  friend bool operator==(const ReferenceGrant&, const ReferenceGrant&) = default;
};

}  // namespace pintle::api
