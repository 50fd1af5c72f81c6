#include <algorithm>

#include <fmt/format.h>

#include "controller/resolve/gateways.hpp"
#include "controller/resolve/grants.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

constexpr std::string_view ca_key = "ca.crt";

/// GatewayBackendTLS.clientCertificateRef. No backend is reached over TLS yet, but a wrong reference is told now.
void judge_client_certificate(const Inputs& inputs, JudgedGateway& gateway, const api::SecretObjectReference& ref) {
  const std::string& ns = ref.ns ? *ref.ns : gateway.object->metadata.ns;
  const auto refuse = [&](std::string_view reason, std::string message) {
    gateway.report.resolved_refs.push_back(
        {"spec.tls.backend.clientCertificateRef", std::string(reason), std::move(message)});
  };
  gateway.report.notes.emplace_back("tls.backend has no effect yet: backends are reached without TLS");
  if (!ref.group.empty() || ref.kind != "Secret") {
    refuse(reason::invalid_client_certificate_ref,
           fmt::format("{} cannot hold a certificate; refer to a Secret", ref.kind));
    return;
  }
  const Reference reference = reference_of(*gateway.object, ref);
  if (!is_permitted(inputs.snapshot, reference, inputs.refs)) {
    refuse(reason::ref_not_permitted, describe_missing_grant(reference));
    return;
  }
  inputs.refs.insert(ref_to(api::Kind::Secret, ns, ref.name));
  const ShelvedCertificate* found = inputs.certificates.find(inputs.snapshot, ns, ref.name);
  if (found == nullptr)
    refuse(reason::invalid_client_certificate_ref, fmt::format("Secret {}/{} does not exist", ns, ref.name));
  else if (!found->fault.empty())
    refuse(reason::invalid_client_certificate_ref,
           fmt::format("Secret {}/{} is not usable: {}", ns, ref.name, found->fault));
}

/// Why a CA reference gives no certificate; nullopt if it gives one.
std::optional<Problem> find_ca_fault(const Inputs& inputs, const api::Gateway& gateway, const api::ObjectReference& ref,
                                     std::string field) {
  const std::string& ns = ref.ns ? *ref.ns : gateway.metadata.ns;
  const auto fault = [&](std::string_view reason, std::string message) {
    return Problem{std::move(field), std::string(reason), std::move(message)};
  };
  if (!ref.group.empty() || ref.kind != "ConfigMap")
    return fault(reason::invalid_ca_certificate_kind,
                 fmt::format("{} cannot hold CA certificates; refer to a ConfigMap", ref.kind));
  const Reference reference = reference_of(gateway, ref);
  if (!is_permitted(inputs.snapshot, reference, inputs.refs))
    return fault(reason::ref_not_permitted, describe_missing_grant(reference));
  inputs.refs.insert(ref_to(api::Kind::ConfigMap, ns, ref.name));
  const auto* found = inputs.snapshot.find<api::ConfigMap>(ns, ref.name);
  if (found == nullptr)
    return fault(reason::invalid_ca_certificate_ref, fmt::format("ConfigMap {}/{} does not exist", ns, ref.name));
  const auto text = found->data.find(ca_key);
  if (text == found->data.end() || !text->second.contains("-----BEGIN CERTIFICATE-----"))
    return fault(reason::invalid_ca_certificate_ref,
                 fmt::format("ConfigMap {}/{} holds no PEM certificate in {}", ns, ref.name, ca_key));
  return std::nullopt;
}

/// The listener is refused, whatever its references are: to serve it without asking clients for a certificate would
/// open what its owner closed.
void refuse_listener(const Inputs& inputs, const api::Gateway& gateway, JudgedListener& listener,
                     const api::FrontendTLSValidation& validation, const std::string& field) {
  Problems faults;
  const auto& refs = validation.ca_certificate_refs;
  for (std::size_t at = 0; at < refs.size(); ++at)
    if (auto fault = find_ca_fault(inputs, gateway, refs[at], fmt::format("{}.caCertificateRefs[{}]", field, at)))
      faults.push_back(std::move(*fault));
  if (faults.size() == refs.size())
    listener.report.accepted.push_back({field, std::string(reason::no_valid_ca_certificate),
                                        "there is no CA certificate to check client certificates against"});
  else
    listener.report.accepted.push_back(
        {field, std::string(reason::unsupported_value),
         "client certificates are not checked yet, so the listener is not served; remove the validation"});
  std::ranges::move(faults, std::back_inserter(listener.report.resolved_refs));
}

}  // namespace

void judge_gateway_tls(const Inputs& inputs, JudgedGateway& gateway) {
  const auto& tls = gateway.object->spec.tls;
  if (!tls) return;
  if (tls->backend_client_certificate_ref)
    judge_client_certificate(inputs, gateway, *tls->backend_client_certificate_ref);
  if (!tls->frontend) return;
  for (JudgedListener& listener : gateway.listeners) {
    if (listener.spec->protocol != "HTTPS") continue;
    const auto& per_port = tls->frontend->per_port;
    const auto own = std::ranges::find(per_port, listener.spec->port, &api::FrontendTLSPort::port);
    const bool is_own = own != per_port.end();
    const auto& validation = is_own ? own->validation : tls->frontend->default_validation;
    if (!validation) continue;
    const std::string field = is_own ? fmt::format("spec.tls.frontend.perPort[{}].tls", own - per_port.begin())
                                     : std::string("spec.tls.frontend.default");
    refuse_listener(inputs, *gateway.object, listener, *validation, field + ".validation");
  }
}

}  // namespace pintle::resolve
