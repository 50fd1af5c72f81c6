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

/// nullptr if a backend may be there, else the range it is in, for people (req 63). A v4-mapped v6 address is judged as
/// the v4 address it is.
[[nodiscard]] const char* find_refused_range(const runtime::SocketAddress& endpoint, const Settings& settings) noexcept;

/// Without port.
[[nodiscard]] std::string show_ip(const runtime::SocketAddress& address);

}  // namespace pintle::resolve
