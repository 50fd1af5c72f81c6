// BackendTLSPolicy of gateway.networking.k8s.io/v1: TLS towards the backends of a Service.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/object.hpp"
#include "controller/api/references.hpp"
#include "controller/api/status.hpp"

namespace pintle::api {

/// What a policy is about, in its own namespace.
struct PolicyTargetReference {
  std::string group;
  std::string kind;
  std::string name;
  std::optional<std::string> section_name;  ///< of a Service: the name of a port
  friend bool operator==(const PolicyTargetReference&, const PolicyTargetReference&) = default;
};

enum class WellKnownCACertificates : std::uint8_t { System, Unknown };
enum class SubjectAltNameType : std::uint8_t { Hostname, URI, Unknown };
struct SubjectAltName {
  OpenEnum<SubjectAltNameType> type;
  std::string value;  ///< of the field the type names
  friend bool operator==(const SubjectAltName&, const SubjectAltName&) = default;
};

struct BackendTLSValidation {
  std::vector<LocalObjectReference> ca_certificate_refs;
  std::optional<OpenEnum<WellKnownCACertificates>> well_known;
  std::string hostname;  ///< lower case; the SNI, and what the certificate is for unless names are given
  std::vector<SubjectAltName> subject_alt_names;
  friend bool operator==(const BackendTLSValidation&, const BackendTLSValidation&) = default;
};

struct BackendTLSPolicySpec {
  std::vector<PolicyTargetReference> target_refs;
  BackendTLSValidation validation;
  StringMap options;
  friend bool operator==(const BackendTLSPolicySpec&, const BackendTLSPolicySpec&) = default;
};

struct BackendTLSPolicy {
  static constexpr Kind kind = Kind::BackendTLSPolicy;
  ObjectMeta metadata;
  BackendTLSPolicySpec spec;
  PolicyStatus status;
  friend bool operator==(const BackendTLSPolicy&, const BackendTLSPolicy&) = default;
};

}  // namespace pintle::api
