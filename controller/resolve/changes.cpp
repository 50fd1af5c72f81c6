#include "controller/resolve/changes.hpp"

#include <tuple>

#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

template <class T>
auto place_of(const T& object) {
  return std::tie(object.metadata.ns, object.metadata.name);
}

template <class T>
bool same_table(const store::ObjectRange<T>& a, const store::ObjectRange<T>& b) {
  return a.size() == b.size() && a.begin() == b.begin();
}

/// Calls `tell` with each object that is in one of the tables only, both versions of one that is another object.
template <class T, class Tell>
void for_each_change(const store::ClusterSnapshot& before, const store::ClusterSnapshot& now, Tell tell) {
  const auto old_table = before.all<T>();
  const auto new_table = now.all<T>();
  if (same_table(old_table, new_table)) return;
  auto old_at = old_table.begin();
  auto new_at = new_table.begin();
  while (old_at != old_table.end() || new_at != new_table.end()) {
    const bool old_left = old_at != old_table.end();
    const bool new_left = new_at != new_table.end();
    if (old_left && new_left && &*old_at == &*new_at) {
      ++old_at;
      ++new_at;
    } else if (!new_left || (old_left && place_of(*old_at) <= place_of(*new_at))) {
      tell(*old_at);
      ++old_at;
    } else {
      tell(*new_at);
      ++new_at;
    }
  }
}

}  // namespace

Changes::Changes(const store::ClusterSnapshot& before, const store::ClusterSnapshot& now)
    : same_routes_(same_table(before.all<api::HTTPRoute>(), now.all<api::HTTPRoute>())) {
  for_each_change<api::Service>(before, now, [&](const api::Service& one) {
    refs_.insert(ref_to(api::Kind::Service, one.metadata.ns, one.metadata.name));
    services_.emplace(one.metadata.ns, one.metadata.name);
  });
  for_each_change<api::EndpointSlice>(before, now, [&](const api::EndpointSlice& one) {
    services_.emplace(one.metadata.ns, std::string(one.service_name()));
  });
  for_each_change<api::ReferenceGrant>(before, now, [&](const api::ReferenceGrant& one) {
    refs_.insert(every(api::Kind::ReferenceGrant, one.metadata.ns));
  });
}

}  // namespace pintle::resolve
