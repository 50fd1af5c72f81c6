#include "controller/resolve/backend_tls.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "controller/api/document.hpp"
#include "controller/resolve/certificates.hpp"
#include "controller/resolve/classes.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

constexpr std::string_view ca_key = "ca.crt";

/// The object that a CA reference names; nullptr if there is none.
std::shared_ptr<const void> find_authority(const store::ClusterSnapshot& snapshot, const std::string& ns,
                                           const api::LocalObjectReference& ref) {
  if (ref.kind == "ConfigMap") return snapshot.find_shared<api::ConfigMap>(ns, ref.name);
  if (ref.kind == "Secret") return snapshot.find_shared<api::Secret>(ns, ref.name);
  return nullptr;
}

/// One policy while it is judged.
class PolicyReader {
 public:
  PolicyReader(const store::ClusterSnapshot& snapshot, RefSet& refs, const api::BackendTLSPolicy& policy)
      : snapshot_(snapshot), refs_(refs), policy_(policy), spec_(policy.spec.validation) {}

  JudgedPolicy read() && {
    tls_.server_name = spec_.hostname;
    read_authorities();
    read_names();
    if (!made_.accepted.empty()) tls_.fault = made_.accepted.front().message;
    made_.tls = std::make_shared<const runtime::UpstreamTls>(std::move(tls_));
    return std::move(made_);
  }

 private:
  void refuse(std::string_view reason, std::string field, std::string message) {
    made_.accepted.push_back({"spec.validation" + std::move(field), std::string(reason), std::move(message)});
  }

  void read_authorities() {
    if (spec_.well_known) {
      if (spec_.well_known->is_unknown())
        refuse(reason::invalid, ".wellKnownCACertificates",
               fmt::format("{} is not known; use System", api::quote(spec_.well_known->text())));
      return;  // no PEM: those of the system
    }
    for (std::size_t at = 0; at < spec_.ca_certificate_refs.size(); ++at)
      read_authority(spec_.ca_certificate_refs[at], fmt::format("spec.validation.caCertificateRefs[{}]", at));
    if (tls_.ca_pem.empty())
      refuse(reason::no_valid_ca_certificate, ".caCertificateRefs",
             "there is no CA certificate to check the backends by");
  }

  void read_authority(const api::LocalObjectReference& ref, const std::string& field) {
    const auto fault = [&](std::string_view reason, std::string message) {
      made_.resolved_refs.push_back({field, std::string(reason), std::move(message)});
    };
    const bool is_map = ref.kind == "ConfigMap";
    made_.authorities.push_back(find_authority(snapshot_, policy_.metadata.ns, ref));
    if (!ref.group.empty() || (!is_map && ref.kind != "Secret"))
      return fault(reason::invalid_kind,
                   fmt::format("{} cannot hold CA certificates; refer to a ConfigMap or a Secret", ref.kind));
    const std::string& ns = policy_.metadata.ns;
    refs_.insert(ref_to(is_map ? api::Kind::ConfigMap : api::Kind::Secret, ns, ref.name));
    const auto pem = is_map ? find_in_map(ns, ref.name) : find_in_secret(ns, ref.name);
    if (!pem)
      return fault(reason::invalid_ca_certificate_ref, fmt::format("{} {}/{} does not exist", ref.kind, ns, ref.name));
    if (!holds_certificates(*pem))
      return fault(reason::invalid_ca_certificate_ref,
                   fmt::format("{} {}/{} holds no PEM certificate in {}", ref.kind, ns, ref.name, ca_key));
    tls_.ca_pem += *pem;
    tls_.ca_pem += '\n';
  }

  std::optional<std::string_view> find_in_map(const std::string& ns, const std::string& name) const {
    const auto* map = snapshot_.find<api::ConfigMap>(ns, name);
    if (map == nullptr) return std::nullopt;
    const auto text = map->data.find(ca_key);
    return text == map->data.end() ? std::string_view() : std::string_view(text->second);
  }
  std::optional<std::string_view> find_in_secret(const std::string& ns, const std::string& name) const {
    const auto* secret = snapshot_.find<api::Secret>(ns, name);
    if (secret == nullptr) return std::nullopt;
    const auto* text = secret->find(ca_key);
    return text == nullptr ? std::string_view() : text->reveal();
  }

  void read_names() {
    for (std::size_t at = 0; at < spec_.subject_alt_names.size(); ++at) {
      const api::SubjectAltName& name = spec_.subject_alt_names[at];
      if (name.type.is_unknown())
        refuse(reason::invalid, fmt::format(".subjectAltNames[{}].type", at),
               fmt::format("{} is not known; use Hostname or URI", api::quote(name.type.text())));
      else
        (name.type == api::SubjectAltNameType::URI ? tls_.uris : tls_.dns_names).push_back(name.value);
    }
  }

  const store::ClusterSnapshot& snapshot_;
  RefSet& refs_;
  const api::BackendTLSPolicy& policy_;
  const api::BackendTLSValidation& spec_;
  runtime::UpstreamTls tls_;
  JudgedPolicy made_;
};

