#include "controller/status/status_json.hpp"

#include <nlohmann/json.hpp>

namespace pintle::status {
using nlohmann::json;

json to_json(const api::Condition& condition) {
  return {{"type", condition.type},
          {"status", api::to_string(condition.status)},
          {"observedGeneration", condition.observed_generation},
          {"lastTransitionTime", format_rfc3339(condition.last_transition_time)},
          {"reason", condition.reason},
          {"message", condition.message}};
}

json to_json(const api::ParentReference& ref) {
  json made{{"group", ref.group}, {"kind", ref.kind}, {"name", ref.name}};
  if (ref.ns) made["namespace"] = *ref.ns;
  if (ref.section_name) made["sectionName"] = *ref.section_name;
  if (ref.port) made["port"] = *ref.port;
  return made;
}

namespace {

json json_of(const std::vector<api::Condition>& conditions) {
  json list = json::array();
  for (const api::Condition& one : conditions) list.push_back(to_json(one));
  return list;
}

json json_of(const api::RouteGroupKind& kind) { return {{"group", kind.group}, {"kind", kind.kind}}; }
json json_of(const api::GatewayStatusAddress& address) { return {{"type", address.type}, {"value", address.value}}; }

json json_of(const api::ListenerStatus& listener) {
  json kinds = json::array();
  for (const api::RouteGroupKind& kind : listener.supported_kinds) kinds.push_back(json_of(kind));
  return {{"name", listener.name},
          {"supportedKinds", kinds},
          {"attachedRoutes", listener.attached_routes},
          {"conditions", json_of(listener.conditions)}};
}

json json_of(const api::RouteParentStatus& parent) {
  return {{"parentRef", to_json(parent.parent_ref)},
          {"controllerName", parent.controller_name},
          {"conditions", json_of(parent.conditions)}};
}

json json_of(const api::GatewayClassStatus& status) {
  json features = json::array();
  for (const std::string& name : status.supported_features) features.push_back({{"name", name}});
  return {{"conditions", json_of(status.conditions)}, {"supportedFeatures", features}};
}

json json_of(const std::vector<api::ListenerStatus>& listeners) {
  json list = json::array();
  for (const api::ListenerStatus& listener : listeners) list.push_back(json_of(listener));
  return list;
}

json json_of(const api::GatewayStatus& status) {
  json addresses = json::array();
  for (const api::GatewayStatusAddress& address : status.addresses) addresses.push_back(json_of(address));
  json made{
      {"addresses", addresses}, {"conditions", json_of(status.conditions)}, {"listeners", json_of(status.listeners)}};
  if (status.attached_listener_sets) made["attachedListenerSets"] = *status.attached_listener_sets;
  return made;
}

json json_of(const api::ListenerSetStatus& status) {
  return {{"conditions", json_of(status.conditions)}, {"listeners", json_of(status.listeners)}};
}

json json_of(const api::RouteStatus& status) {
  json parents = json::array();
  for (const api::RouteParentStatus& parent : status.parents) parents.push_back(json_of(parent));
  return {{"parents", parents}};
}

json json_of(const api::PolicyStatus& status) {
  json ancestors = json::array();
  for (const api::RouteParentStatus& one : status.ancestors)
    ancestors.push_back({{"ancestorRef", to_json(one.parent_ref)},
                         {"controllerName", one.controller_name},
                         {"conditions", json_of(one.conditions)}});
  return {{"ancestors", ancestors}};
}

}  // namespace

json to_json(const StatusValue& status) {
  return std::visit([](const auto& value) { return json_of(value); }, status);
}

}  // namespace pintle::status
