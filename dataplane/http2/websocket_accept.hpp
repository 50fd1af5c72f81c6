// Sec-WebSocket-Accept of a handshake (RFC 6455 section 4.2.2), for a client that needs one where its backend gave
// none. Pure; any thread.
#pragma once
#include <string>
#include <string_view>

namespace pintle::http2 {

[[nodiscard]] std::string websocket_accept(std::string_view key);

}  // namespace pintle::http2
