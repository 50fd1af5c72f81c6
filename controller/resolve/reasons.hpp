// The condition reasons resolve() gives, as the Gateway API spells them. One line each: when.
#pragma once
#include <string_view>

namespace pintle::resolve::reason {

// GatewayClass and Gateway
inline constexpr std::string_view invalid_parameters = "InvalidParameters";     ///< parametersRef: Pintle takes none
inline constexpr std::string_view unsupported_address = "UnsupportedAddress";   ///< a type that is no IP address
inline constexpr std::string_view address_not_assigned = "AddressNotAssigned";  ///< there is none to give
inline constexpr std::string_view address_not_usable = "AddressNotUsable";      ///< no IP, or taken by another Gateway
inline constexpr std::string_view invalid_client_certificate_ref = "InvalidClientCertificateRef";

// Listener
inline constexpr std::string_view unsupported_protocol = "UnsupportedProtocol";  ///< also of a backend
inline constexpr std::string_view unsupported_value =
    "UnsupportedValue";  ///< also of a route: word not known, not served
inline constexpr std::string_view port_unavailable = "PortUnavailable";  ///< another Gateway owns the socket
inline constexpr std::string_view invalid = "Invalid";  ///< contradicts itself: a selector that is none
inline constexpr std::string_view hostname_conflict = "HostnameConflict";
inline constexpr std::string_view protocol_conflict = "ProtocolConflict";
inline constexpr std::string_view invalid_route_kinds = "InvalidRouteKinds";
inline constexpr std::string_view invalid_certificate_ref = "InvalidCertificateRef";
inline constexpr std::string_view invalid_ca_certificate_ref = "InvalidCACertificateRef";
inline constexpr std::string_view invalid_ca_certificate_kind = "InvalidCACertificateKind";
inline constexpr std::string_view no_valid_ca_certificate = "NoValidCACertificate";
inline constexpr std::string_view overlapping_hostnames = "OverlappingHostnames";
inline constexpr std::string_view overlapping_certificates = "OverlappingCertificates";

inline constexpr std::string_view listener_conflict = "ListenerConflict";   ///< of a ListenerSet: the port is taken
inline constexpr std::string_view too_many_listeners = "TooManyListeners";  ///< of a ListenerSet: no port is left

// ListenerSet
inline constexpr std::string_view not_allowed = "NotAllowed";  ///< allowedListeners of the Gateway say no
inline constexpr std::string_view parent_not_accepted = "ParentNotAccepted";  ///< the Gateway is not accepted
inline constexpr std::string_view listeners_not_valid = "ListenersNotValid";  ///< not one of its listeners is

// Route
inline constexpr std::string_view no_matching_parent = "NoMatchingParent";  ///< no listener of that name and port
inline constexpr std::string_view not_allowed_by_listeners = "NotAllowedByListeners";  ///< allowedRoutes says no
inline constexpr std::string_view no_matching_listener_hostname = "NoMatchingListenerHostname";
inline constexpr std::string_view incompatible_filters = "IncompatibleFilters";
inline constexpr std::string_view invalid_kind = "InvalidKind";  ///< a reference to what cannot be a backend or filter
inline constexpr std::string_view backend_not_found = "BackendNotFound";

// BackendTLSPolicy, besides some of the above
inline constexpr std::string_view conflicted = "Conflicted";  ///< another policy is in force for the same target
inline constexpr std::string_view target_not_found = "TargetNotFound";

// Any reference
inline constexpr std::string_view ref_not_permitted = "RefNotPermitted";  ///< crosses namespaces without a grant

}  // namespace pintle::resolve::reason
