// backendRefs to Service ports, and Service ports to endpoints. The two are apart on purpose: a route depends on what a
// backendRef refers to, never on which pods are ready, so churn of endpoints leaves every route and table as it is.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/http_route.hpp"
#include "controller/resolve/backend_tls.hpp"
#include "controller/resolve/changes.hpp"
#include "controller/resolve/grants.hpp"
#include "controller/resolve/model.hpp"
#include "controller/resolve/settings.hpp"
#include "controller/resolve/traffic_policies.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

/// One backendRef, judged.
struct BackendVerdict {
  std::optional<BackendKey> backend;              ///< nullopt exactly if there is a problem
  std::string name;                               ///< "namespace/service:port" as far as known
  std::optional<Problem> problem;                 ///< of ResolvedRefs; field path relative to the backendRef
  std::shared_ptr<const route::Session> session;  ///< of the Service's policy; null: none
  friend bool operator==(const BackendVerdict&, const BackendVerdict&) = default;
};

struct BackendContext {
  const store::ClusterSnapshot& snapshot;
  const Settings& settings;
  const BackendTlsPolicies& policies;
  const TrafficPolicies& traffic;
};
/// Order of the checks: kind, grant, existence, port, protocol; so nothing of another namespace is
/// told to who may not refer to it.
[[nodiscard]] BackendVerdict judge_backend(const BackendContext& context, const Referrer& from,
                                           const api::BackendObjectReference& ref, RefSet& refs);

struct BackendEndpoints {
  std::shared_ptr<const runtime::Backend> backend;
  std::vector<std::string> notes;  ///< endpoints that are refused, and why
};
/// Ready endpoints of all slices of the Service, of both families; if none is ready, those that still serve.
[[nodiscard]] BackendEndpoints find_endpoints(const BackendContext& context, const BackendKey& key);

}  // namespace pintle::resolve
