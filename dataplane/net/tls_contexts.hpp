// All TLS server state of one generation: immutable, built on the control thread, shared by all workers.
// One SSL_CTX per certificate, shared over listeners and generations while its fingerprint stays; old connections keep
// what they were opened with. Which listener and certificate a ClientHello gets:
//   listener     the first of the socket whose hostname covers the SNI (they come most specific first); no SNI: only
//   "*" certificate  the one of that listener with the longest name that covers the SNI, else the listener's first none
//   fatal unrecognized_name (req 56)
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <pintle/runtime/compiled.hpp>

#include "dataplane/net/tls_context.hpp"
#include "dataplane/net/trust.hpp"

namespace pintle::net {

/// What a connection keeps of its listener.
struct TlsListenerFacts {
  std::string hostname;
  ListenerId listener;
  Generation generation;
  route::Protocol protocol = route::Protocol::Https;
  std::shared_ptr<const Trust> clients{};  ///< null: they are not asked for a certificate
  runtime::ClientValidation::Mode validation = runtime::ClientValidation::Mode::ValidOnly;
  /// Bound into tickets: hash of Gateway, address, hostname and what clients are checked by, so a ticket is worth
  /// nothing elsewhere (req 54).
  std::array<unsigned char, 32> session_id_context{};
};

struct TlsListenerEntry {
  std::shared_ptr<const TlsListenerFacts> facts;
  struct Candidate {
    std::shared_ptr<const TlsContext> context;
    std::vector<std::string> dns_names;
  };
  std::vector<Candidate> certificates;
};

struct TlsSocket {
  std::vector<TlsListenerEntry> listeners;
  /// `sni` in lower case, empty if none was sent. nullptr: refuse.
  [[nodiscard]] const TlsListenerEntry* find_listener(std::string_view sni) const noexcept;
};
/// nullptr if the listener has no usable certificate.
[[nodiscard]] const TlsContext* find_certificate(const TlsListenerEntry& listener, std::string_view sni) noexcept;

class TlsContexts {
 public:
  /// Reuses the contexts of `previous` (may be null) whose fingerprints are still wanted. A certificate that OpenSSL
  /// refuses is left out and logged: the compiler should have caught it.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContexts>> build(const runtime::Compiled& compiled,
                                                                        const TlsContexts* previous);
  [[nodiscard]] const TlsSocket* find_socket(SocketId id) const noexcept {
    return id.index() < sockets_.size() ? sockets_[id.index()].get() : nullptr;
  }
  /// Without certificate: SSL objects start on it, the ClientHello callback moves them on.
  [[nodiscard]] const TlsContext& base() const noexcept { return *base_; }

 private:
  struct Known {
    std::shared_ptr<const runtime::Certificate> certificate;
    std::shared_ptr<const TlsContext> context;
  };
  [[nodiscard]] std::shared_ptr<const TlsContext> find_same(const runtime::Certificate& certificate) const;

  std::shared_ptr<const TlsContext> base_;
  std::unordered_map<std::uint64_t, Known> contexts_;  ///< by fingerprint
  std::vector<std::unique_ptr<TlsSocket>> sockets_;    ///< by SocketId; null for plain sockets
};

}  // namespace pintle::net
