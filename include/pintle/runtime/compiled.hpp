// THE seam: all that the data plane needs, as one immutable value. The controller makes it, each worker swaps one
// pointer.
//   Compiled = RoutingTable (by SocketId) + EndpointSet (by BackendId) + ListenerPlan (by SocketId) + Certs (by CertId)
// Nothing in it refers to Kubernetes objects; names are for logs, metrics and explain.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <pintle/base/ids.hpp>
#include <pintle/base/secret.hpp>
#include <pintle/route/table.hpp>
#include <pintle/runtime/endpoints.hpp>

namespace pintle::runtime {

/// A certificate chain with its key, checked to belong together. Shared by pointer while the Secret does not change.
struct Certificate {
  std::string source;     ///< "namespace/name" of the Secret, or "internal"
  std::string chain_pem;  ///< leaf first
  Secret key_pem;
  std::vector<std::string> dns_names;  ///< lower case SANs (or CN if there is no SAN)
  std::int64_t not_after = 0;          ///< seconds since the epoch
  std::string serial;                  ///< hex
  std::uint64_t fingerprint = 0;       ///< of chain and key: equal content, equal value
};

struct Certs {
  std::vector<std::shared_ptr<const Certificate>> certificates;  ///< by CertId
};

/// What the certificates of clients are checked by (Gateway tls.frontend).
struct ClientValidation {
  enum class Mode : std::uint8_t {
    ValidOnly,        ///< without a good certificate the handshake fails
    InsecureFallback  ///< one is asked for, and any or none will do
  };
  std::string ca_pem;
  Mode mode = Mode::ValidOnly;
  friend bool operator==(const ClientValidation&, const ClientValidation&) = default;
};

/// One listener behind a TLS socket: which SNI reaches it and which certificates it may use.
struct TlsListener {
  ListenerId listener;
  std::string hostname;  ///< SNI pattern: lower-case host, "*.suffix" or "*"
  route::Protocol protocol = route::Protocol::Https;
  std::vector<CertId> certificates;  ///< in certificateRefs order; longest matching name wins, the first is the default
  std::shared_ptr<const ClientValidation> clients{};  ///< null: they are not asked for a certificate
};

/// What is expected of what comes in. Https: TLS, whatever it carries.
enum class SocketProtocol : std::uint8_t { Http, Https, Tcp, Udp };

/// One address and port to bind on every worker (SO_REUSEPORT).
struct PlannedSocket {
  SocketId id;
  SocketAddress address;
  SocketProtocol protocol = SocketProtocol::Http;
  bool hello_first = false;  ///< listeners differ in what they do with TLS: the ClientHello is looked at before any
                             ///< byte is answered
  std::string gateway;       ///< "namespace/name": one Gateway owns a socket
  std::vector<ListenerId> listeners;
  std::vector<TlsListener> tls;  ///< only for Https, most specific hostname first
};

struct ListenerPlan {
  std::vector<PlannedSocket> sockets;  ///< by SocketId. A socket keeps its identity over generations by its address.
};

struct Compiled {
  Generation generation;
  std::shared_ptr<const route::RoutingTable> table;
  std::shared_ptr<const EndpointSet> endpoints;
  std::shared_ptr<const ListenerPlan> plan;
  std::shared_ptr<const Certs> certs;
  std::shared_ptr<const Secret> session_key{};  ///< of the tokens of sessions; null: no session is begun or known
};
using CompiledPtr = std::shared_ptr<const Compiled>;

}  // namespace pintle::runtime
