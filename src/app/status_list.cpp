#include "src/app/status_list.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/app/finding_output.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json encode(const std::vector<api::Condition>& conditions) {
  Json list = Json::array();
  for (const api::Condition& condition : conditions)
    list.push_back(Json{{"type", condition.type},
                        {"status", api::to_string(condition.status)},
                        {"reason", condition.reason},
                        {"message", condition.message},
                        {"observedGeneration", condition.observed_generation},
                        {"lastTransitionTime", format_rfc3339(condition.last_transition_time)}});
  return list;
}

[[nodiscard]] Json encode(const api::ListenerStatus& listener) {
  Json kinds = Json::array();
  for (const api::RouteGroupKind& kind : listener.supported_kinds)
    kinds.push_back(Json{{"group", kind.group}, {"kind", kind.kind}});
  return Json{{"name", listener.name},
              {"supportedKinds", std::move(kinds)},
              {"attachedRoutes", listener.attached_routes},
              {"conditions", encode(listener.conditions)}};
}

[[nodiscard]] Json encode(const api::ParentReference& ref) {
  Json made{{"group", ref.group}, {"kind", ref.kind}};
  if (ref.ns) made["namespace"] = *ref.ns;
  made["name"] = ref.name;
  if (ref.section_name) made["sectionName"] = *ref.section_name;
  if (ref.port) made["port"] = *ref.port;
  return made;
}

[[nodiscard]] Json encode(const api::GatewayClassStatus& status) {
  Json features = Json::array();
  for (const std::string& feature : status.supported_features) features.push_back(Json{{"name", feature}});
  return Json{{"conditions", encode(status.conditions)}, {"supportedFeatures", std::move(features)}};
}
[[nodiscard]] Json encode(const std::vector<api::ListenerStatus>& listeners) {
  Json list = Json::array();
  for (const api::ListenerStatus& listener : listeners) list.push_back(encode(listener));
  return list;
}
[[nodiscard]] Json encode(const api::GatewayStatus& status) {
  Json made{
      {"addresses", Json::array()}, {"conditions", encode(status.conditions)}, {"listeners", encode(status.listeners)}};
  for (const api::GatewayStatusAddress& address : status.addresses)
    made["addresses"].push_back(Json{{"type", address.type}, {"value", address.value}});
  if (status.attached_listener_sets) made["attachedListenerSets"] = *status.attached_listener_sets;
  return made;
}
[[nodiscard]] Json encode(const api::ListenerSetStatus& status) {
  return Json{{"conditions", encode(status.conditions)}, {"listeners", encode(status.listeners)}};
}
[[nodiscard]] Json encode(const api::RouteStatus& status) {
  Json parents = Json::array();
  for (const api::RouteParentStatus& parent : status.parents)
    parents.push_back(Json{{"parentRef", encode(parent.parent_ref)},
                           {"controllerName", parent.controller_name},
                           {"conditions", encode(parent.conditions)}});
  return Json{{"parents", std::move(parents)}};
}

[[nodiscard]] Json encode(const api::PolicyStatus& status) {
  Json ancestors = Json::array();
  for (const api::RouteParentStatus& one : status.ancestors)
    ancestors.push_back(Json{{"ancestorRef", encode(one.parent_ref)},
                             {"controllerName", one.controller_name},
                             {"conditions", encode(one.conditions)}});
  return Json{{"ancestors", std::move(ancestors)}};
}

