#include "controller/resolve/addresses.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "controller/api/document.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

enum class Range : std::uint8_t { Ordinary, Unspecified, Loopback, LinkLocal, Multicast };

Range find_range_v4(std::uint8_t first, std::uint8_t second) noexcept {
  if (first == 0) return Range::Unspecified;
  if (first == 127) return Range::Loopback;
  if (first == 169 && second == 254) return Range::LinkLocal;
  return first >= 224 ? Range::Multicast : Range::Ordinary;  // 240/4 and broadcast are no hosts either
}

std::size_t count_leading_zeros(const std::array<std::uint8_t, 16>& ip) noexcept {
  return static_cast<std::size_t>(std::ranges::find_if(ip, [](std::uint8_t byte) { return byte != 0; }) - ip.begin());
}

Range find_range(const runtime::SocketAddress& written) noexcept {
  const runtime::SocketAddress address = unmap_v4(written);
  const auto& ip = address.ip;
  if (!address.v6) return find_range_v4(ip[0], ip[1]);
  const std::size_t zeros = count_leading_zeros(ip);
  if (zeros == 16) return Range::Unspecified;
  if (zeros == 15 && ip[15] == 1) return Range::Loopback;
  if (ip[0] == 0xfe && (ip[1] & 0xc0U) == 0x80) return Range::LinkLocal;
  return ip[0] == 0xff ? Range::Multicast : Range::Ordinary;
}

runtime::SocketAddress address_of(std::string_view text) {
  runtime::SocketAddress address;
  static_cast<void>(runtime::parse_ip(text, address));
  return address;
}

void assign(std::vector<AssignedAddress>& out, runtime::SocketAddress address, AddressOrigin origin) {
  address.port = 0;
  const auto same = std::ranges::find(out, address, &AssignedAddress::address);
  if (same == out.end())
    out.push_back({address, origin});
  else if (origin == AddressOrigin::Requested)
    same->origin = origin;
}

void assign_defaults(std::vector<AssignedAddress>& out, const Settings& settings) {
  for (const runtime::SocketAddress& address : settings.default_addresses) assign(out, address, AddressOrigin::Default);
}

void assign_requested(const api::GatewayAddress& wanted, const std::string& field, const Settings& settings,
                      AddressAssignment& out) {
  if (wanted.type != "IPAddress") {
    out.accepted.push_back({field + ".type", std::string(reason::unsupported_address),
                            fmt::format("address type {} is not supported; use IPAddress", api::quote(wanted.type))});
    return;
  }
  if (!wanted.value || wanted.value->empty()) {
    assign_defaults(out.addresses, settings);
    return;
  }
  runtime::SocketAddress address;
  const bool parsed = runtime::parse_ip(*wanted.value, address);
  if (parsed && find_range(address) != Range::Multicast) {
    assign(out.addresses, unmap_v4(address), AddressOrigin::Requested);
    return;
  }
  out.programmed.push_back({field + ".value", std::string(reason::address_not_usable),
                            fmt::format("{} is not {}", api::quote(*wanted.value),
                                        parsed ? "an address a host can have" : "an IP address")});
}

}  // namespace

std::vector<runtime::SocketAddress> loopback_addresses() { return {address_of("127.0.0.1"), address_of("::1")}; }

std::vector<runtime::SocketAddress> any_addresses() { return {address_of("0.0.0.0"), address_of("::")}; }

runtime::SocketAddress unmap_v4(const runtime::SocketAddress& address) noexcept {
  const auto& ip = address.ip;
  if (!address.v6 || count_leading_zeros(ip) != 10 || ip[10] != 0xff || ip[11] != 0xff) return address;
  runtime::SocketAddress v4;
  std::copy(ip.begin() + 12, ip.end(), v4.ip.begin());
  v4.port = address.port;
  return v4;
}

AddressAssignment assign_addresses(const api::Gateway& gateway, const Settings& settings) {
  AddressAssignment made;
  const auto& wanted = gateway.spec.addresses;
  for (std::size_t at = 0; at < wanted.size(); ++at)
    assign_requested(wanted[at], fmt::format("spec.addresses[{}]", at), settings, made);
  if (wanted.empty()) assign_defaults(made.addresses, settings);
  if (made.addresses.empty() && made.accepted.empty() && made.programmed.empty())
    made.programmed.push_back({"spec.addresses", std::string(reason::address_not_assigned),
                               "there is no address to give; name one in spec.addresses, or start with --address"});
  return made;
}

const char* find_refused_range(const runtime::SocketAddress& endpoint, const Settings& settings) noexcept {
  switch (find_range(endpoint)) {
    case Range::Ordinary:
      return nullptr;
    case Range::Loopback:
      return settings.allow_loopback_backends ? nullptr : "a loopback address";
    case Range::LinkLocal:
      return settings.allow_loopback_backends ? nullptr : "a link-local address";
    case Range::Unspecified:
      return "no address of a host";
    case Range::Multicast:
      return "a multicast address";
  }
  return nullptr;
}

}  // namespace pintle::resolve
