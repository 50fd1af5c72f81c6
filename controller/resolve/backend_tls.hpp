// BackendTLSPolicies: which one is in force for a Service port, what TLS it asks for, and what is said about each.
//  - guarantees: of several policies for one port the one that names the port wins, then the oldest, then the first by
//    namespace and name (GEP-713); a policy that cannot be kept closes its backends, it never opens them.
#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/runtime/compiled.hpp>

#include "controller/api/any_object.hpp"
#include "controller/resolve/policy_targets.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

struct JudgedPolicy {
  api::Ptr<api::BackendTLSPolicy> object;
  std::vector<std::shared_ptr<const void>> authorities;  ///< what its CA references gave, null where there is nothing
  Problems accepted;  ///< Conflicted is added by whoever asks which policy is in force
  Problems resolved_refs;
  std::shared_ptr<const runtime::UpstreamTls> tls;  ///< never null; with a fault where the policy cannot be kept
};

class BackendTlsPolicies {
 public:
  /// Judges each policy of the snapshot that is another one, or refers to another CA. Equal TLS keeps the pointer it
  /// has in `before`.
  [[nodiscard]] static BackendTlsPolicies judge(const store::ClusterSnapshot& snapshot, RefSet& refs,
                                                const BackendTlsPolicies& before);

  [[nodiscard]] bool empty() const noexcept { return policies_.empty(); }
  /// Some policy names the Service.
  [[nodiscard]] bool name(std::string_view ns, std::string_view service) const;
  /// In force for the port; nullptr: its backends are reached without TLS.
  [[nodiscard]] const JudgedPolicy* find(std::string_view ns, std::string_view service, std::string_view port) const;
  /// The same objects that ask for the same TLS.
  friend bool operator==(const BackendTlsPolicies& a, const BackendTlsPolicies& b) {
    return std::ranges::equal(a.policies_, b.policies_, [](const JudgedPolicy& x, const JudgedPolicy& y) {
      return x.object == y.object && x.tls == y.tls;
    });
  }
  /// (namespace, name) of the Services that policies name.
  [[nodiscard]] std::set<std::pair<std::string, std::string>> services() const;

  /// One report per policy, with the Gateways as its ancestors: at most 16 (PolicyStatus.ancestors).
  [[nodiscard]] std::vector<RouteReportPtr> report(const store::ClusterSnapshot& snapshot,
                                                   const std::set<ServiceUse>& uses) const;

 private:
  /// Of the policies with exactly this target. `section`: nullopt for those that name no port.
  [[nodiscard]] const JudgedPolicy* winner(std::string_view ns, std::string_view service,
                                           std::optional<std::string_view> section) const;
  std::vector<JudgedPolicy> policies_;
};

}  // namespace pintle::resolve
