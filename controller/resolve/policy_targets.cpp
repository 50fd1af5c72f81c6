#include "controller/resolve/policy_targets.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "controller/resolve/age.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

constexpr std::size_t most_ancestors = 16;

}  // namespace

bool precedes(const api::ObjectMeta& a, const api::ObjectMeta& b) {
  const auto rank = [](const api::ObjectMeta& of) {
    return std::tuple(birth_of(of), std::string_view(of.ns), std::string_view(of.name));
  };
  return rank(a) < rank(b);
}

bool names_service(const api::PolicyTargetReference& target, std::string_view service) {
  return target.group.empty() && target.kind == "Service" && target.name == service;
}

std::optional<Problem> find_target_fault(const store::ClusterSnapshot& snapshot, std::string_view ns,
                                         const api::PolicyTargetReference& target, std::string field) {
  if (!target.group.empty() || target.kind != "Service")
    return Problem{std::move(field), std::string(reason::invalid),
                   fmt::format("{} cannot be the target; name a Service", target.kind)};
  const auto missing = [&](std::string message) {
    return Problem{std::move(field), std::string(reason::target_not_found), std::move(message)};
  };
  const auto* service = snapshot.find<api::Service>(ns, target.name);
  if (service == nullptr) return missing(fmt::format("Service {} does not exist", target.name));
  if (!target.section_name) return std::nullopt;
  const auto port = std::ranges::find(service->ports, *target.section_name, &api::ServicePort::name);
  if (port != service->ports.end()) return std::nullopt;
  return missing(fmt::format("Service {} has no port called {}", target.name, *target.section_name));
}

void add_ancestors(std::vector<ParentReport>& ancestors, const ParentReport& said, const std::set<ServiceUse>& uses,
                   const std::function<bool(const ServiceUse&)>& concerns) {
  for (const ServiceUse& use : uses) {
    if (ancestors.size() == most_ancestors) return;
    const bool known = std::ranges::find(ancestors, use.gateway, &ParentReport::ref) != ancestors.end();
    if (known || !concerns(use)) continue;
    ancestors.push_back(said);
    ancestors.back().ref = use.gateway;
  }
}

}  // namespace pintle::resolve
