#include <arpa/inet.h>
#include <cstring>
#include <string>

#include <fmt/core.h>

#include <pintle/runtime/endpoints.hpp>

namespace pintle::runtime {

std::string_view to_string(Transport transport) noexcept { return transport == Transport::Tcp ? "TCP" : "UDP"; }

std::string to_string(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.ip.data(), text, sizeof text);
  const char* const suffix = address.transport == Transport::Udp ? "/udp" : "";
  return address.v6 ? fmt::format("[{}]:{}{}", text, address.port, suffix)
                    : fmt::format("{}:{}{}", text, address.port, suffix);
}

bool parse_ip(std::string_view text, SocketAddress& out) noexcept {
  char buffer[INET6_ADDRSTRLEN] = {};
  if (text.empty() || text.size() >= sizeof buffer) return false;
  std::memcpy(buffer, text.data(), text.size());
  out.ip = {};
  if (inet_pton(AF_INET, buffer, out.ip.data()) == 1) {
    out.v6 = false;
    return true;
  }
  if (inet_pton(AF_INET6, buffer, out.ip.data()) == 1) {
    out.v6 = true;
    return true;
  }
  return false;
}

}  // namespace pintle::runtime
