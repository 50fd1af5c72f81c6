#include <algorithm>

#include <fmt/format.h>

#include "controller/api/document.hpp"
#include "controller/resolve/gateways.hpp"
#include "controller/resolve/grants.hpp"
#include "controller/resolve/hostnames.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

Problem make_problem(std::string field_path, std::string_view reason, std::string message) {
  return {std::move(field_path), std::string(reason), std::move(message)};
}

/// Both are set when the Secret has become bad and the certificate it held before stays in use.
struct FoundCertificate {
  CertificatePtr certificate;
  std::optional<Problem> problem;
};

/// Looks one certificateRef up. Whether a Secret of another namespace exists is not told to who may not refer to it.
FoundCertificate find_certificate(const Inputs& inputs, const Referrer& owner, const api::SecretObjectReference& ref,
                                  const std::string& field) {
  const auto refuse = [&](std::string_view reason, std::string message) {
    return FoundCertificate{nullptr, make_problem(field, reason, std::move(message))};
  };
  if (!ref.group.empty() || ref.kind != "Secret")
    return refuse(reason::invalid_certificate_ref, fmt::format("{}{}{} cannot hold a certificate; refer to a Secret",
                                                               ref.group, ref.group.empty() ? "" : "/", ref.kind));
  const Reference reference = reference_of(owner, ref);
  const std::string ns(reference.to_namespace);
  if (!is_permitted(inputs.snapshot, reference, inputs.refs))
    return refuse(reason::ref_not_permitted, describe_missing_grant(reference));
  inputs.refs.insert(ref_to(api::Kind::Secret, ns, ref.name));
  const ShelvedCertificate* shelved = inputs.certificates.find(inputs.snapshot, ns, ref.name);
  if (shelved == nullptr)
    return refuse(reason::invalid_certificate_ref, fmt::format("Secret {}/{} does not exist", ns, ref.name));
  FoundCertificate found{shelved->certificate, std::nullopt};
  if (!shelved->fault.empty())
    found.problem = make_problem(field, reason::invalid_certificate_ref,
                                 fmt::format("Secret {}/{} is not usable: {}{}", ns, ref.name, shelved->fault,
                                             found.certificate ? "; the certificate it held before stays in use" : ""));
  return found;
}

void judge_mode(JudgedListener& listener, const api::ListenerTLS& tls, const std::string& field) {
  const bool may_pass = listener.spec->protocol == "TLS";
  if (tls.mode == api::TLSMode::Terminate || (may_pass && tls.mode == api::TLSMode::Passthrough)) return;
  listener.report.accepted.push_back(
      make_problem(field + ".mode", reason::unsupported_value,
                   fmt::format("mode {} is not supported with protocol {}; use Terminate{}",
                               tls.mode.is_unknown() ? api::quote(tls.mode.text()) : std::string("Passthrough"),
                               listener.spec->protocol, may_pass ? " or Passthrough" : "")));
}

/// `--tls internal`: who asked for it is told what was replaced, as a note instead of a problem.
void use_internal_certificate(const Inputs& inputs, JudgedListener& listener, const Problems& problems) {
  const auto& ready = inputs.settings.internal_certificates;
  const auto found = ready.find(listener.hostname);
  if (found == ready.end()) {
    inputs.wanted_internal_certificates.insert(listener.hostname);
  } else {
    listener.certificates.push_back(found->second);
    listener.report.notes.emplace_back("served with a certificate of the internal CA");
  }
  for (const Problem& problem : problems) listener.report.notes.push_back(problem.message);
}

void note_uncovered_hostname(JudgedListener& listener) {
  if (listener.hostname == "*" || listener.certificates.empty()) return;
  const bool covered = std::ranges::any_of(listener.certificates, [&](const CertificatePtr& certificate) {
    return std::ranges::any_of(certificate->dns_names, [&](const std::string& name) {
      return certificate_covers(name, listener.hostname) || covers_host(listener.hostname, name);
    });
  });
  if (!covered)
    listener.report.notes.push_back(fmt::format("no certificate covers the hostname {}", listener.hostname));
}

}  // namespace

void judge_tls(const Inputs& inputs, const Referrer& owner, JudgedListener& listener) {
  if (listener.protocol == nullptr) return;
  if (listener.protocol->wire != Wire::Tls) {
    if (listener.spec->tls)
      listener.report.notes.push_back(fmt::format("tls has no effect with protocol {}", listener.spec->protocol));
    return;
  }
  const std::string field = field_of(listener) + ".tls";
  const api::ListenerTLS tls = listener.spec->tls.value_or(api::ListenerTLS{});
  judge_mode(listener, tls, field);
  for (const auto& [key, value] : tls.options)
    listener.report.notes.push_back(fmt::format("the TLS option {} is not known and has no effect", api::quote(key)));

  if (!ends_tls(listener)) {
    if (!tls.certificate_refs.empty())
      listener.report.notes.emplace_back("certificateRefs have no effect with mode Passthrough");
    return;
  }
  Problems problems;
  for (std::size_t at = 0; at < tls.certificate_refs.size(); ++at) {
    FoundCertificate found =
        find_certificate(inputs, owner, tls.certificate_refs[at], fmt::format("{}.certificateRefs[{}]", field, at));
    if (found.certificate) listener.certificates.push_back(std::move(found.certificate));
    if (found.problem) problems.push_back(std::move(*found.problem));
  }
  if (listener.certificates.empty() && inputs.settings.internal_tls) {
    use_internal_certificate(inputs, listener, problems);
    return;
  }
  if (tls.certificate_refs.empty() && tls.mode == api::TLSMode::Terminate)
    problems.push_back(make_problem(
        field + ".certificateRefs", reason::invalid_certificate_ref,
        fmt::format("a listener of protocol {} needs a certificate; name a Secret", listener.spec->protocol)));
  std::ranges::move(problems, std::back_inserter(listener.report.resolved_refs));
  note_uncovered_hostname(listener);
}

}  // namespace pintle::resolve
