#include "test/golden/status_yaml.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <pintle/base/clock.hpp>

namespace pintle::golden {
namespace {

using Json = nlohmann::ordered_json;

/// One line a condition. Generation and time stand there only when they are not those every condition has that was
/// written by the run itself.
Json show(const std::vector<api::Condition>& conditions) {
  Json made = Json::object();
  for (const api::Condition& condition : conditions) {
    std::string text = fmt::format("{} {}: {}", api::to_string(condition.status), condition.reason, condition.message);
    if (condition.observed_generation != 1 || condition.last_transition_time != time_of_run)
      text += fmt::format(" [generation {}, since {}]", condition.observed_generation,
                          format_rfc3339(condition.last_transition_time));
    made[condition.type] = std::move(text);
  }
  return made;
}

Json show(const api::ListenerStatus& listener) {
  Json kinds = Json::array();
  for (const api::RouteGroupKind& kind : listener.supported_kinds)
    kinds.push_back(fmt::format("{}/{}", kind.group, kind.kind));
  return Json{{"name", listener.name},
              {"attachedRoutes", listener.attached_routes},
              {"supportedKinds", std::move(kinds)},
              {"conditions", show(listener.conditions)}};
}

Json show(const std::vector<api::ListenerStatus>& listeners) {
  Json list = Json::array();
  for (const api::ListenerStatus& listener : listeners) list.push_back(show(listener));
  return list;
}

Json show(const api::ParentReference& parent) {
  Json made = Json::object();
  if (parent.kind != "Gateway") made["kind"] = parent.kind;
  if (parent.ns) made["namespace"] = *parent.ns;
  made["name"] = parent.name;
  if (parent.section_name) made["sectionName"] = *parent.section_name;
  if (parent.port) made["port"] = *parent.port;
  return made;
}

}  // namespace

Json show(const api::GatewayClassStatus& status) {
  Json made{{"conditions", show(status.conditions)}};
  // The list is the same in every case; that it is there and sorted is what counts.
  const auto& features = status.supported_features;
  made["supportedFeatures"] = features.empty() ? "none" : std::ranges::is_sorted(features) ? "sorted" : "not sorted";
  return made;
}

Json show(const api::GatewayStatus& status) {
  Json made = Json::object();
  for (const api::GatewayStatusAddress& address : status.addresses)
    made["addresses"].push_back(fmt::format("{} {}", address.type, address.value));
  made["conditions"] = show(status.conditions);
  if (status.attached_listener_sets) made["attachedListenerSets"] = *status.attached_listener_sets;
  made["listeners"] = show(status.listeners);
  return made;
}

Json show(const api::ListenerSetStatus& status) {
  return Json{{"conditions", show(status.conditions)}, {"listeners", show(status.listeners)}};
}

Json show(const api::RouteStatus& status) {
  Json parents = Json::array();
  for (const api::RouteParentStatus& parent : status.parents)
    parents.push_back(Json{{"parentRef", show(parent.parent_ref)},
                           {"controllerName", parent.controller_name},
                           {"conditions", show(parent.conditions)}});
  return Json{{"parents", std::move(parents)}};
}

Json show(const api::PolicyStatus& status) {
  Json ancestors = Json::array();
  for (const api::RouteParentStatus& one : status.ancestors)
    ancestors.push_back(Json{{"ancestorRef", show(one.parent_ref)},
                             {"controllerName", one.controller_name},
                             {"conditions", show(one.conditions)}});
  return Json{{"ancestors", std::move(ancestors)}};
}

}  // namespace pintle::golden
