#include <algorithm>
#include <expected>
#include <iterator>

#include <fmt/format.h>

#include "controller/api/document.hpp"
#include "controller/resolve/gateways.hpp"
#include "controller/resolve/grants.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

constexpr std::string_view ca_key = "ca.crt";

/// GatewayBackendTLS.clientCertificateRef: what backends get to see that are reached over TLS and ask.
void judge_client_certificate(const Inputs& inputs, JudgedGateway& gateway, const api::SecretObjectReference& ref) {
  const std::string& ns = ref.ns ? *ref.ns : gateway.object->metadata.ns;
  const auto refuse = [&](std::string_view reason, std::string message) {
    gateway.report.resolved_refs.push_back(
        {"spec.tls.backend.clientCertificateRef", std::string(reason), std::move(message)});
  };
  if (!ref.group.empty() || ref.kind != "Secret") {
    refuse(reason::invalid_client_certificate_ref,
           fmt::format("{} cannot hold a certificate; refer to a Secret", ref.kind));
    return;
  }
  const Reference reference = reference_of(Referrer{api::Kind::Gateway, gateway.object->metadata.ns}, ref);
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
  if (found != nullptr) gateway.client_certificate = found->certificate;
}

/// The certificates of a CA reference, or why it gives none.
std::expected<std::string, Problem> read_authority(const Inputs& inputs, const api::Gateway& gateway,
                                                   const api::ObjectReference& ref, std::string field) {
  const std::string& ns = ref.ns ? *ref.ns : gateway.metadata.ns;
  const auto fault = [&](std::string_view reason, std::string message) {
    return std::unexpected(Problem{std::move(field), std::string(reason), std::move(message)});
  };
  if (!ref.group.empty() || ref.kind != "ConfigMap")
    return fault(reason::invalid_ca_certificate_kind,
                 fmt::format("{} cannot hold CA certificates; refer to a ConfigMap", ref.kind));
  const Reference reference = reference_of(Referrer{api::Kind::Gateway, gateway.metadata.ns}, ref);
  if (!is_permitted(inputs.snapshot, reference, inputs.refs))
    return fault(reason::ref_not_permitted, describe_missing_grant(reference));
  inputs.refs.insert(ref_to(api::Kind::ConfigMap, ns, ref.name));
  const auto* found = inputs.snapshot.find<api::ConfigMap>(ns, ref.name);
  if (found == nullptr)
    return fault(reason::invalid_ca_certificate_ref, fmt::format("ConfigMap {}/{} does not exist", ns, ref.name));
  const auto text = found->data.find(ca_key);
  if (text == found->data.end() || !holds_certificates(text->second))
    return fault(reason::invalid_ca_certificate_ref,
                 fmt::format("ConfigMap {}/{} holds no PEM certificate in {}", ns, ref.name, ca_key));
  return text->second;
}

/// What to check the clients of a port by, and whose fault it is where that is not to be had.
struct Authorities {
  std::string pem;
  Problems faults;
};

Authorities read_authorities(const Inputs& inputs, const api::Gateway& gateway,
                             const api::FrontendTLSValidation& validation, const std::string& field) {
  Authorities made;
  const auto& refs = validation.ca_certificate_refs;
  for (std::size_t at = 0; at < refs.size(); ++at) {
    auto pem = read_authority(inputs, gateway, refs[at], fmt::format("{}.caCertificateRefs[{}]", field, at));
    if (pem)
      made.pem += *pem + '\n';
    else
      made.faults.push_back(std::move(pem.error()));
  }
  return made;
}

/// A set's author learns that a reference is at fault, not what the Gateway refers to: that is a note of the Gateway.
void tell_faults(JudgedGateway& gateway, JudgedListener& listener, Problems faults) {
  if (listener.set == nullptr) {
    std::ranges::move(faults, std::back_inserter(listener.report.resolved_refs));
    return;
  }
  if (faults.empty()) return;
  listener.report.resolved_refs.push_back(
      {field_of(listener), faults.front().reason,
       fmt::format("a CA certificate that the Gateway asks for on port {} cannot be used; its status says more",
                   listener.spec->port)});
  std::vector<std::string>& notes = gateway.report.notes;
  for (const Problem& fault : faults) {
    std::string note = fmt::format("{}: {}", fault.field_path, fault.message);
    if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
  }
}

/// Without a CA that can be used the listener is refused: to serve it without asking clients for a certificate would
/// open what its owner closed.
void validate_clients(const Inputs& inputs, JudgedGateway& gateway, JudgedListener& listener,
                      const api::FrontendTLSValidation& validation, const std::string& own_field) {
  runtime::ClientValidation clients;
  const std::string field = listener.set == nullptr ? own_field : field_of(listener);
  Authorities authorities = read_authorities(inputs, *gateway.object, validation, own_field);
  tell_faults(gateway, listener, std::move(authorities.faults));
  clients.ca_pem = std::move(authorities.pem);
  if (clients.ca_pem.empty())
    listener.report.accepted.push_back({field, std::string(reason::no_valid_ca_certificate),
                                        "there is no CA certificate to check client certificates against"});
  if (validation.mode.is_unknown())
    listener.report.accepted.push_back({listener.set == nullptr ? field + ".mode" : field,
                                        std::string(reason::unsupported_value),
                                        fmt::format("{} is not known; use AllowValidOnly or AllowInsecureFallback",
                                                    api::quote(validation.mode.text()))});
  if (validation.mode == api::FrontendValidationMode::AllowInsecureFallback) {
    clients.mode = runtime::ClientValidation::Mode::InsecureFallback;
    gateway.report.insecure_validation = fmt::format(
        "{}.mode: clients without a good certificate are let in; use AllowValidOnly to refuse them", own_field);
  }
  listener.clients = std::make_shared<const runtime::ClientValidation>(std::move(clients));
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
    validate_clients(inputs, gateway, listener, *validation, field + ".validation");
  }
}

}  // namespace pintle::resolve