std::vector<std::shared_ptr<const void>> look_up_authorities(const store::ClusterSnapshot& snapshot,
                                                             const api::BackendTLSPolicy& policy, RefSet& refs) {
  std::vector<std::shared_ptr<const void>> found;
  if (policy.spec.validation.well_known) return found;
  for (const api::LocalObjectReference& ref : policy.spec.validation.ca_certificate_refs) {
    found.push_back(find_authority(snapshot, policy.metadata.ns, ref));
    if (ref.group.empty() && (ref.kind == "ConfigMap" || ref.kind == "Secret"))
      refs.insert(
          ref_to(ref.kind == "Secret" ? api::Kind::Secret : api::Kind::ConfigMap, policy.metadata.ns, ref.name));
  }
  return found;
}

/// Of a port that does not exist everyone is told who sends traffic to the Service.
bool concerns_use(const store::ClusterSnapshot& snapshot, const api::PolicyTargetReference& target,
                  const ServiceUse& use) {
  if (!names_service(target, use.service)) return false;
  if (!target.section_name || *target.section_name == use.port) return true;
  const auto* service = snapshot.find<api::Service>(use.ns, use.service);
  return service == nullptr ||
         std::ranges::find(service->ports, *target.section_name, &api::ServicePort::name) == service->ports.end();
}

}  // namespace

BackendTlsPolicies BackendTlsPolicies::judge(const store::ClusterSnapshot& snapshot, RefSet& refs,
                                             const BackendTlsPolicies& before) {
  BackendTlsPolicies made;
  const auto all = snapshot.all<api::BackendTLSPolicy>();
  made.policies_.reserve(all.size());
  for (std::size_t at = 0; at < all.size(); ++at) {
    const auto same = std::ranges::find(before.policies_, all.shared(at), &JudgedPolicy::object);
    if (same != before.policies_.end() && same->authorities == look_up_authorities(snapshot, all[at], refs)) {
      made.policies_.push_back(*same);
      continue;
    }
    JudgedPolicy& one = made.policies_.emplace_back(PolicyReader(snapshot, refs, all[at]).read());
    one.object = all.shared(at);
    for (const JudgedPolicy& old : before.policies_)
      if (*old.tls == *one.tls) one.tls = old.tls;
  }
  return made;
}

bool BackendTlsPolicies::name(std::string_view ns, std::string_view service) const {
  return std::ranges::any_of(policies_, [&](const JudgedPolicy& one) {
    return one.object->metadata.ns == ns && std::ranges::any_of(one.object->spec.target_refs, [&](const auto& target) {
             return names_service(target, service);
           });
  });
}

const JudgedPolicy* BackendTlsPolicies::winner(std::string_view ns, std::string_view service,
                                               std::optional<std::string_view> section) const {
  std::optional<std::size_t> best;
  for (std::size_t at = 0; at < policies_.size(); ++at) {
    const api::BackendTLSPolicy& policy = *policies_[at].object;
    if (policy.metadata.ns != ns) continue;
    const bool claims = std::ranges::any_of(policy.spec.target_refs, [&](const api::PolicyTargetReference& target) {
      return names_service(target, service) && target.section_name == section;
    });
    if (claims && (!best || precedes(policy.metadata, policies_[*best].object->metadata))) best = at;
  }
  return best ? &policies_[*best] : nullptr;
}

const JudgedPolicy* BackendTlsPolicies::find(std::string_view ns, std::string_view service,
                                             std::string_view port) const {
  if (policies_.empty()) return nullptr;
  const JudgedPolicy* of_port = winner(ns, service, port);
  return of_port != nullptr ? of_port : winner(ns, service, std::nullopt);
}

std::set<std::pair<std::string, std::string>> BackendTlsPolicies::services() const { return services_of(policies_); }

std::vector<RouteReportPtr> BackendTlsPolicies::report(const store::ClusterSnapshot& snapshot,
                                                       const std::set<ServiceUse>& uses) const {
  std::vector<RouteReportPtr> reports;
  reports.reserve(policies_.size());
  for (const JudgedPolicy& one : policies_) {
    const api::BackendTLSPolicy& policy = *one.object;
    auto report = std::make_shared<RouteReport>();
    report->object = identify(policy);
    std::vector<ParentReport> parents;
    ParentReport said;
    said.accepted = one.accepted;
    said.resolved_refs = one.resolved_refs;
    for (std::size_t at = 0; at < policy.spec.target_refs.size(); ++at) {
      const api::PolicyTargetReference& target = policy.spec.target_refs[at];
      if (auto fault = find_target_fault(snapshot, policy.metadata.ns, target, fmt::format("spec.targetRefs[{}]", at)))
        said.accepted.push_back(std::move(*fault));
      if (!names_service(target, target.name)) continue;
      const JudgedPolicy* first = winner(policy.metadata.ns, target.name, target.section_name);
      if (first != &one && first != nullptr)
        said.accepted.insert(said.accepted.begin(),
                             {fmt::format("spec.targetRefs[{}]", at), std::string(reason::conflicted),
                              fmt::format("BackendTLSPolicy {} is older, or first by name, and has the same target",
                                          first->object->metadata.name)});
    }
    add_ancestors(parents, said, uses, [&](const ServiceUse& use) {
      const auto concerns = [&](const auto& target) { return concerns_use(snapshot, target, use); };
      return use.ns == policy.metadata.ns && std::ranges::any_of(policy.spec.target_refs, concerns);
    });
    report->parents = std::move(parents);
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace pintle::resolve
