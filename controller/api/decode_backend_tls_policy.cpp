#include <array>

#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

constexpr std::array<EnumWord<WellKnownCACertificates>, 1> well_known_words{
    {{"System", WellKnownCACertificates::System}}};
constexpr std::array<EnumWord<SubjectAltNameType>, 2> name_types{
    {{"Hostname", SubjectAltNameType::Hostname}, {"URI", SubjectAltNameType::URI}}};

PolicyTargetReference read_target(const Field& field) {
  PolicyTargetReference out;
  Fields fields(field);
  read_full_name(fields, out);
  out.section_name = optional_text(fields, "sectionName", section_rule);
  fields.finish();
  return out;
}

SubjectAltName read_alt_name(const Field& field) {
  SubjectAltName out;
  Fields fields(field);
  if (const auto type = fields.require("type")) out.type = read_enum<SubjectAltNameType>(*type, name_types);
  const auto host = optional_text(fields, "hostname", hostname_rule);
  const auto uri = optional_text(fields, "uri", {.min = 1, .max = 253});
  fields.finish();
  const bool by_host = out.type == SubjectAltNameType::Hostname;
  if (!out.type.is_unknown() && (host.has_value() != by_host || uri.has_value() == by_host))
    field.report_value({.id = "GW0423",
                        .message = "exactly the field of the type must be given: hostname for Hostname, uri for URI",
                        .fix = "make type and field agree"});
  out.value = by_host ? host.value_or("") : uri.value_or("");
  return out;
}

BackendTLSValidation read_validation(const Field& field) {
  BackendTLSValidation out;
  Fields fields(field);
  out.ca_certificate_refs =
      list_of<LocalObjectReference>(fields, "caCertificateRefs", {.max = 16}, read_local_reference);
  if (const auto word = fields.find("wellKnownCACertificates"))
    out.well_known = read_enum<WellKnownCACertificates>(*word, well_known_words);
  out.hostname = required_text(fields, "hostname", precise_hostname_rule);
  out.subject_alt_names = list_of<SubjectAltName>(fields, "subjectAltNames", {.max = 5}, read_alt_name);
  fields.finish();
  if (out.ca_certificate_refs.empty() == !out.well_known)
    field.report_value({.id = "GW0424",
                        .message = "exactly one of caCertificateRefs and wellKnownCACertificates must be given",
                        .fix = "name the CA, or write wellKnownCACertificates: System"});
  return out;
}

}  // namespace

void read_backend_tls_policy(Fields& root, const Field& /*field*/, BackendTLSPolicy& out) {
  if (const auto field = root.require("spec")) {
    Fields fields(*field);
    out.spec.target_refs = list_of<PolicyTargetReference>(fields, "targetRefs", {.min = 1, .max = 16}, read_target);
    if (const auto validation = fields.require("validation")) out.spec.validation = read_validation(*validation);
    if (const auto options = fields.find("options")) out.spec.options = read_string_map(*options, {.max = 16});
    fields.finish();
  }
  if (const auto status = root.find("status")) out.status = read_policy_status(*status);
}

}  // namespace pintle::api
