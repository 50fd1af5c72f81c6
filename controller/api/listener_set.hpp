// ListenerSet of gateway.networking.k8s.io/v1: listeners that its author adds to a Gateway which allows it (GEP-1713).
#pragma once
#include <vector>

#include "controller/api/gateway.hpp"
#include "controller/api/object.hpp"
#include "controller/api/references.hpp"
#include "controller/api/status.hpp"

namespace pintle::api {

struct ListenerSetSpec {
  ParentReference parent_ref;       ///< of a Gateway as a whole: without sectionName and port
  std::vector<Listener> listeners;  ///< names are unique in the set alone
  friend bool operator==(const ListenerSetSpec&, const ListenerSetSpec&) = default;
};

struct ListenerSet {
  static constexpr Kind kind = Kind::ListenerSet;
  ObjectMeta metadata;
  ListenerSetSpec spec;
  ListenerSetStatus status;
  friend bool operator==(const ListenerSet&, const ListenerSet&) = default;
};

}  // namespace pintle::api
