// Endpoints of the backends, apart from the routing table: endpoint churn replaces only this.
#pragma once
#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/ids.hpp>

namespace pintle::runtime {

enum class Transport : std::uint8_t { Tcp, Udp };
/// "TCP", "UDP"
[[nodiscard]] std::string_view to_string(Transport transport) noexcept;

/// An IP address and port, comparable; v4 is kept as v4. One number may be bound for TCP and for UDP.
struct SocketAddress {
  std::array<std::uint8_t, 16> ip{};  ///< network order; v4 uses the first 4 bytes
  std::uint16_t port = 0;
  bool v6 = false;
  Transport transport = Transport::Tcp;
  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};
/// "127.0.0.1:8080", "[::1]:8080", "127.0.0.1:53/udp".
[[nodiscard]] std::string to_string(const SocketAddress& address);
/// Parses a literal IP (no names). False if it is none.
[[nodiscard]] bool parse_ip(std::string_view text, SocketAddress& out) noexcept;

/// TLS towards a backend (BackendTLSPolicy).
struct UpstreamTls {
  std::string server_name;             ///< sent as SNI; whom the certificate must be for, unless names are given
  std::vector<std::string> dns_names;  ///< one of these or of `uris` must stand in the certificate
  std::vector<std::string> uris;
  std::string ca_pem;  ///< CA certificates; empty: those of this system
  std::string fault;   ///< not empty: the policy cannot be kept, so no connection is made
  friend bool operator==(const UpstreamTls&, const UpstreamTls&) = default;
};

/// How many retries a backend takes (XBackendTrafficPolicy.retryConstraint, GEP-3388).
struct RetryConstraint {
  std::uint32_t percent = 20;  ///< of the requests within `interval`
  std::chrono::milliseconds interval{10'000};
  std::uint32_t min_count = 10;  ///< so many within `min_interval` whatever their share
  std::chrono::milliseconds min_interval{1'000};
  friend bool operator==(const RetryConstraint&, const RetryConstraint&) = default;
};

enum class BackendProtocol : std::uint8_t {
  Http1,
  Http2,
  Negotiated  ///< over TLS, where nothing is declared: what the backend chooses by ALPN, HTTP/1.1 if it chooses nothing
};

/// The endpoints of one backend. Immutable; shared between generations by pointer while equal, so a worker can tell by
/// pointer that nothing changed.
struct Backend {
  std::string name;  ///< "namespace/service:port"
  BackendProtocol protocol = BackendProtocol::Http1;
  std::vector<SocketAddress> endpoints;      ///< ready (or serving, when none is ready) endpoints, sorted, unique
  bool websocket = false;                    ///< appProtocol kubernetes.io/ws; upgrades are allowed on plain http too
  std::shared_ptr<const UpstreamTls> tls{};  ///< null: without TLS
  std::shared_ptr<const RetryConstraint> retries{};  ///< null: the worker's own budget
};

struct EndpointSet {
  std::vector<std::shared_ptr<const Backend>> backends;  ///< by BackendId
  [[nodiscard]] const Backend* find(BackendId id) const noexcept {
    return id.index() < backends.size() ? backends[id.index()].get() : nullptr;
  }
};

}  // namespace pintle::runtime
