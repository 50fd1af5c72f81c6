#include "controller/resolve/hostnames.hpp"

#include <algorithm>

namespace pintle::resolve {
namespace {

bool is_wildcard(std::string_view pattern) noexcept { return pattern.starts_with("*."); }

/// "*.example.com" to ".example.com".
std::string_view suffix_of(std::string_view wildcard) noexcept { return wildcard.substr(1); }

}  // namespace

bool covers_host(std::string_view a, std::string_view b) noexcept {
  if (a == "*" || a == b) return true;
  if (!is_wildcard(a) || b == "*") return false;
  const std::string_view name = is_wildcard(b) ? suffix_of(b) : b;
  return name.size() > suffix_of(a).size() && name.ends_with(suffix_of(a));
}

std::string_view intersect_hosts(std::string_view a, std::string_view b) noexcept {
  if (covers_host(a, b)) return b;
  if (covers_host(b, a)) return a;
  return {};
}

std::vector<std::string> hosts_in_common(std::string_view listener, std::span<const std::string> route) {
  std::vector<std::string> common;
  if (route.empty()) {
    common.emplace_back(listener);
    return common;
  }
  common.reserve(route.size());
  for (const std::string& host : route) {
    const std::string_view both = intersect_hosts(listener, host.empty() ? std::string_view("*") : host);
    if (!both.empty() && std::ranges::find(common, both) == common.end()) common.emplace_back(both);
  }
  return common;
}

bool certificate_covers(std::string_view dns_name, std::string_view host) noexcept {
  if (dns_name == host) return true;
  if (!is_wildcard(dns_name)) return dns_name == "*";
  if (is_wildcard(host) || !host.ends_with(suffix_of(dns_name))) return false;
  const std::string_view label = host.substr(0, host.size() - suffix_of(dns_name).size());
  return !label.empty() && !label.contains('.');
}

}  // namespace pintle::resolve
