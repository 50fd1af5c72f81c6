// Values of flags as people write them, to what the program uses. Pure. The error text says what was expected.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/error.hpp>
#include <pintle/runtime/endpoints.hpp>

#include "src/app/controller.hpp"
#include "src/app/serve.hpp"

namespace pintle::app {

/// "ns/svc:port=host:port"; the host is an IP or "localhost".
[[nodiscard]] Result<BackendOverride> parse_backend_override(std::string_view text);
/// "1m30s", "500ms", "0s": whole numbers with h, m, s, ms.
[[nodiscard]] Result<Millis> parse_duration(std::string_view text);
/// "127.0.0.1:9801", "[::1]:0", "localhost:9801".
[[nodiscard]] Result<runtime::SocketAddress> parse_address_and_port(std::string_view text);
/// A literal IP or "*".
[[nodiscard]] Result<void> check_bind_address(std::string_view text);
/// What check_bind_address() took, as addresses with port 0; "*" is both families.
[[nodiscard]] std::vector<runtime::SocketAddress> bind_addresses(const std::vector<std::string>& texts);
/// "Name: value"; the name is a token.
[[nodiscard]] Result<void> check_header(std::string_view text);

/// "key=value"; the key is not empty.
[[nodiscard]] Result<std::pair<std::string, std::string>> parse_pair(std::string_view text);
/// "20000-29999": at least one port, none below 1024.
[[nodiscard]] Result<resolve::PortRange> parse_port_range(std::string_view text);

/// The word of `known` that a person most likely meant, or empty: at most a third of the letters differ.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace pintle::app
