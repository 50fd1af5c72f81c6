// XBackendTrafficPolicies: which one is in force for a Service, what it asks for, and what is said about each.
//  - guarantees: of several policies for one Service the oldest wins, then the first by name (GEP-713); the others are
//    told that they conflict and have no effect.
#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/route/session.hpp>
#include <pintle/runtime/endpoints.hpp>

#include "controller/api/any_object.hpp"
#include "controller/resolve/policy_targets.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

struct JudgedTrafficPolicy {
  api::Ptr<api::XBackendTrafficPolicy> object;
  Problems accepted;  ///< Conflicted is added by whoever asks which policy is in force
  std::shared_ptr<const runtime::RetryConstraint> retries;  ///< null: it says nothing of them
  std::shared_ptr<const route::Session> session;            ///< null: none; its name is completed by each rule
};

class TrafficPolicies {
 public:
  /// What is equal to something in `before` keeps the pointer it has there.
  [[nodiscard]] static TrafficPolicies judge(const store::ClusterSnapshot& snapshot, const TrafficPolicies& before);

  [[nodiscard]] bool empty() const noexcept { return policies_.empty(); }
  /// In force for the Service; nullptr: none.
  [[nodiscard]] const JudgedTrafficPolicy* find(std::string_view ns, std::string_view service) const;
  /// The same objects that ask for the same.
  friend bool operator==(const TrafficPolicies& a, const TrafficPolicies& b) {
    return std::ranges::equal(a.policies_, b.policies_, [](const auto& x, const auto& y) {
      return x.object == y.object && x.retries == y.retries && x.session == y.session;
    });
  }
  /// (namespace, name) of the Services that policies name.
  [[nodiscard]] std::set<std::pair<std::string, std::string>> services() const;
  /// One report per policy, with the Gateways that use its targets as its ancestors.
  [[nodiscard]] std::vector<RouteReportPtr> report(const store::ClusterSnapshot& snapshot,
                                                   const std::set<ServiceUse>& uses) const;

 private:
  std::vector<JudgedTrafficPolicy> policies_;
};

/// The session of a policy as one rule keeps it: clients of two rules never share one (GEP-1619), so its name ends in
/// what marks the rule.
[[nodiscard]] route::Session session_for(const route::Session& of_policy, std::string_view scope);

}  // namespace pintle::resolve
