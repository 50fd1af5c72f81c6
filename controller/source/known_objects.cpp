#include "controller/source/known_objects.hpp"

#include <algorithm>
#include <iterator>

namespace pintle::source {

std::vector<api::ObjectKey> KnownObjects::end_list() {
  std::vector<api::ObjectKey> gone;
  std::erase_if(objects_, [&](const Entry& entry) {
    if (entry.list == list_) return false;
    gone.push_back(key_of(entry.name()));
    return true;
  });
  std::erase_if(broken_, [this](const auto& entry) { return entry.second.list != list_; });
  return gone;
}

bool KnownObjects::put(const api::AnyObject& object) {
  const api::ObjectMeta& meta = api::metadata_of(object);
  if (!broken_.empty()) broken_.erase(key_of({meta.ns, meta.name}));
  const auto at = objects_.find(Name{meta.ns, meta.name});
  if (at == objects_.end()) {
    objects_.insert({.object = object, .list = list_});
    return true;
  }
  const api::ObjectMeta& before = api::metadata_of(at->object);
  at->list = list_;
  if (!meta.resource_version.empty() && before.resource_version == meta.resource_version && before.uid == meta.uid)
    return false;
  // The order hangs on the names inside the object: the new one takes the node over.
  auto node = objects_.extract(at);
  node.value().object = object;
  objects_.insert(std::move(node));
  return true;
}

bool KnownObjects::is_known(std::string_view ns, std::string_view name, std::string_view version) {
  const auto at = objects_.find(Name{ns, name});
  if (at == objects_.end() || version.empty() || api::metadata_of(at->object).resource_version != version) return false;
  if (!broken_.empty()) broken_.erase(key_of({ns, name}));
  at->list = list_;
  return true;
}

void KnownObjects::put_broken(std::string_view ns, std::string_view name, std::vector<api::Finding> findings) {
  const auto at = objects_.find(Name{ns, name});
  if (at != objects_.end()) {
    at->list = list_;
    api::Finding kept;
    kept.id = "GW0502";
    kept.severity = api::Severity::Warning;
    kept.object = api::to_string(key_of({ns, name}));
    kept.message = "its last good version stays in force";
    kept.fix = "correct what the other findings of the object name";
    findings.push_back(std::move(kept));
  }
  broken_[key_of({ns, name})] = {.list = list_, .findings = std::move(findings)};
}

bool KnownObjects::remove(std::string_view ns, std::string_view name) {
  if (!broken_.empty()) broken_.erase(key_of({ns, name}));
  const auto at = objects_.find(Name{ns, name});
  if (at == objects_.end()) return false;
  objects_.erase(at);
  return true;
}

void KnownObjects::append_findings(std::vector<api::Finding>& findings) const {
  for (const auto& [key, broken] : broken_) std::ranges::copy(broken.findings, std::back_inserter(findings));
}

}  // namespace pintle::source
