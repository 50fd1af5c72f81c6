// The admin address: metrics, health, dumps, explain. Read-only, loopback unless told otherwise (req 63).
//  - guarantees: GET and HEAD alone; no key, token or body of a request in any answer (the sources redact, req 58); at
//  most
//    64 connections, 8 KiB of head, 10 s to send it; on a loopback address a Host that is neither an IP nor localhost
//    is refused, so no web page can read it through a name of its own.
//  - leaves to others: every fact (Sources).
//  - threads: none of its own. It lives on the io_context given, and calls the sources there.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <pintle/base/error.hpp>
#include <pintle/runtime/endpoints.hpp>

namespace boost::asio {
class io_context;
}

namespace pintle::admin {

struct HealthCheck {
  std::string name;
  bool good = false;
  std::string detail;  ///< why not
};

struct ExplainQuery {
  std::string url;
  std::string method = "GET";
  std::vector<std::string> headers;
  std::string sni;
};

/// Where each answer comes from. An absent source is a path that does not exist.
struct Sources {
  std::function<std::string()> metrics;                             ///< Prometheus text
  std::function<std::vector<HealthCheck>()> readiness;              ///< ready if all are good
  std::function<std::string()> config;                              ///< JSON, redacted
  std::function<std::string()> status;                              ///< JSON
  std::function<std::string()> routes;                              ///< JSON
  std::function<std::string()> findings;                            ///< JSON: what is wrong with the manifests now
  std::function<Result<std::string>(const ExplainQuery&)> explain;  ///< JSON
};

class Server {
 public:
  /// Bound and listening when it returns. AddressInUse, PermissionDenied, ... with a text that names the address.
  [[nodiscard]] static Result<std::unique_ptr<Server>> make(boost::asio::io_context& io,
                                                            const runtime::SocketAddress& address, Sources sources);
  /// Closes everything.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// With the real port where 0 was asked for.
  [[nodiscard]] const runtime::SocketAddress& address() const noexcept;

 private:
  struct State;
  explicit Server(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace pintle::admin
