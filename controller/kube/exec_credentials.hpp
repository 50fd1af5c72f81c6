// Credentials of an exec plugin (client.authentication.k8s.io v1 and v1beta1).
//  - guarantees: as of Credentials; what it printed is used until expirationTimestamp (or a 401), then asked for again.
//  - leaves to others: when to try again after a failure.
#pragma once
#include <memory>
#include <optional>
#include <string_view>

#include "controller/kube/credentials.hpp"

namespace pintle::kube {

[[nodiscard]] std::unique_ptr<Credentials> make_exec_credentials(boost::asio::io_context& io, ExecPlugin plugin,
                                                                 const Server& server);

struct ExecCredential {
  std::shared_ptr<const Identity> identity;
  std::optional<Wall> expires;
};
/// What a plugin printed; errors say what is wrong with it and hold none of it.
[[nodiscard]] Result<ExecCredential> read_exec_credential(std::string_view printed, std::string_view api_version);
/// The value of KUBERNETES_EXEC_INFO.
[[nodiscard]] std::string make_exec_info(const ExecPlugin& plugin, const Server& server);

}  // namespace pintle::kube
