#include "controller/reconcile/lease_json.hpp"

#include <nlohmann/json.hpp>

namespace pintle::reconcile {
namespace {

using nlohmann::json;

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_at(const json& object, const char* key, std::int64_t otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

}  // namespace

std::optional<LeaseRecord> read_lease(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object() || text_at(object, "kind") != "Lease" || !object.contains("metadata")) return std::nullopt;
  const json& metadata = object["metadata"];
  const json spec = object.value("spec", json::object());
  if (!metadata.is_object() || !spec.is_object()) return std::nullopt;
  return LeaseRecord{.holder = text_at(spec, "holderIdentity"),
                     .duration = std::chrono::seconds(number_at(spec, "leaseDurationSeconds", 15)),
                     .acquired = text_at(spec, "acquireTime"),
                     .renewed = text_at(spec, "renewTime"),
                     .transitions = number_at(spec, "leaseTransitions", 0),
                     .resource_version = text_at(metadata, "resourceVersion")};
}

std::string lease_text(LeaseName name, const LeaseRecord& record) {
  json metadata{{"namespace", name.ns}, {"name", name.name}};
  if (!record.resource_version.empty()) metadata["resourceVersion"] = record.resource_version;
  const json spec{{"holderIdentity", record.holder},
                  {"leaseDurationSeconds", record.duration.count()},
                  {"acquireTime", record.acquired},
                  {"renewTime", record.renewed},
                  {"leaseTransitions", record.transitions}};
  return json{{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", metadata}, {"spec", spec}}
      .dump();
}

}  // namespace pintle::reconcile
