// What gRPC over HTTP says in fields: its content type, its deadline, its own statuses ("gRPC over HTTP2", the
// protocol's specification). Pure; no heap.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/http/headers.hpp>

namespace pintle::http {

/// Content-Type is application/grpc, alone or with "+proto" or parameters behind it. gRPC-Web is another protocol.
[[nodiscard]] bool is_grpc(const HeaderView& headers) noexcept;

/// grpc-timeout: up to eight digits and one of H M S m u n. Rounded up; nullopt if it is none or not there.
[[nodiscard]] std::optional<Millis> find_grpc_timeout(const HeaderView& headers) noexcept;

/// Status codes of gRPC that a gateway gives.
enum class GrpcStatus : std::uint8_t {
  DeadlineExceeded = 4,
  PermissionDenied = 7,
  ResourceExhausted = 8,
  Unimplemented = 12,
  Internal = 13,
  Unavailable = 14,
  Unauthenticated = 16,
};
/// What an answer of the gateway's own is to a gRPC client: no route is UNIMPLEMENTED, a backend that cannot serve
/// UNAVAILABLE (GRPCRouteRule.backendRefs).
[[nodiscard]] GrpcStatus grpc_status_of(std::uint16_t http_status) noexcept;
/// Whether a gRPC client is told by that status: of a failure. A redirect, and the word that another connection is
/// meant (421), are what they are to every client.
[[nodiscard]] constexpr bool is_grpc_failure(std::uint16_t http_status) noexcept {
  return http_status >= 400 && http_status != 421;
}

}  // namespace pintle::http
