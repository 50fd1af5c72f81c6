// XBackendTrafficPolicy of gateway.networking.x-k8s.io/v1alpha1 (GEP-3388, GEP-1619): how many retries the backends of
// a Service take, and whether clients stay at one of them.
#pragma once
#include <cstdint>
#include <vector>

#include "controller/api/backend_tls_policy.hpp"
#include "controller/api/http_route.hpp"
#include "controller/api/object.hpp"
#include "controller/api/status.hpp"

namespace pintle::api {

struct RetryConstraint {
  std::int32_t budget_percent = 20;  ///< of the requests within the interval that may be retries
  Millis budget_interval{10'000};
  std::int32_t min_retry_count = 10;  ///< so many are allowed whatever the share
  Millis min_retry_interval{1'000};
  friend bool operator==(const RetryConstraint&, const RetryConstraint&) = default;
};

struct BackendTrafficPolicySpec {
  std::vector<PolicyTargetReference> target_refs;  ///< without sectionName
  Rare<RetryConstraint> retry_constraint;
  Rare<SessionPersistence> session_persistence;
  friend bool operator==(const BackendTrafficPolicySpec&, const BackendTrafficPolicySpec&) = default;
};

struct XBackendTrafficPolicy {
  static constexpr Kind kind = Kind::XBackendTrafficPolicy;
  ObjectMeta metadata;
  BackendTrafficPolicySpec spec;
  PolicyStatus status;
  friend bool operator==(const XBackendTrafficPolicy&, const XBackendTrafficPolicy&) = default;
};

}  // namespace pintle::api
