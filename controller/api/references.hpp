// References between objects, with the defaults of the API filled in. An absent namespace stays nullopt: it
// means the namespace of the object that refers.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "controller/api/object.hpp"

namespace pintle::api {

struct ParentReference {
  std::string group{gateway_group};
  std::string kind{"Gateway"};
  std::optional<std::string> ns;
  std::string name;
  std::optional<std::string> section_name;
  std::optional<std::uint16_t> port;
  friend auto operator<=>(const ParentReference&, const ParentReference&) = default;
};

/// Default group "" and kind "Service".
struct BackendObjectReference {
  std::string group;
  std::string kind{"Service"};
  std::string name;
  std::optional<std::string> ns;
  std::optional<std::uint16_t> port;
  friend auto operator<=>(const BackendObjectReference&, const BackendObjectReference&) = default;
};

/// Default group "" and kind "Secret".
struct SecretObjectReference {
  std::string group;
  std::string kind{"Secret"};
  std::string name;
  std::optional<std::string> ns;
  friend auto operator<=>(const SecretObjectReference&, const SecretObjectReference&) = default;
};

/// No defaults: group and kind are required.
struct ObjectReference {
  std::string group;
  std::string kind;
  std::string name;
  std::optional<std::string> ns;
  friend auto operator<=>(const ObjectReference&, const ObjectReference&) = default;
};

struct LocalObjectReference {
  std::string group;
  std::string kind;
  std::string name;
  friend auto operator<=>(const LocalObjectReference&, const LocalObjectReference&) = default;
};

}  // namespace pintle::api
