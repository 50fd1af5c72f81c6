#include "controller/resolve/traffic_policies.hpp"

#include <fmt/format.h>

#include <pintle/base/stable_hash.hpp>

#include "controller/resolve/classes.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/sessions.hpp"

namespace pintle::resolve {
namespace {

constexpr std::string_view default_name = "pintle-session";

JudgedTrafficPolicy read(const api::Ptr<api::XBackendTrafficPolicy>& policy) {
  JudgedTrafficPolicy made;
  made.object = policy;
  const api::BackendTrafficPolicySpec& spec = policy->spec;
  if (spec.retry_constraint)
    made.retries = std::make_shared<const runtime::RetryConstraint>(
        runtime::RetryConstraint{.percent = static_cast<std::uint32_t>(spec.retry_constraint->budget_percent),
                                 .interval = spec.retry_constraint->budget_interval,
                                 .min_count = static_cast<std::uint32_t>(spec.retry_constraint->min_retry_count),
                                 .min_interval = spec.retry_constraint->min_retry_interval});
  if (!spec.session_persistence) return made;
  api::SessionPersistence wanted = *spec.session_persistence;
  if (!wanted.session_name || wanted.session_name->empty()) wanted.session_name = default_name;
  if (auto session = resolve_session(wanted, {}, "spec.sessionPersistence", made.accepted)) {
    session->path = route::CookiePath::Unset;
    made.session = std::make_shared<const route::Session>(std::move(*session));
  }
  for (Problem& problem : made.accepted) problem.reason = reason::invalid;
  return made;
}

/// The pointer of the one before where nothing is new.
template <class T>
void keep(std::shared_ptr<const T>& made, const std::shared_ptr<const T>& before) {
  if (made && before && *made == *before) made = before;
}

}  // namespace

TrafficPolicies TrafficPolicies::judge(const store::ClusterSnapshot& snapshot, const TrafficPolicies& before) {
  TrafficPolicies made;
  const auto all = snapshot.all<api::XBackendTrafficPolicy>();
  made.policies_.reserve(all.size());
  for (std::size_t at = 0; at < all.size(); ++at) {
    const auto same = std::ranges::find(before.policies_, all.shared(at), &JudgedTrafficPolicy::object);
    JudgedTrafficPolicy& one =
        made.policies_.emplace_back(same != before.policies_.end() ? *same : read(all.shared(at)));
    for (const JudgedTrafficPolicy& old : before.policies_) {
      keep(one.retries, old.retries);
      keep(one.session, old.session);
    }
  }
  return made;
}

const JudgedTrafficPolicy* TrafficPolicies::find(std::string_view ns, std::string_view service) const {
  const JudgedTrafficPolicy* best = nullptr;
  for (const JudgedTrafficPolicy& one : policies_) {
    const api::ObjectMeta& metadata = one.object->metadata;
    if (metadata.ns != ns || (best != nullptr && !precedes(metadata, best->object->metadata))) continue;
    const auto names_it = [service](const auto& target) { return names_service(target, service); };
    if (std::ranges::any_of(one.object->spec.target_refs, names_it)) best = &one;
  }
  return best;
}

std::set<std::pair<std::string, std::string>> TrafficPolicies::services() const { return services_of(policies_); }

std::vector<RouteReportPtr> TrafficPolicies::report(const store::ClusterSnapshot& snapshot,
                                                    const std::set<ServiceUse>& uses) const {
  std::vector<RouteReportPtr> reports;
  reports.reserve(policies_.size());
  for (const JudgedTrafficPolicy& one : policies_) {
    const api::ObjectMeta& metadata = one.object->metadata;
    const auto& targets = one.object->spec.target_refs;
    auto report = std::make_shared<RouteReport>();
    report->object = identify(*one.object);
    ParentReport said;
    said.accepted = one.accepted;
    for (std::size_t at = 0; at < targets.size(); ++at) {
      const std::string field = fmt::format("spec.targetRefs[{}]", at);
      if (auto fault = find_target_fault(snapshot, metadata.ns, targets[at], field))
        said.accepted.push_back(std::move(*fault));
      const JudgedTrafficPolicy* first = find(metadata.ns, targets[at].name);
      if (first != nullptr && first != &one)
        said.accepted.insert(
            said.accepted.begin(),
            {field, std::string(reason::conflicted),
             fmt::format("XBackendTrafficPolicy {} is older, or first by name, and has the same target",
                         first->object->metadata.name)});
    }
    std::vector<ParentReport> ancestors;
    add_ancestors(ancestors, said, uses, [&](const ServiceUse& use) {
      const auto names_it = [&use](const auto& target) { return names_service(target, use.service); };
      return use.ns == metadata.ns && std::ranges::any_of(targets, names_it);
    });
    report->parents = std::move(ancestors);
    reports.push_back(std::move(report));
  }
  return reports;
}

route::Session session_for(const route::Session& of_policy, std::string_view scope) {
  route::Session session = of_policy;
  session.name += fmt::format("-{:08x}", static_cast<std::uint32_t>(stable_hash(scope)));
  return session;
}

}  // namespace pintle::resolve
