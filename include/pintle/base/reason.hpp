// The closed list of reasons: why a request was answered the way it was.
// The same word stands in the access log, the metrics, `explain` and the documentation (docs/reasons.md).
// Adding a reason means adding a row to the table in reason.cpp and a section to the documentation.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace pintle {

enum class Reason : std::uint8_t {
  Upstream,
  Redirect,
  Direct,
  NoListener,
  NoHost,
  NoRoute,
  BadRequest,
  HeaderTooLarge,
  BodyTooLarge,
  Misdirected,
  RefInvalid,
  RefNotPermitted,
  FilterInvalid,
  NoEndpoints,
  NoHealthyEndpoint,
  ConnectFailed,
  UpstreamTls,
  UpstreamProtocol,
  UpstreamReset,
  RequestTimeout,
  BackendTimeout,
  CircuitOpen,
  RetryBudget,
  RateLimited,
  Authn,
  Authz,
  ExtAuth,
  Overload,
  Draining,
  ClientClosed,
  Internal,
};
inline constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::Internal) + 1;

/// The word of the closed list, e.g. "no_route". Static storage.
[[nodiscard]] std::string_view to_string(Reason reason) noexcept;
/// One sentence for people: who failed and what it means. Static storage.
[[nodiscard]] std::string_view describe(Reason reason) noexcept;
[[nodiscard]] std::optional<Reason> find_reason(std::string_view word) noexcept;

}  // namespace pintle
