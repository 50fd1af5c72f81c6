#include "controller/infra/metadata.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "controller/resolve/service_names.hpp"

namespace pintle::infra {
namespace {

using nlohmann::json;

constexpr std::string_view own_prefix = "pintle.dev/";
constexpr std::string_view labels_note = "pintle.dev/propagated-labels";
constexpr std::string_view annotations_note = "pintle.dev/propagated-annotations";

/// Adds what is not ours; returns the keys that were added.
std::vector<std::string> propagate(const api::StringMap& from, api::StringMap& into) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : from)
    if (!key.starts_with(own_prefix) && into.try_emplace(key, value).second) keys.push_back(key);
  return keys;
}

void note(api::StringMap& annotations, std::string_view under, const std::vector<std::string>& keys) {
  if (!keys.empty()) annotations.insert_or_assign(std::string(under), fmt::format("{}", fmt::join(keys, ",")));
}

json difference_of(const api::Labels& present, const api::StringMap& wanted, const std::vector<std::string>& noted) {
  json patch = json::object();
  for (const auto& [key, value] : wanted) {
    const auto held = present.find(key);
    if (held == present.end() || held->second != value) patch[key] = value;
  }
  for (const std::string& key : noted)
    if (present.contains(key) && !wanted.contains(key)) patch[key] = nullptr;
  return patch;
}

}  // namespace

Metadata make_metadata(const api::Gateway& gateway, std::string name, const Settings& settings, Propagate annotations,
                       const api::StringMap& own_labels) {
  Metadata made;
  made.name = std::move(name);
  made.ns = gateway.metadata.ns;
  made.owner = &gateway;
  made.labels = own_labels;
  made.labels.insert_or_assign(std::string(resolve::gateway_name_label), resolve::label_value(gateway.metadata.name));
  made.labels.insert_or_assign(std::string(resolve::gateway_class_label),
                               resolve::label_value(gateway.spec.gateway_class_name));
  made.labels.insert_or_assign(std::string(resolve::managed_by_label), std::string(resolve::managed_by_pintle));
  made.annotations.emplace(resolve::controller_annotation, settings.controller_name);

  static const api::GatewayInfrastructure none;
  const api::GatewayInfrastructure& asked = gateway.spec.infrastructure ? *gateway.spec.infrastructure : none;
  note(made.annotations, labels_note, propagate(asked.labels, made.labels));
  api::StringMap wanted = asked.annotations;
  if (annotations == Propagate::GatewayAndSettings)
    wanted.insert(settings.annotations.begin(), settings.annotations.end());
  note(made.annotations, annotations_note, propagate(wanted, made.annotations));
  return made;
}

json to_json(const Metadata& wanted) {
  const api::ObjectMeta& owner = wanted.owner->metadata;
  return {{"name", wanted.name},
          {"namespace", wanted.ns},
          {"labels", wanted.labels},
          {"annotations", wanted.annotations},
          {"ownerReferences", json::array({{{"apiVersion", fmt::format("{}/v1", api::gateway_group)},
                                            {"kind", "Gateway"},
                                            {"name", owner.name},
                                            {"uid", owner.uid},
                                            // No blockOwnerDeletion: where its admission plugin is on, that asks for
                                            // rights on finalizers of Gateways, and nothing waits for our objects.
                                            {"controller", true}}})}};
}

json find_difference(const api::ObjectMeta& present, const Metadata& wanted) {
  json patch = json::object();
  json labels = difference_of(present.labels, wanted.labels, read_list(present, labels_note));
  std::vector<std::string> noted = read_list(present, annotations_note);
  for (const auto& [key, value] : present.annotations)
    if (key.starts_with(own_prefix)) noted.push_back(key);  // nobody else's
  json annotations = difference_of(present.annotations, wanted.annotations, noted);
  if (!labels.empty()) patch["labels"] = std::move(labels);
  if (!annotations.empty()) patch["annotations"] = std::move(annotations);
  return patch;
}

json precondition(const api::ObjectMeta& present) {
  return {{"uid", present.uid}, {"resourceVersion", present.resource_version}};
}

std::vector<std::string> read_list(const api::ObjectMeta& object, std::string_view annotation) {
  std::vector<std::string> items;
  const auto found = object.annotations.find(annotation);
  if (found == object.annotations.end()) return items;
  std::string_view rest = found->second;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (comma > 0) items.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return items;
}

}  // namespace pintle::infra
