// What the person who starts Pintle decides; an input of resolve() like the objects are.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <pintle/runtime/compiled.hpp>

#include "controller/resolve/gateway_service.hpp"
#include "controller/resolve/model.hpp"

namespace pintle::resolve {

inline constexpr std::string_view default_controller_name = "pintle.dev/gateway-controller";

/// 127.0.0.1 and ::1, port 0.
[[nodiscard]] std::vector<runtime::SocketAddress> loopback_addresses();
/// 0.0.0.0 and ::, port 0: `--address '*'`.
[[nodiscard]] std::vector<runtime::SocketAddress> any_addresses();

enum class GatewayMode : std::uint8_t {
  Direct,  ///< bound here, on the ports of the listeners
  Service  ///< a Service of its own leads to target ports, bound here on all addresses
};

struct Settings {
  std::string controller_name{default_controller_name};
  /// Folder mode: Gateways of this class are served even if the folder holds no such GatewayClass.
  std::optional<std::string> implied_class;

  GatewayMode gateway_mode = GatewayMode::Direct;
  ServiceSettings service;  ///< of GatewayMode::Service

  /// Direct: where a Gateway without spec.addresses is bound; ports are ignored. Empty: such a Gateway has no address.
  std::vector<runtime::SocketAddress> default_addresses = loopback_addresses();
  std::uint16_t port_offset = 0;

  /// Endpoints in 127/8, ::1 and link-local ranges are refused otherwise (req 63).
  bool allow_loopback_backends = false;
  /// Where a Service port is reached instead of its EndpointSlices (`--backend`). The Service may be absent then.
  std::map<BackendKey, runtime::SocketAddress> backend_overrides;

  /// `--tls internal`: an HTTPS listener without a usable certificate takes internal_certificates[its hostname], "*"
  /// for none. What is missing there is listed in Resolution::wanted_internal_certificates: make it, resolve again.
  bool internal_tls = false;
  std::map<std::string, std::shared_ptr<const runtime::Certificate>, std::less<>> internal_certificates;
};

}  // namespace pintle::resolve
