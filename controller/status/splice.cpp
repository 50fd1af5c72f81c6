#include "controller/status/splice.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "controller/status/conditions.hpp"
#include "controller/status/raw_json.hpp"
#include "controller/status/status_json.hpp"

namespace pintle::status {
namespace {

using nlohmann::json;
using Owned = std::span<const std::string_view>;

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }
std::string array_of(const std::vector<std::string>& items) { return fmt::format("[{}]", fmt::join(items, ",")); }
json parse(const RawJson& raw) { return json::parse(raw.text(), nullptr, false); }

std::string text_at(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_at(const json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool is_owned(Owned owned, std::string_view type) { return std::ranges::find(owned, type) != owned.end(); }

bool any_foreign(const std::vector<api::Condition>& conditions, Owned owned) {
  return std::ranges::any_of(conditions, [owned](const auto& one) { return !is_owned(owned, one.type); });
}

std::string splice_conditions(const std::optional<RawJson>& live, const std::vector<api::Condition>& judged,
                              Owned owned, std::int64_t generation) {
  std::vector<std::string> made;
  std::vector<std::string_view> written;
  const auto is_written = [&written](std::string_view type) {
    return std::ranges::find(written, type) != written.end();
  };
  for (const RawJson& raw : live ? live->items() : std::vector<RawJson>{}) {
    const json held = parse(raw);
    const std::string type = text_at(held, "type");
    const auto ours = std::ranges::find(judged, type, &api::Condition::type);
    if (!is_owned(owned, type) || number_at(held, "observedGeneration") > generation) {
      made.emplace_back(raw.text());
      if (ours != judged.end()) written.emplace_back(ours->type);
    } else if (ours != judged.end() && !is_written(type)) {
      json mine = to_json(*ours);
      if (text_at(held, "status") == api::to_string(ours->status) && held.contains("lastTransitionTime"))
        mine["lastTransitionTime"] = held["lastTransitionTime"];
      made.push_back(dump(mine));
      written.emplace_back(ours->type);
    }
  }
  for (const api::Condition& one : judged)
    if (is_owned(owned, one.type) && !is_written(one.type)) made.push_back(dump(to_json(one)));
  return array_of(made);
}

api::ParentReference read_parent_ref(const json& held) {
  api::ParentReference ref;
  if (!held.is_object()) return ref;
  if (held.contains("group")) ref.group = text_at(held, "group");
  if (held.contains("kind")) ref.kind = text_at(held, "kind");
  ref.name = text_at(held, "name");
  if (held.contains("namespace")) ref.ns = text_at(held, "namespace");
  if (held.contains("sectionName")) ref.section_name = text_at(held, "sectionName");
  if (held.contains("port")) ref.port = static_cast<std::uint16_t>(number_at(held, "port"));
  return ref;
}

bool has_seen_newer(const RawJson& entry, std::int64_t generation) {
  const auto conditions = entry.find("conditions");
  if (!conditions) return false;
  return std::ranges::any_of(conditions->items(), [generation](const RawJson& one) {
    return number_at(parse(one), "observedGeneration") > generation;
  });
}

/// Entries of routes and of policies: how they are called, and which conditions of them are ours.
struct EntryNames {
  std::string_view ref;
  Owned owned;
};

std::string splice_entries(const std::optional<RawJson>& live, const SharedList<api::RouteParentStatus>& judged,
                           const EntryNames& names, std::string_view controller_name, std::int64_t generation) {
  std::vector<std::string> made;
  std::vector<const api::RouteParentStatus*> written;
  const auto write = [&](const api::RouteParentStatus& parent, const std::optional<RawJson>& ref,
                         const std::optional<RawJson>& conditions) {
    made.push_back(fmt::format(R"({{"{}":{},"controllerName":{},"conditions":{}}})", names.ref,
                               ref ? std::string(ref->text()) : dump(to_json(parent.parent_ref)),
                               dump(parent.controller_name),
                               splice_conditions(conditions, parent.conditions, names.owned, generation)));
    written.push_back(&parent);
  };
  for (const RawJson& raw : live ? live->items() : std::vector<RawJson>{}) {
    const auto controller = raw.find("controllerName");
    const auto ref = raw.find(names.ref);
    if (!controller || parse(*controller) != controller_name) {
      made.emplace_back(raw.text());
      continue;
    }
    const api::ParentReference wanted = read_parent_ref(ref ? parse(*ref) : json());
    const auto ours = std::ranges::find_if(judged, [&](const api::RouteParentStatus& one) {
      return one.controller_name == controller_name && one.parent_ref == wanted;
    });
    if (ours == judged.end()) {
      if (has_seen_newer(raw, generation)) made.emplace_back(raw.text());
    } else if (std::ranges::find(written, &*ours) == written.end()) {
      write(*ours, ref, raw.find("conditions"));
    }
  }
  for (const api::RouteParentStatus& one : judged)
    if (one.controller_name == controller_name && std::ranges::find(written, &one) == written.end()) write(one, {}, {});
  return array_of(made);
}

std::string splice_listeners(const std::optional<RawJson>& live, const std::vector<api::ListenerStatus>& judged,
                             std::int64_t generation) {
  std::vector<std::string> made;
  made.reserve(judged.size());
  for (const api::ListenerStatus& listener : judged) {
    std::optional<RawJson> conditions;
    for (const RawJson& raw : live ? live->items() : std::vector<RawJson>{}) {
      const auto name = raw.find("name");
      if (name && parse(*name) == listener.name) conditions = raw.find("conditions");
    }
    json kinds = json::array();
    for (const api::RouteGroupKind& kind : listener.supported_kinds)
      kinds.push_back({{"group", kind.group}, {"kind", kind.kind}});
    made.push_back(fmt::format(R"({{"name":{},"supportedKinds":{},"attachedRoutes":{},"conditions":{}}})",
                               dump(listener.name), dump(kinds), listener.attached_routes,
                               splice_conditions(conditions, listener.conditions, listener::owned, generation)));
  }
  return array_of(made);
}

using Members = std::vector<std::pair<std::string_view, std::string>>;

struct Splice {
  const StatusPatch& patch;
  std::string_view controller_name;
  std::optional<RawJson> live;  ///< the status

  [[nodiscard]] std::optional<RawJson> at(std::string_view key) const { return live ? live->find(key) : std::nullopt; }

  Members operator()(const api::GatewayClassStatus& judged) const {
    return {
        {"conditions", splice_conditions(at("conditions"), judged.conditions, gateway_class::owned, patch.generation)},
        {"supportedFeatures", dump(to_json(StatusValue(judged))["supportedFeatures"])}};
  }
  Members operator()(const api::GatewayStatus& judged) const {
    Members made{
        {"addresses", dump(to_json(StatusValue(judged))["addresses"])},
        {"conditions", splice_conditions(at("conditions"), judged.conditions, gateway::owned, patch.generation)},
        {"listeners", splice_listeners(at("listeners"), judged.listeners, patch.generation)}};
    if (judged.attached_listener_sets)
      made.emplace_back("attachedListenerSets", std::to_string(*judged.attached_listener_sets));
    return made;
  }
  Members operator()(const api::ListenerSetStatus& judged) const {
    return {
        {"conditions", splice_conditions(at("conditions"), judged.conditions, listener_set::owned, patch.generation)},
        {"listeners", splice_listeners(at("listeners"), judged.listeners, patch.generation)}};
  }
  Members operator()(const api::RouteStatus& judged) const {
    return {{"parents", splice_entries(at("parents"), judged.parents, {"parentRef", parent::owned}, controller_name,
                                       patch.generation)}};
  }
  Members operator()(const api::PolicyStatus& judged) const {
    return {{"ancestors", splice_entries(at("ancestors"), judged.ancestors, {"ancestorRef", policy::owned},
                                         controller_name, patch.generation)}};
  }
};

/// An empty list and none are the same to the API.
bool same_value(const std::optional<RawJson>& live, const std::string& made) {
  const json wanted = json::parse(made);
  return live ? parse(*live) == wanted : wanted.empty();
}

}  // namespace

bool holds_foreign(const StatusValue& status, std::string_view controller_name) {
  if (const auto* of_class = std::get_if<api::GatewayClassStatus>(&status))
    return any_foreign(of_class->conditions, gateway_class::owned);
  const auto any_of_listeners = [](const std::vector<api::ListenerStatus>& listeners) {
    return std::ranges::any_of(
        listeners, [](const api::ListenerStatus& one) { return any_foreign(one.conditions, listener::owned); });
  };
  if (const auto* of_gateway = std::get_if<api::GatewayStatus>(&status))
    return any_foreign(of_gateway->conditions, gateway::owned) || any_of_listeners(of_gateway->listeners);
  if (const auto* of_set = std::get_if<api::ListenerSetStatus>(&status))
    return any_foreign(of_set->conditions, listener_set::owned) || any_of_listeners(of_set->listeners);
  const auto any_entry = [&](const SharedList<api::RouteParentStatus>& entries, Owned owned) {
    return std::ranges::any_of(entries, [&](const api::RouteParentStatus& one) {
      return one.controller_name != controller_name || any_foreign(one.conditions, owned);
    });
  };
  if (const auto* of_policy = std::get_if<api::PolicyStatus>(&status))
    return any_entry(of_policy->ancestors, policy::owned);
  return any_entry(std::get_if<api::RouteStatus>(&status)->parents, parent::owned);
}

std::optional<LiveObject> read_live(std::string_view object) {
  if (!is_json(object)) return std::nullopt;
  const auto metadata = RawJson(object).find("metadata");
  if (!metadata) return std::nullopt;
  const json held = parse(*metadata);
  return LiveObject{text_at(held, "uid"), text_at(held, "resourceVersion")};
}

std::optional<std::string> splice_status(const StatusPatch& patch, std::string_view controller_name,
                                         std::string_view object) {
  const Splice splice{patch, controller_name, RawJson(object).find("status")};
  const Members members = std::visit(splice, *patch.status);
  const bool same = std::ranges::all_of(
      members, [&splice](const auto& member) { return same_value(splice.at(member.first), member.second); });
  if (same) return std::nullopt;
  std::vector<std::string> texts;
  texts.reserve(members.size());
  for (const auto& [key, value] : members) texts.push_back(fmt::format(R"("{}":{})", key, value));
  return fmt::format("{{{}}}", fmt::join(texts, ","));
}

}  // namespace pintle::status
