#include "src/app/grant_use.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace pintle::app {
namespace {

/// A reference that leaves its namespace.
struct Crossing {
  api::Kind from_kind = api::Kind::HTTPRoute;
  std::string_view from_ns;
  std::string_view to_group;
  std::string_view to_kind;
  std::string_view to_ns;
  std::string_view to_name;
  friend auto operator<=>(const Crossing&, const Crossing&) = default;
};

class Crossings {
 public:
  template <class From, class Reference>
  void add(const From& from, const Reference& to) {
    if (to.ns && *to.ns != from.metadata.ns)
      found_.insert({From::kind, from.metadata.ns, to.group, to.kind, *to.ns, to.name});
  }
  template <class Route>
  void add_route(const Route& route) {
    for (const api::HTTPRuleParts& rule : route.spec.rules) {
      add_filters(route, rule.filters);
      for (const api::HTTPBackendRef& backend : rule.backend_refs) {
        add(route, backend.ref);
        add_filters(route, backend.filters);
      }
    }
  }
  template <api::Kind K>
  void add_route(const api::L4Route<K>& route) {
    for (const api::L4RouteRule& rule : route.spec.rules)
      for (const api::L4BackendRef& backend : rule.backend_refs) add(route, backend.ref);
  }
  /// Of a Gateway or ListenerSet.
  template <class Owner>
  void add_listeners(const Owner& owner) {
    for (const api::Listener& listener : owner.spec.listeners)
      if (listener.tls)
        for (const api::SecretObjectReference& secret : listener.tls->certificate_refs) add(owner, secret);
  }
  void add_gateway(const api::Gateway& gateway) {
    add_listeners(gateway);
    if (!gateway.spec.tls) return;
    if (gateway.spec.tls->backend_client_certificate_ref)
      add(gateway, *gateway.spec.tls->backend_client_certificate_ref);
    if (!gateway.spec.tls->frontend) return;
    const auto add_validation = [&](const std::optional<api::FrontendTLSValidation>& validation) {
      if (validation)
        for (const api::ObjectReference& ca : validation->ca_certificate_refs) add(gateway, ca);
    };
    add_validation(gateway.spec.tls->frontend->default_validation);
    for (const api::FrontendTLSPort& port : gateway.spec.tls->frontend->per_port) add_validation(port.validation);
  }

  [[nodiscard]] bool need(const api::ReferenceGrant& grant) const {
    return std::ranges::any_of(found_, [&](const Crossing& crossing) {
      return crossing.to_ns == grant.metadata.ns &&
             std::ranges::any_of(grant.spec.from,
                                 [&](const auto& from) {
                                   return from.group == api::group_of(crossing.from_kind) &&
                                          from.kind == api::to_string(crossing.from_kind) &&
                                          from.ns == crossing.from_ns;
                                 }) &&
             std::ranges::any_of(grant.spec.to, [&](const auto& to) {
               return to.group == crossing.to_group && to.kind == crossing.to_kind &&
                      (!to.name || to.name->empty() || *to.name == crossing.to_name);
             });
    });
  }

 private:
  template <class Route>
  void add_filters(const Route& route, const SharedList<api::HTTPRouteFilter>& filters) {
    for (const api::HTTPRouteFilter& filter : filters) {
      if (const auto* mirror = filter.get<api::HTTPRequestMirrorFilter>()) add(route, mirror->backend_ref);
      if (const auto* auth = filter.get<api::HTTPExternalAuthFilter>()) add(route, auth->backend_ref);
    }
  }
  std::set<Crossing> found_;
};

}  // namespace

std::vector<const api::ReferenceGrant*> find_unused_grants(const store::ClusterSnapshot& snapshot) {
  Crossings crossings;
  api::for_each_route_kind([&]<class Route>() {
    for (const Route& route : snapshot.all<Route>()) crossings.add_route(route);
  });
  for (const api::Gateway& gateway : snapshot.all<api::Gateway>()) crossings.add_gateway(gateway);
  for (const api::ListenerSet& set : snapshot.all<api::ListenerSet>()) crossings.add_listeners(set);
  std::vector<const api::ReferenceGrant*> unused;
  for (const api::ReferenceGrant& grant : snapshot.all<api::ReferenceGrant>())
    if (!crossings.need(grant)) unused.push_back(&grant);
  return unused;
}

}  // namespace pintle::app
