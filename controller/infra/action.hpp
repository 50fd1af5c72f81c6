// One write to the API server, decided but not done.
#pragma once
#include <cstdint>
#include <string>

#include "controller/api/object.hpp"

namespace pintle::infra {

enum class Verb : std::uint8_t { Create, Patch, Delete };

/// A Patch is a merge patch (RFC 7396). Patch and Delete hold in their body the uid and resourceVersion of the object
/// they were computed from: whatever has happened to it since makes them fail (req 74).
struct Action {
  Verb verb = Verb::Create;
  api::ObjectKey object;
  api::ObjectKey cause;  ///< what it is done for: a Gateway or a GatewayClass
  std::string body;      ///< JSON
  friend bool operator==(const Action&, const Action&) = default;
};

}  // namespace pintle::infra
