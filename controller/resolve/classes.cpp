#include "controller/resolve/classes.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "controller/resolve/features.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {

std::vector<ClassReport> judge_classes(const store::ClusterSnapshot& snapshot, const Settings& settings) {
  const Offer offer = judge_features(snapshot, settings.gateway_mode);
  std::vector<ClassReport> reports;
  for (const api::GatewayClass& one : snapshot.all<api::GatewayClass>()) {
    if (one.spec.controller_name != settings.controller_name) continue;
    ClassReport& report = reports.emplace_back();
    report.object = identify(one);
    report.supported_features = offer.features;
    report.unsupported_version = offer.fault;
    report.installed = offer.installed;
    if (const auto& parameters = one.spec.parameters_ref)
      report.accepted.push_back({"spec.parametersRef", std::string(reason::invalid_parameters),
                                 fmt::format("parametersRef names {} {}, but this controller takes no parameters; "
                                             "remove parametersRef",
                                             parameters->kind, parameters->name)});
  }
  return reports;
}

Membership find_membership(const store::ClusterSnapshot& snapshot, const Settings& settings,
                           const std::vector<ClassReport>& classes, const api::Gateway& gateway) {
  const std::string& name = gateway.spec.gateway_class_name;
  const auto found = std::ranges::find(classes, name, [](const ClassReport& one) { return one.object.key.name; });
  if (found != classes.end()) return found->accepted.empty() ? Membership::Ours : Membership::Pending;
  // A class of that name that another controller owns is stronger than the one implied by the command line.
  const bool implied = settings.implied_class == name && snapshot.find<api::GatewayClass>({}, name) == nullptr;
  return implied ? Membership::Ours : Membership::Foreign;
}

}  // namespace pintle::resolve
