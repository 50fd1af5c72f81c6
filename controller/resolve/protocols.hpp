// The protocols of listeners that are served: one table for judging listeners, ports of Services and conflicts.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include <pintle/runtime/endpoints.hpp>

#include "controller/api/object.hpp"

namespace pintle::resolve {

/// What the first bytes of a connection have to be. Two listeners of one port with the same can be told apart by host.
/// UDP has ports of its own.
enum class Wire : std::uint8_t { Http, Tls, Tcp, Udp };

struct ServedProtocol {
  std::string_view name;  ///< "HTTPS"
  Wire wire = Wire::Http;
  runtime::Transport transport = runtime::Transport::Tcp;
  bool has_hostname = true;  ///< listeners of one port are told apart by it
  api::Kind route = api::Kind::HTTPRoute;
};

inline constexpr std::array served_protocols{
    ServedProtocol{.name = "HTTP"},
    ServedProtocol{.name = "HTTPS", .wire = Wire::Tls},
    ServedProtocol{.name = "TLS", .wire = Wire::Tls, .route = api::Kind::TLSRoute},
    ServedProtocol{.name = "TCP", .wire = Wire::Tcp, .has_hostname = false, .route = api::Kind::TCPRoute},
    ServedProtocol{.name = "UDP",
                   .wire = Wire::Udp,
                   .transport = runtime::Transport::Udp,
                   .has_hostname = false,
                   .route = api::Kind::UDPRoute},
};

/// nullptr: it is not served.
[[nodiscard]] constexpr const ServedProtocol* find_protocol(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(served_protocols, name, &ServedProtocol::name);
  return found == served_protocols.end() ? nullptr : found;
}

}  // namespace pintle::resolve
