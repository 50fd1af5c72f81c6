// Gateway of gateway.networking.k8s.io/v1, fields of the experimental channel included.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/object.hpp"
#include "controller/api/references.hpp"
#include "controller/api/status.hpp"

namespace pintle::api {

enum class FromNamespaces : std::uint8_t { Same, All, Selector, None, Unknown };
enum class TLSMode : std::uint8_t { Terminate, Passthrough, Unknown };
enum class FrontendValidationMode : std::uint8_t { AllowValidOnly, AllowInsecureFallback, Unknown };
/// GEP-3793, experimental: which routes the Gateway adopts without a parentRef.
enum class DefaultScope : std::uint8_t { None, All, Unknown };

/// For routes the default is Same, for ListenerSets None.
struct AllowedNamespaces {
  OpenEnum<FromNamespaces> from = FromNamespaces::Same;
  std::optional<LabelSelector> selector;
  friend bool operator==(const AllowedNamespaces&, const AllowedNamespaces&) = default;
};

struct AllowedRoutes {
  AllowedNamespaces namespaces;
  std::vector<RouteGroupKind> kinds;  ///< empty: those the protocol implies
  friend bool operator==(const AllowedRoutes&, const AllowedRoutes&) = default;
};

struct ListenerTLS {
  OpenEnum<TLSMode> mode = TLSMode::Terminate;
  std::vector<SecretObjectReference> certificate_refs;
  StringMap options;
  friend bool operator==(const ListenerTLS&, const ListenerTLS&) = default;
};

struct Listener {
  std::string name;
  std::optional<std::string> hostname;  ///< lower case, maybe "*.example.com"; nullopt: every host (also for "")
  std::uint16_t port = 0;
  std::string protocol;  ///< "HTTP", "HTTPS", "TLS", "TCP", "UDP", or anything else
  std::optional<ListenerTLS> tls;
  AllowedRoutes allowed_routes;
  friend bool operator==(const Listener&, const Listener&) = default;
};

/// type "IPAddress", "Hostname", "NamedAddress" or a domain-prefixed one.
struct GatewayAddress {
  std::string type{"IPAddress"};
  std::optional<std::string> value;  ///< nullopt or empty: any address of the type
  friend bool operator==(const GatewayAddress&, const GatewayAddress&) = default;
};

struct GatewayInfrastructure {
  StringMap labels;
  StringMap annotations;
  std::optional<LocalObjectReference> parameters_ref;
  friend bool operator==(const GatewayInfrastructure&, const GatewayInfrastructure&) = default;
};

struct FrontendTLSValidation {
  std::vector<ObjectReference> ca_certificate_refs;
  OpenEnum<FrontendValidationMode> mode = FrontendValidationMode::AllowValidOnly;
  friend bool operator==(const FrontendTLSValidation&, const FrontendTLSValidation&) = default;
};
struct FrontendTLSPort {
  std::uint16_t port = 0;
  std::optional<FrontendTLSValidation> validation;
  friend bool operator==(const FrontendTLSPort&, const FrontendTLSPort&) = default;
};
struct FrontendTLS {
  std::optional<FrontendTLSValidation> default_validation;
  std::vector<FrontendTLSPort> per_port;  ///< an entry replaces the default on its port
  friend bool operator==(const FrontendTLS&, const FrontendTLS&) = default;
};
struct GatewayTLS {
  std::optional<SecretObjectReference> backend_client_certificate_ref;
  std::optional<FrontendTLS> frontend;
  friend bool operator==(const GatewayTLS&, const GatewayTLS&) = default;
};

struct GatewaySpec {
  std::string gateway_class_name;
  std::vector<Listener> listeners;
  std::vector<GatewayAddress> addresses;
  std::optional<GatewayInfrastructure> infrastructure;
  AllowedNamespaces allowed_listeners{.from = FromNamespaces::None, .selector = {}};
  std::optional<GatewayTLS> tls;
  std::optional<OpenEnum<DefaultScope>> default_scope;
  friend bool operator==(const GatewaySpec&, const GatewaySpec&) = default;
};

struct Gateway {
  static constexpr Kind kind = Kind::Gateway;
  ObjectMeta metadata;
  GatewaySpec spec;
  GatewayStatus status;
  friend bool operator==(const Gateway&, const Gateway&) = default;
};

}  // namespace pintle::api
