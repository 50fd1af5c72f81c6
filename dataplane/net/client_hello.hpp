// The first message of a TLS client, read without answering: which server name it asks for. Nothing but the way to that
// name is judged; what else is in the message is for who ends TLS.
//  - guarantees: pure; the answer does not depend on how the message is cut into records (RFC 8446 section 5.1) or into
//    pieces (req 55), and is the same name that a TlsStream would find.
//  - leaves to others: getting the bytes, waiting.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pintle::net {

enum class HelloProgress : std::uint8_t {
  More,      ///< look again when there are `wanted` bytes in all
  Complete,  ///< `sni` is known
  Malformed  ///< no ClientHello
};
struct ClientHello {
  HelloProgress progress = HelloProgress::More;
  std::size_t wanted = 0;
  std::string sni;  ///< lower case; empty if none was sent
};

/// Bytes in all that a ClientHello may take, its records' heads included. A list of post-quantum keys takes 2 KB.
inline constexpr std::size_t max_client_hello = std::size_t{64} * 1024;

/// `bytes`: from the first of the connection on.
[[nodiscard]] ClientHello find_client_hello(std::string_view bytes);

/// Lower-case host of a server_name extension (RFC 6066 section 3); nullopt if malformed. A NUL or any other byte that
/// no host name has is malformed too: it could only serve to fool a comparison.
[[nodiscard]] std::optional<std::string> decode_server_name(std::string_view extension);

}  // namespace pintle::net
