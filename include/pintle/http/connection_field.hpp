// Fields that belong to one connection, not to the message (RFC 9110 section 7.6.1, RFC 9112 section 6). One list for
// both halves: the codec alone writes these, so the controller lets no filter name one. Pure, any thread.
#pragma once
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

}  // namespace pintle::http
