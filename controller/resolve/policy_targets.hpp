// What policies that name Services have in common (GEP-713): who wins, whether a target exists, which Gateways a policy
// is told at.
#pragma once
#include <compare>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/api/backend_tls_policy.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

/// A Gateway that sends traffic to a port of a Service.
struct ServiceUse {
  api::ParentReference gateway;  ///< as an ancestorRef
  std::string ns;
  std::string service;
  std::string port;  ///< its name; may be empty
  friend auto operator<=>(const ServiceUse&, const ServiceUse&) = default;
};

/// Of two policies with one target `a` is in force: it is older, or first by namespace and name.
[[nodiscard]] bool precedes(const api::ObjectMeta& a, const api::ObjectMeta& b);

[[nodiscard]] bool names_service(const api::PolicyTargetReference& target, std::string_view service);
/// Why the target is none; nullopt if there is such a Service. `field`: "spec.targetRefs[0]".
[[nodiscard]] std::optional<Problem> find_target_fault(const store::ClusterSnapshot& snapshot, std::string_view ns,
                                                       const api::PolicyTargetReference& target, std::string field);

/// (namespace, name) of all Services that the policies name.
template <class Judged>
[[nodiscard]] std::set<std::pair<std::string, std::string>> services_of(const std::vector<Judged>& policies) {
  std::set<std::pair<std::string, std::string>> names;
  for (const Judged& one : policies)
    for (const api::PolicyTargetReference& target : one.object->spec.target_refs)
      names.emplace(one.object->metadata.ns, target.name);
  return names;
}

/// Adds what is said of the policy at each Gateway with a use that concerns it: at most 16 (PolicyStatus.ancestors).
void add_ancestors(std::vector<ParentReport>& ancestors, const ParentReport& said, const std::set<ServiceUse>& uses,
                   const std::function<bool(const ServiceUse&)>& concerns);

}  // namespace pintle::resolve
