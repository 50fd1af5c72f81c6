// Fields that belong to one connection, not to the message (RFC 9110 section 7.6.1, RFC 9112 section 6). One list for
// both halves: the codec alone writes these, so the controller lets no filter name one. Pure, any thread.
#pragma once
#include <cstddef>
#include <string_view>

#include <pintle/http/headers.hpp>

namespace pintle::http {

/// Framing and hop-by-hop.
[[nodiscard]] constexpr bool is_connection_field(HeaderId id) noexcept {
  switch (id) {
    case HeaderId::ContentLength:
    case HeaderId::TransferEncoding:
    case HeaderId::Connection:
    case HeaderId::KeepAlive:
    case HeaderId::ProxyConnection:
    case HeaderId::Te:
    case HeaderId::Trailer:
    case HeaderId::Upgrade:
      return true;
    default:
      return false;
  }
}

/// What describes the body of one message says nothing of another.
[[nodiscard]] constexpr bool describes_content(std::string_view name) noexcept {
  constexpr std::string_view prefix = "content-";
  if (name.size() <= prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if ((name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] - 'A' + 'a') : name[i]) != prefix[i])
      return false;
  return true;
}

}  // namespace pintle::http
