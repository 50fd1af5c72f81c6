#include "controller/resolve/changes.hpp"

#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

/// Calls `tell` with both versions of each object that differs.
template <class T, class Tell>
void for_each_version(const store::ClusterSnapshot& before, const store::ClusterSnapshot& now, Tell tell) {
  store::for_each_change<T>(before, now, [&tell](const T* old, const T* fresh) {
    if (old != nullptr) tell(*old);
    if (fresh != nullptr) tell(*fresh);
  });
}

template <class... Kinds>
bool same_tables(const store::ClusterSnapshot& before, const store::ClusterSnapshot& now) {
  return (store::same_table<Kinds>(before, now) && ...);
}

}  // namespace

Changes::Changes(const store::ClusterSnapshot& before, const store::ClusterSnapshot& now, Lookups made)
    : same_routes_(
          same_tables<api::HTTPRoute, api::GRPCRoute, api::TLSRoute, api::TCPRoute, api::UDPRoute>(before, now)),
      same_namespaces_(store::same_table<api::Namespace>(before, now)) {
  if (made == Lookups::None) return;
  for_each_version<api::Service>(before, now, [&](const api::Service& one) {
    refs_.insert(ref_to(api::Kind::Service, one.metadata.ns, one.metadata.name));
    services_.emplace(one.metadata.ns, one.metadata.name);
  });
  for_each_version<api::EndpointSlice>(before, now, [&](const api::EndpointSlice& one) {
    services_.emplace(one.metadata.ns, std::string(one.service_name()));
  });
  for_each_version<api::ReferenceGrant>(before, now, [&](const api::ReferenceGrant& one) {
    refs_.insert(every(api::Kind::ReferenceGrant, one.metadata.ns));
  });
}

void Changes::add_references(const std::set<std::pair<std::string, std::string>>& names) {
  for (const auto& [ns, name] : names) refs_.insert(ref_to(api::Kind::Service, ns, name));
}

}  // namespace pintle::resolve
