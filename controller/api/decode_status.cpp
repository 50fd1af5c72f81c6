#include <algorithm>
#include <array>

#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

constexpr ListRule conditions_rule{.max = 8};

Condition read_condition(const Field& field) {
  Condition out;
  Fields fields(field);
  out.type = required_text(fields, "type", {.min = 1, .max = 316});
  const std::string word = required_text(fields, "status");
  if (word == "True") {
    out.status = ConditionStatus::True;
  } else if (word == "False") {
    out.status = ConditionStatus::False;
  } else if (word != "Unknown") {
    if (const auto at = fields.find("status"); at && at->strict()) report_enum(*at, {"True", "False", "Unknown"});
  }
  constexpr std::int64_t any = 0x7fffffffffffffff;
  if (const auto seen = fields.find("observedGeneration"))
    out.observed_generation = read_number(*seen, {.min = 0, .max = any});
  if (const auto time = fields.require("lastTransitionTime"))
    out.last_transition_time = read_timestamp(*time).value_or(Wall{});
  out.reason = required_text(fields, "reason", {.min = 1, .max = 1024});
  out.message = required_text(fields, "message", {.max = 32768});
  fields.finish();
  return out;
}

std::vector<Condition> read_conditions(Fields& fields) {
  return list_of<Condition>(fields, "conditions", conditions_rule, read_condition);
}

ListenerStatus read_listener_status(const Field& field) {
  ListenerStatus out;
  Fields fields(field);
  out.name = required_text(fields, "name", section_rule);
  out.supported_kinds = list_of<RouteGroupKind>(fields, "supportedKinds", {.max = 8}, read_route_group_kind);
  if (const auto count = fields.require("attachedRoutes"))
    out.attached_routes = static_cast<std::int32_t>(read_number(*count, {}));
  out.conditions = read_conditions(fields);
  fields.finish();
  return out;
}

/// What a route says of its parents, and a policy of its ancestors.
std::vector<RouteParentStatus> read_entries(Fields& fields, std::string_view key, std::string_view ref_key,
                                            std::size_t most) {
  return list_of<RouteParentStatus>(fields, key, {.max = most}, [ref_key](const Field& item) {
    RouteParentStatus one;
    Fields parts(item);
    if (const auto parent = parts.require(ref_key)) one.parent_ref = read_parent_reference(*parent);
    one.controller_name = required_text(parts, "controllerName", controller_rule);
    one.conditions = read_conditions(parts);
    parts.finish();
    return one;
  });
}

}  // namespace

GatewayClassStatus read_gateway_class_status(const Field& field) {
  GatewayClassStatus out;
  Fields fields(field);
  out.conditions = read_conditions(fields);
  out.supported_features = list_of<std::string>(fields, "supportedFeatures", {.max = 64}, [](const Field& item) {
    Fields parts(item);
    std::string name = required_text(parts, "name");
    parts.finish();
    return name;
  });
  fields.finish();
  return out;
}

GatewayStatus read_gateway_status(const Field& field) {
  GatewayStatus out;
  Fields fields(field);
  out.addresses = list_of<GatewayStatusAddress>(fields, "addresses", {.max = 16}, [](const Field& item) {
    GatewayStatusAddress one;
    Fields parts(item);
    one.type = text_or(parts, "type", {.min = 1, .max = 253}, "IPAddress");
    one.value = required_text(parts, "value", {.min = 1, .max = 253});
    parts.finish();
    return one;
  });
  out.conditions = read_conditions(fields);
  out.listeners = list_of<ListenerStatus>(fields, "listeners", {.max = 64}, read_listener_status);
  if (const auto count = fields.find("attachedListenerSets")) {
    out.attached_listener_sets = static_cast<std::int32_t>(read_number(*count, {}));
  }
  fields.finish();
  return out;
}

ListenerSetStatus read_listener_set_status(const Field& field) {
  ListenerSetStatus out;
  Fields fields(field);
  out.conditions = read_conditions(fields);
  out.listeners = list_of<ListenerStatus>(fields, "listeners", {.max = 64}, read_listener_status);
  fields.finish();
  return out;
}

RouteStatus read_route_status(const Field& field) {
  Fields fields(field);
  RouteStatus out{read_entries(fields, "parents", "parentRef", 32)};
  fields.finish();
  return out;
}

PolicyStatus read_policy_status(const Field& field) {
  Fields fields(field);
  PolicyStatus out{read_entries(fields, "ancestors", "ancestorRef", 16)};
  fields.finish();
  return out;
}

}  // namespace pintle::api
