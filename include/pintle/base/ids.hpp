// Strong ids: dense indexes that cannot be mixed up. An id has meaning only beside the object that issued it.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace pintle {

template <class Tag>
struct Id {
  std::uint32_t value = 0;
  [[nodiscard]] constexpr std::size_t index() const noexcept { return value; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

/// A listener of a Gateway, dense within one runtime::Compiled.
using ListenerId = Id<struct ListenerTag>;
/// A bound socket (address and port), dense within one runtime::ListenerPlan.
using SocketId = Id<struct SocketTag>;
/// A backend (Service and port, or another backend kind), an index into runtime::EndpointSet, gaps possible. Issued by
/// resolve and stable for a backend over generations as long as it stays referenced.
using BackendId = Id<struct BackendTag>;
/// Index of a TLS context in runtime::Certs.
using CertId = Id<struct CertTag>;

/// Number of a published configuration; grows by one with each new configuration; 0 means "nothing published yet".
struct Generation {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Generation, Generation) = default;
};

}  // namespace pintle

template <class Tag>
struct std::hash<pintle::Id<Tag>> {
  std::size_t operator()(pintle::Id<Tag> id) const noexcept { return std::hash<std::uint32_t>{}(id.value); }
};
