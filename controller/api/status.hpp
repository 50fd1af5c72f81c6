// Statuses of the Gateway API kinds: decoded from manifests or from the cluster, and produced by the status
// module.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/object.hpp"
#include "controller/api/references.hpp"

namespace pintle::api {

enum class ConditionStatus : std::uint8_t { True, False, Unknown };
[[nodiscard]] std::string_view to_string(ConditionStatus status) noexcept;

/// metav1.Condition.
struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::Unknown;
  std::int64_t observed_generation = 0;
  Wall last_transition_time{};
  std::string reason;
  std::string message;
  friend bool operator==(const Condition&, const Condition&) = default;
};

struct GatewayClassStatus {
  std::vector<Condition> conditions;
  std::vector<std::string> supported_features;
  friend bool operator==(const GatewayClassStatus&, const GatewayClassStatus&) = default;
};

struct RouteGroupKind {
  std::string group{gateway_group};
  std::string kind;
  friend auto operator<=>(const RouteGroupKind&, const RouteGroupKind&) = default;
};

struct ListenerStatus {
  std::string name;
  std::vector<RouteGroupKind> supported_kinds;
  std::int32_t attached_routes = 0;
  std::vector<Condition> conditions;
  friend bool operator==(const ListenerStatus&, const ListenerStatus&) = default;
};

struct GatewayStatusAddress {
  std::string type{"IPAddress"};
  std::string value;
  friend auto operator<=>(const GatewayStatusAddress&, const GatewayStatusAddress&) = default;
};

struct GatewayStatus {
  std::vector<GatewayStatusAddress> addresses;
  std::vector<Condition> conditions;
  std::vector<ListenerStatus> listeners;
  std::optional<std::int32_t> attached_listener_sets;
  friend bool operator==(const GatewayStatus&, const GatewayStatus&) = default;
};

struct ListenerSetStatus {
  std::vector<Condition> conditions;
  std::vector<ListenerStatus> listeners;
  friend bool operator==(const ListenerSetStatus&, const ListenerSetStatus&) = default;
};

struct RouteParentStatus {
  ParentReference parent_ref;
  std::string controller_name;
  std::vector<Condition> conditions;
  friend bool operator==(const RouteParentStatus&, const RouteParentStatus&) = default;
};

/// PolicyAncestorStatus is alike but for the name of its reference.
struct PolicyStatus {
  SharedList<RouteParentStatus> ancestors;
  friend bool operator==(const PolicyStatus&, const PolicyStatus&) = default;
};

struct RouteStatus {
  SharedList<RouteParentStatus> parents;
  friend bool operator==(const RouteStatus&, const RouteStatus&) = default;
};

}  // namespace pintle::api
