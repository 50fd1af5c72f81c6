// Host patterns: a lower-case name, "*.suffix" for any number of labels before the suffix but not for the suffix
// itself, or "*" for every host.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pintle::resolve {

/// Every host of `b` is one of `a`.
[[nodiscard]] bool covers_host(std::string_view a, std::string_view b) noexcept;
/// What both have in common is one of the two or nothing: the more specific one, or empty.
[[nodiscard]] std::string_view intersect_hosts(std::string_view a, std::string_view b) noexcept;
/// The hosts of a route that a listener serves, in the route's order, each once. No host in the route: the listener's.
[[nodiscard]] std::vector<std::string> hosts_in_common(std::string_view listener, std::span<const std::string> route);
/// A name of a certificate stands for one label in place of its "*" (RFC 6125 section 6.4.3).
[[nodiscard]] bool certificate_covers(std::string_view dns_name, std::string_view host) noexcept;

}  // namespace pintle::resolve
