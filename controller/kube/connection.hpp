// How an API server is reached, and who asks: what kubeconfig files and the files of a pod both come down to.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pintle/base/secret.hpp>

namespace pintle::kube {

/// Certificates or keys as PEM. A path is read for each new connection, so a file that rotates needs no word.
struct Pem {
  std::string path;
  Secret bytes;  ///< used when path is empty
  [[nodiscard]] bool empty() const noexcept { return path.empty() && bytes.empty(); }
};

/// Whom we take for the API server.
enum class Trust : std::uint8_t {
  Verified,  ///< whoever shows a certificate for the name, signed by one of the authorities
  Anyone     ///< insecure-skip-tls-verify
};

struct Server {
  std::string url;  ///< "https://host:6443" and perhaps a path, no slash at the end
  Pem authorities;  ///< empty: those of the system
  std::string tls_server_name;
  Trust trust = Trust::Verified;
};

/// client.authentication.k8s.io: a command that prints credentials.
struct ExecPlugin {
  std::string api_version;
  std::string command;  ///< a path, or a name looked for in PATH
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  ///< beside our own
  std::string install_hint;
  bool provide_cluster_info = false;
  std::string place;  ///< "file:line" for errors
};

/// Each part may be empty; a token counts before a token file, both before exec.
struct User {
  Pem certificate;
  Pem key;
  Secret token;
  std::string token_file;
  std::optional<ExecPlugin> exec;
};

struct Connection {
  Server server;
  User user;
  std::string ns;                     ///< of the context or of the pod; "default" when none is said
  std::vector<std::string> warnings;  ///< for the log, once
};

}  // namespace pintle::kube