[[nodiscard]] std::string text_of(const Json& from, const char* key) {
  const auto found = from.find(key);
  if (found == from.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

/// Conditions whose good value is False.
[[nodiscard]] bool is_good(const Json& condition) {
  const std::string type = text_of(condition, "type");
  const bool negative = type == "Conflicted" || type == "PartiallyInvalid" || type == "OverlappingTLSConfig" ||
                        type == "InsecureFrontendValidationMode";
  return text_of(condition, "status") == (negative ? "False" : "True");
}

/// "Programmed", or what is wrong: "Accepted=False (HostnameConflict)".
[[nodiscard]] std::string summary(const Json& conditions) {
  std::string bad;
  std::string good;
  for (const Json& condition : conditions) {
    const std::string type = text_of(condition, "type");
    if (!is_good(condition))
      bad += fmt::format("{}{}={} ({})", bad.empty() ? "" : ", ", type, text_of(condition, "status"),
                         text_of(condition, "reason"));
    else if (type == "Programmed" || (type == "Accepted" && good.empty()))
      good = type;
  }
  return bad.empty() ? good : bad;
}

/// A good condition that says more than its first clause has notes (status/finish.cpp): a rule that gets no request,
/// say.
[[nodiscard]] bool has_notes(const Json& condition) {
  return text_of(condition, "type") == "Accepted" && text_of(condition, "message").find("; ") != std::string::npos;
}

void print_messages(const Json& conditions, std::string_view subject, Width width, const Terminal& terminal) {
  for (const Json& condition : conditions) {
    const bool good = is_good(condition);
    if (good && width == Width::Normal && !has_notes(condition)) continue;
    terminal.out << "  " << terminal.paint(good ? Paint::Good : Paint::Bad, good ? "+" : "!") << ' '
                 << printable(fmt::format("{} {}={} {}: {}", subject, text_of(condition, "type"),
                                          text_of(condition, "status"), text_of(condition, "reason"),
                                          text_of(condition, "message")))
                 << '\n';
  }
}

[[nodiscard]] std::string name_of(const Json& item) {
  const std::string ns = text_of(item["metadata"], "namespace");
  return ns.empty() ? text_of(item["metadata"], "name") : ns + "/" + text_of(item["metadata"], "name");
}

/// Of a Gateway or ListenerSet.
[[nodiscard]] bool has_listeners(const Json& item) { return item["status"].contains("listeners"); }

/// As both the tables and the messages say it: the kind where it is not the usual one of its table.
[[nodiscard]] std::string title_of(const Json& item) {
  const std::string kind = text_of(item, "kind");
  return (kind == "Gateway" || kind == "HTTPRoute" ? "" : kind + " ") + name_of(item);
}

void print_gateways(const Json& items, Width width, const Terminal& terminal) {
  TextTable table({"GATEWAY", "LISTENER", "ADDRESSES", "ROUTES", "CONDITION"});
  for (const Json& item : items) {
    if (!has_listeners(item)) continue;
    std::string addresses;
    for (const Json& address : item["status"].value("addresses", Json::array()))
      addresses += (addresses.empty() ? "" : ", ") + text_of(address, "value");
    table.add({title_of(item), "", addresses, "", summary(item["status"]["conditions"])});
    for (const Json& listener : item["status"]["listeners"])
      table.add(
          {"", text_of(listener, "name"), "", text_of(listener, "attachedRoutes"), summary(listener["conditions"])});
  }
  if (table.empty())
    terminal.out << "no Gateways\n";
  else
    table.print(terminal);
  for (const Json& item : items) {
    if (item["kind"] == "GatewayClass") print_messages(item["status"]["conditions"], title_of(item), width, terminal);
    if (!has_listeners(item)) continue;
    print_messages(item["status"]["conditions"], title_of(item), width, terminal);
    for (const Json& listener : item["status"]["listeners"])
      print_messages(listener["conditions"], title_of(item) + " listener " + text_of(listener, "name"), width,
                     terminal);
  }
}

[[nodiscard]] std::string parent_text(const Json& ref) {
  std::string text = text_of(ref, "kind") == "ListenerSet" ? "ListenerSet " : "";
  if (ref.contains("namespace")) text += text_of(ref, "namespace") + "/";
  text += text_of(ref, "name");
  if (ref.contains("sectionName")) text += "/" + text_of(ref, "sectionName");
  if (ref.contains("port")) text += ":" + text_of(ref, "port");
  return text;
}

/// A kind of objects whose status has a list by what they belong to.
struct Belonging {
  std::vector<std::string> heads;
  const char* list;
  const char* ref;
  const char* nowhere;
};

void print_belongings(const Belonging& kind, const Json& items, Width width, const Terminal& terminal) {
  TextTable table(kind.heads);
  for (const Json& item : items) {
    if (!item["status"].contains(kind.list)) continue;
    if (item["status"][kind.list].empty()) table.add({title_of(item), "-", kind.nowhere});
    for (const Json& entry : item["status"][kind.list])
      table.add({title_of(item), parent_text(entry[kind.ref]), summary(entry["conditions"])});
  }
  if (table.empty()) return;
  terminal.out << '\n';
  table.print(terminal);
  for (const Json& item : items)
    if (item["status"].contains(kind.list))
      for (const Json& entry : item["status"][kind.list])
        print_messages(entry["conditions"], fmt::format("{} at {}", title_of(item), parent_text(entry[kind.ref])),
                       width, terminal);
}

}  // namespace

Json list_statuses(const status::Statuses& statuses, const std::vector<api::Finding>& findings) {
  Json items = Json::array();
  for (const auto& [key, value] : statuses) {
    Json metadata = Json::object();
    if (!key.ns.empty()) metadata["namespace"] = key.ns;
    metadata["name"] = key.name;
    items.push_back(Json{{"apiVersion", api::api_version_of(key.kind)},
                         {"kind", api::to_string(key.kind)},
                         {"metadata", std::move(metadata)},
                         {"status", std::visit([](const auto& status) { return encode(status); }, *value)}});
  }
  return Json{{"items", std::move(items)}, {"findings", count_findings(findings)}};
}

void print_statuses(const Json& statuses, Width width, const Terminal& terminal) {
  const Json& items = statuses.at("items");
  print_gateways(items, width, terminal);
  print_belongings({.heads = {"ROUTE", "PARENT", "CONDITION"},
                    .list = "parents",
                    .ref = "parentRef",
                    .nowhere = "attached to no Gateway served here"},
                   items, width, terminal);
  print_belongings({.heads = {"POLICY", "GATEWAY", "CONDITION"},
                    .list = "ancestors",
                    .ref = "ancestorRef",
                    .nowhere = "of nothing that a Gateway served here uses"},
                   items, width, terminal);
  const auto count = statuses.find("findings");
  if (count == statuses.end()) return;
  const bool clean = count->value("errors", 0) == 0 && count->value("warnings", 0) == 0;
  const std::string text = count_text(*count);
  terminal.out << "\nmanifests: " << (clean ? text : terminal.paint(Paint::Bad, text)) << '\n';
}

}  // namespace pintle::app
