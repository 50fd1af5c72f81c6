// Where a Gateway listens, and where a backend may not be. Pure arithmetic on IP addresses.
#pragma once
#include <vector>

#include "controller/api/gateway.hpp"
#include "controller/resolve/settings.hpp"
#include "controller/resolve/status_report.hpp"

namespace pintle::resolve {

struct AddressAssignment {
  std::vector<AssignedAddress> addresses;  ///< each once
  Problems accepted;                       ///< UnsupportedAddress
  Problems programmed;                     ///< AddressNotUsable, AddressNotAssigned
};
/// spec.addresses if given, else those of the settings. An entry without value asks for those of the settings.
[[nodiscard]] AddressAssignment assign_addresses(const api::Gateway& gateway, const Settings& settings);

/// "::ffff:10.0.0.1" to "10.0.0.1": it reaches the same host, so it is judged, compared and kept as that.
[[nodiscard]] runtime::SocketAddress unmap_v4(const runtime::SocketAddress& address) noexcept;

/// nullptr if a backend may be there, else the range it is in, for people (req 63).
[[nodiscard]] const char* find_refused_range(const runtime::SocketAddress& endpoint, const Settings& settings) noexcept;

}  // namespace pintle::resolve
