// The vocabulary of conditions: one named constructor for each reason the Gateway API gives for the kinds Pintle judges
// (gatewayclass_types.go, gateway_types.go, shared_types.go of v1), with the moment it is used. Nothing else in the
// program spells a condition type.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "controller/api/status.hpp"
#include "controller/resolve/status_report.hpp"

namespace pintle::status {

/// A condition before it has a generation and a time.
struct Verdict {
  std::string_view type;  ///< static storage, as the reason
  api::ConditionStatus status = api::ConditionStatus::Unknown;
  std::string_view reason;
  std::string message;
};

/// "spec.rules[0]: what is wrong; …": all problems, each text once, the tail of a long list only counted.
[[nodiscard]] std::string describe(const resolve::Problems& problems);

namespace type {
inline constexpr std::string_view Accepted = "Accepted";
inline constexpr std::string_view Programmed = "Programmed";
inline constexpr std::string_view ResolvedRefs = "ResolvedRefs";
inline constexpr std::string_view Conflicted = "Conflicted";
inline constexpr std::string_view OverlappingTLSConfig = "OverlappingTLSConfig";
inline constexpr std::string_view InsecureFrontendValidationMode = "InsecureFrontendValidationMode";
inline constexpr std::string_view PartiallyInvalid = "PartiallyInvalid";
inline constexpr std::string_view SupportedVersion = "SupportedVersion";
}  // namespace type

inline Verdict is_true(std::string_view type, std::string_view reason, std::string message) {
  return {type, api::ConditionStatus::True, reason, std::move(message)};
}
inline Verdict is_false(std::string_view type, std::string_view reason, std::string message) {
  return {type, api::ConditionStatus::False, reason, std::move(message)};
}
inline Verdict is_unknown(std::string_view type, std::string_view reason, std::string message) {
  return {type, api::ConditionStatus::Unknown, reason, std::move(message)};
}

// In each namespace: `owned`, the condition types that are ours, in the order they are written; all others belong to
// somebody else. refused_*(problems): the constructor that the first problem's reason names, with the text of them all.

namespace gateway_class {
inline constexpr std::array owned{type::Accepted, type::SupportedVersion};

/// The class is ours and what it asks for can be given.
inline Verdict accepted(std::string m) { return is_true(type::Accepted, "Accepted", std::move(m)); }
/// parametersRef cannot be found or read, or Pintle takes none of that kind.
inline Verdict invalid_parameters(std::string m) { return is_false(type::Accepted, "InvalidParameters", std::move(m)); }
/// The installed definitions of the Gateway API are of a version that is served in full.
inline Verdict supported_version(std::string m) {
  return is_true(type::SupportedVersion, "SupportedVersion", std::move(m));
}
/// They are of another version: what it shares with ours is served.
inline Verdict unsupported_version(std::string m) {
  return is_false(type::SupportedVersion, "UnsupportedVersion", std::move(m));
}
Verdict refused_accepted(const resolve::Problems& problems);
}  // namespace gateway_class

namespace gateway {
inline constexpr std::array owned{type::Accepted, type::Programmed, type::ResolvedRefs,
                                  type::InsecureFrontendValidationMode};

/// The Gateway and all its listeners are sound.
inline Verdict accepted(std::string m) { return is_true(type::Accepted, "Accepted", std::move(m)); }
/// Some listener is refused while another is sound.
inline Verdict accepted_in_part(std::string m) { return is_true(type::Accepted, "ListenersNotValid", std::move(m)); }
/// Every listener is refused.
inline Verdict listeners_not_valid(std::string m) {
  return is_false(type::Accepted, "ListenersNotValid", std::move(m));
}
/// infrastructure.parametersRef cannot be found or read, or Pintle takes none of that kind.
inline Verdict invalid_parameters(std::string m) { return is_false(type::Accepted, "InvalidParameters", std::move(m)); }
/// spec.addresses asks for a type of address that is not supported.
inline Verdict unsupported_address(std::string m) {
  return is_false(type::Accepted, "UnsupportedAddress", std::move(m));
}
/// Its GatewayClass is not accepted: the Gateway has not been judged.
inline Verdict pending(std::string m) { return is_unknown(type::Accepted, "Pending", std::move(m)); }
Verdict refused_accepted(const resolve::Problems& problems);

/// All workers serve it: what can be bound is bound.
inline Verdict programmed(std::string m) { return is_true(type::Programmed, "Programmed", std::move(m)); }
/// It is not accepted.
inline Verdict programmed_invalid(std::string m) { return is_false(type::Programmed, "Invalid", std::move(m)); }
/// Not every worker serves it yet.
inline Verdict programmed_pending(std::string m) { return is_false(type::Programmed, "Pending", std::move(m)); }
/// It has not been judged.
inline Verdict programmed_unknown(std::string m) { return is_unknown(type::Programmed, "Pending", std::move(m)); }
/// It has addresses, but not one of its listeners could be bound there.
inline Verdict no_resources(std::string m) { return is_false(type::Programmed, "NoResources", std::move(m)); }
/// There is no address to give to it.
inline Verdict address_not_assigned(std::string m) {
  return is_false(type::Programmed, "AddressNotAssigned", std::move(m));
}
/// An address of spec.addresses cannot be used: it is not of this machine, or another Gateway has it.
inline Verdict address_not_usable(std::string m) {
  return is_false(type::Programmed, "AddressNotUsable", std::move(m));
}
Verdict refused_programmed(const resolve::Problems& problems);

/// Every reference of the Gateway and of its listeners resolves.
inline Verdict resolved_refs(std::string m) { return is_true(type::ResolvedRefs, "ResolvedRefs", std::move(m)); }
/// A reference of the Gateway to another namespace has no ReferenceGrant.
inline Verdict ref_not_permitted(std::string m) {
  return is_false(type::ResolvedRefs, "RefNotPermitted", std::move(m));
}
/// tls.backend.clientCertificateRef names nothing usable.
inline Verdict invalid_client_certificate_ref(std::string m) {
  return is_false(type::ResolvedRefs, "InvalidClientCertificateRef", std::move(m));
}
/// A listener's ResolvedRefs is False.
inline Verdict listeners_not_resolved(std::string m) {
  return is_false(type::ResolvedRefs, "ListenersNotResolved", std::move(m));
}
Verdict refused_refs(const resolve::Problems& problems);

/// Clients without a good certificate are let in where one is asked for; absent otherwise.
inline Verdict insecure_frontend_validation(std::string m) {
  return is_true(type::InsecureFrontendValidationMode, "ConfigurationChanged", std::move(m));
}
}  // namespace gateway

namespace listener {
inline constexpr std::array owned{type::Accepted, type::Programmed, type::ResolvedRefs, type::Conflicted,
                                  type::OverlappingTLSConfig};

/// The listener is sound.
inline Verdict accepted(std::string m) { return is_true(type::Accepted, "Accepted", std::move(m)); }
/// The port cannot be given to this Gateway, for another has it.
inline Verdict port_unavailable(std::string m) { return is_false(type::Accepted, "PortUnavailable", std::move(m)); }
/// The protocol is not served.
inline Verdict unsupported_protocol(std::string m) {
  return is_false(type::Accepted, "UnsupportedProtocol", std::move(m));
}
/// A field has a value of a later version of the API.
inline Verdict unsupported_value(std::string m) { return is_false(type::Accepted, "UnsupportedValue", std::move(m)); }
/// Its fields contradict each other.
inline Verdict invalid(std::string m) { return is_false(type::Accepted, "Invalid", std::move(m)); }
/// Client certificates are asked for and there is no CA to check them with.
inline Verdict no_valid_ca_certificate(std::string m) {
  return is_false(type::Accepted, "NoValidCACertificate", std::move(m));
}
/// The Gateway has as many ports as it can have without this listener of a ListenerSet.
inline Verdict too_many_listeners(std::string m) { return is_false(type::Accepted, "TooManyListeners", std::move(m)); }
/// Another listener of the port has the same hostname.
inline Verdict hostname_conflict(std::string m) { return is_false(type::Accepted, "HostnameConflict", std::move(m)); }
/// Another listener of the port speaks a protocol that cannot share it.
inline Verdict protocol_conflict(std::string m) { return is_false(type::Accepted, "ProtocolConflict", std::move(m)); }
/// Another listener has the port, and nothing could tell their traffic apart.
inline Verdict listener_conflict(std::string m) { return is_false(type::Accepted, "ListenerConflict", std::move(m)); }
/// The Gateway's class is not accepted: the listener has not been judged.
inline Verdict pending(std::string m) { return is_unknown(type::Accepted, "Pending", std::move(m)); }
Verdict refused_accepted(const resolve::Problems& problems);

/// Bound at an address at least, and all workers serve it.
inline Verdict programmed(std::string m) { return is_true(type::Programmed, "Programmed", std::move(m)); }
/// It is not accepted, or has nothing it could serve with.
inline Verdict programmed_invalid(std::string m) { return is_false(type::Programmed, "Invalid", std::move(m)); }
/// Not every worker serves it yet, or the Gateway has no address.
inline Verdict programmed_pending(std::string m) { return is_false(type::Programmed, "Pending", std::move(m)); }
/// It has not been judged.
inline Verdict programmed_unknown(std::string m) { return is_unknown(type::Programmed, "Pending", std::move(m)); }
/// As hostname_conflict, of a ListenerSet.
inline Verdict programmed_hostname(std::string m) {
  return is_false(type::Programmed, "HostnameConflict", std::move(m));
}
/// As protocol_conflict, of a ListenerSet.
inline Verdict programmed_protocol(std::string m) {
  return is_false(type::Programmed, "ProtocolConflict", std::move(m));
}
/// As listener_conflict.
inline Verdict programmed_conflict(std::string m) {
  return is_false(type::Programmed, "ListenerConflict", std::move(m));
}
Verdict refused_programmed(const resolve::Problem& conflict);
/// The port could be bound at no address of the Gateway.
inline Verdict port_not_bound(std::string m) { return is_false(type::Programmed, "PortUnavailable", std::move(m)); }

/// Every reference resolves and every kind is served.
inline Verdict resolved_refs(std::string m) { return is_true(type::ResolvedRefs, "ResolvedRefs", std::move(m)); }
/// A certificateRef names nothing usable.
inline Verdict invalid_certificate_ref(std::string m) {
  return is_false(type::ResolvedRefs, "InvalidCertificateRef", std::move(m));
}
/// allowedRoutes.kinds names a kind that the protocol does not serve.
inline Verdict invalid_route_kinds(std::string m) {
  return is_false(type::ResolvedRefs, "InvalidRouteKinds", std::move(m));
}
/// A certificateRef to another namespace has no ReferenceGrant.
inline Verdict ref_not_permitted(std::string m) {
  return is_false(type::ResolvedRefs, "RefNotPermitted", std::move(m));
}
/// A CA reference of the Gateway's frontend validation names nothing usable.
inline Verdict invalid_ca_certificate_ref(std::string m) {
  return is_false(type::ResolvedRefs, "InvalidCACertificateRef", std::move(m));
}
/// A CA reference names a kind that holds no CA.
inline Verdict invalid_ca_certificate_kind(std::string m) {
  return is_false(type::ResolvedRefs, "InvalidCACertificateKind", std::move(m));
}
Verdict refused_refs(const resolve::Problems& problems);

/// No other listener of the port stands in its way.
inline Verdict no_conflicts(std::string m) { return is_false(type::Conflicted, "NoConflicts", std::move(m)); }
/// As hostname_conflict.
inline Verdict conflicted_hostname(std::string m) {
  return is_true(type::Conflicted, "HostnameConflict", std::move(m));
}
/// As protocol_conflict.
inline Verdict conflicted_protocol(std::string m) {
  return is_true(type::Conflicted, "ProtocolConflict", std::move(m));
}
/// As listener_conflict.
inline Verdict conflicted_port(std::string m) { return is_true(type::Conflicted, "ListenerConflict", std::move(m)); }
Verdict conflicted(const resolve::Problem& conflict);

/// HTTPS listeners of one port have hostnames that overlap (GEP-3567): absent otherwise.
inline Verdict overlapping_hostnames(std::string m) {
  return is_true(type::OverlappingTLSConfig, "OverlappingHostnames", std::move(m));
}
/// Their certificates cover hosts of one another.
inline Verdict overlapping_certificates(std::string m) {
  return is_true(type::OverlappingTLSConfig, "OverlappingCertificates", std::move(m));
}
Verdict overlapping(const resolve::Problem& overlap);
}  // namespace listener

namespace listener_set {
inline constexpr std::array owned{type::Accepted, type::Programmed};

/// Its Gateway allows it, and its listeners are sound.
inline Verdict accepted(std::string m) { return is_true(type::Accepted, "Accepted", std::move(m)); }
/// The same, but some listeners are not sound.
inline Verdict accepted_in_part(std::string m) { return is_true(type::Accepted, "ListenersNotValid", std::move(m)); }
/// No listener is sound.
inline Verdict listeners_not_valid(std::string m) {
  return is_false(type::Accepted, "ListenersNotValid", std::move(m));
}
/// allowedListeners of the Gateway do not admit it.
inline Verdict not_allowed(std::string m) { return is_false(type::Accepted, "NotAllowed", std::move(m)); }
/// The Gateway itself is not accepted.
inline Verdict parent_not_accepted(std::string m) {
  return is_false(type::Accepted, "ParentNotAccepted", std::move(m));
}
/// The Gateway's class is not accepted: the set has not been judged.
inline Verdict pending(std::string m) { return is_unknown(type::Accepted, "Pending", std::move(m)); }
Verdict refused_accepted(const resolve::Problems& problems);

/// Each of its sound listeners is programmed.
inline Verdict programmed(std::string m) { return is_true(type::Programmed, "Programmed", std::move(m)); }
/// As not_allowed.
inline Verdict programmed_not_allowed(std::string m) { return is_false(type::Programmed, "NotAllowed", std::move(m)); }
/// No listener is sound.
inline Verdict programmed_not_valid(std::string m) {
  return is_false(type::Programmed, "ListenersNotValid", std::move(m));
}
/// The Gateway is not accepted, or has no address.
inline Verdict parent_not_programmed(std::string m) {
  return is_false(type::Programmed, "ParentNotProgrammed", std::move(m));
}
/// The ports of its sound listeners could be bound at no address of the Gateway.
inline Verdict port_not_bound(std::string m) { return is_false(type::Programmed, "PortUnavailable", std::move(m)); }
/// It has not been judged, or is not served everywhere yet.
inline Verdict programmed_unknown(std::string m) { return is_unknown(type::Programmed, "Pending", std::move(m)); }
}  // namespace listener_set

/// Of a route at one parent.
namespace parent {
inline constexpr std::array owned{type::Accepted, type::ResolvedRefs, type::PartiallyInvalid};

/// The route is attached to a listener of the parent at least.
inline Verdict accepted(std::string m) { return is_true(type::Accepted, "Accepted", std::move(m)); }
/// No listener's allowedRoutes admit the route.
inline Verdict not_allowed_by_listeners(std::string m) {
  return is_false(type::Accepted, "NotAllowedByListeners", std::move(m));
}
/// No hostname of the route meets one of a listener.
inline Verdict no_matching_listener_hostname(std::string m) {
  return is_false(type::Accepted, "NoMatchingListenerHostname", std::move(m));
}
/// The parent has no listener of that sectionName or port.
inline Verdict no_matching_parent(std::string m) { return is_false(type::Accepted, "NoMatchingParent", std::move(m)); }
/// A field has a value of a later version of the API, and no rule is left without it.
inline Verdict unsupported_value(std::string m) { return is_false(type::Accepted, "UnsupportedValue", std::move(m)); }
/// Filters of a rule exclude each other, and no rule is left without.
inline Verdict incompatible_filters(std::string m) {
  return is_false(type::Accepted, "IncompatibleFilters", std::move(m));
}
/// The parent's class is not accepted: the route has not been judged there.
inline Verdict pending(std::string m) { return is_unknown(type::Accepted, "Pending", std::move(m)); }
Verdict refused_accepted(const resolve::Problems& problems);

/// Every reference resolves.
inline Verdict resolved_refs(std::string m) { return is_true(type::ResolvedRefs, "ResolvedRefs", std::move(m)); }
/// A backendRef to another namespace has no ReferenceGrant.
inline Verdict ref_not_permitted(std::string m) {
  return is_false(type::ResolvedRefs, "RefNotPermitted", std::move(m));
}
/// A backendRef or filter names a kind that is not known.
inline Verdict invalid_kind(std::string m) { return is_false(type::ResolvedRefs, "InvalidKind", std::move(m)); }
/// A backendRef names a Service or a port that is not there.
inline Verdict backend_not_found(std::string m) {
  return is_false(type::ResolvedRefs, "BackendNotFound", std::move(m));
}
/// The appProtocol of a backend's port is not spoken (GEP-1911).
inline Verdict unsupported_protocol(std::string m) {
  return is_false(type::ResolvedRefs, "UnsupportedProtocol", std::move(m));
}
Verdict refused_refs(const resolve::Problems& problems);

/// Some rules are not served while others are: absent otherwise. The message begins with "Dropped Rule", as the API
/// asks.
Verdict dropped_rules(const resolve::Problems& problems);
}  // namespace parent

/// Of a BackendTLSPolicy or an XBackendTrafficPolicy at one Gateway.
namespace policy {
inline constexpr std::array owned{type::Accepted, type::ResolvedRefs};

/// The policy is in force where it says.
inline Verdict accepted(std::string m) { return is_true(type::Accepted, "Accepted", std::move(m)); }
/// It says something that cannot be.
inline Verdict invalid(std::string m) { return is_false(type::Accepted, "Invalid", std::move(m)); }
/// Another policy is in force for the same target.
inline Verdict conflicted(std::string m) { return is_false(type::Accepted, "Conflicted", std::move(m)); }
/// Its target, or the port of it, does not exist.
inline Verdict target_not_found(std::string m) { return is_false(type::Accepted, "TargetNotFound", std::move(m)); }
/// None of its CA references gives a CA.
inline Verdict no_valid_ca_certificate(std::string m) {
  return is_false(type::Accepted, "NoValidCACertificate", std::move(m));
}
Verdict refused_accepted(const resolve::Problems& problems);

/// Every reference resolves.
inline Verdict resolved_refs(std::string m) { return is_true(type::ResolvedRefs, "ResolvedRefs", std::move(m)); }
/// A CA reference names nothing usable.
inline Verdict invalid_ca_certificate_ref(std::string m) {
  return is_false(type::ResolvedRefs, "InvalidCACertificateRef", std::move(m));
}
/// A CA reference names a kind that holds no CA.
inline Verdict invalid_kind(std::string m) { return is_false(type::ResolvedRefs, "InvalidKind", std::move(m)); }
Verdict refused_refs(const resolve::Problems& problems);
}  // namespace policy

}  // namespace pintle::status
