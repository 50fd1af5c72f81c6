#include "src/app/route_hosts.hpp"

namespace pintle::app {

void RouteHosts::apply(const source::Batch& batch) {
  for (const source::Change& change : batch.changes) {
    if (const auto* removed = std::get_if<source::Remove>(&change)) {
      by_route_.erase(removed->key);
      continue;
    }
    const api::AnyObject& object = std::get<source::Upsert>(change).object;
    if (const auto* route = std::get_if<api::Ptr<api::HTTPRoute>>(&object))
      by_route_[api::key_of(object)] = (*route)->spec.hostnames;
    if (const auto* route = std::get_if<api::Ptr<api::GRPCRoute>>(&object))
      by_route_[api::key_of(object)] = (*route)->spec.hostnames;
  }
}

std::set<std::string> RouteHosts::names() const {
  std::set<std::string> names;
  for (const auto& [route, hosts] : by_route_)
    for (const std::string& host : hosts)
      if (!host.starts_with('*')) names.insert(host);
  return names;
}

}  // namespace pintle::app
