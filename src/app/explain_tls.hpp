// The TLS part of `explain`: which listener and certificate a handshake gets, by the rule of the data plane. Internal.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <pintle/route/table.hpp>
#include <pintle/runtime/compiled.hpp>

namespace pintle::app {

struct TlsChoice {
  const route::Listener* listener = nullptr;  ///< null on plain HTTP
  nlohmann::ordered_json description = nlohmann::ordered_json::object();
  std::optional<std::string> fault;  ///< the handshake would fail, or the schemes do not fit
};
struct TlsRequest {
  std::string_view scheme;
  std::string_view sni;  ///< lower case; empty: none is sent
};
/// `wanted`, else the host if it is a name.
[[nodiscard]] std::string choose_sni(std::string_view wanted, std::string_view host);
[[nodiscard]] TlsChoice choose_tls(const runtime::Compiled& compiled, const runtime::PlannedSocket& socket,
                                   const route::PortTable& table, const TlsRequest& request);

}  // namespace pintle::app
