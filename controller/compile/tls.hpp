// Certificates and the SNI plan of the TLS sockets.
#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include <pintle/runtime/compiled.hpp>

#include "controller/resolve/model.hpp"

namespace pintle::compile {

/// Gives each different certificate one CertId, in the order they are first seen.
class CertTable {
 public:
  /// Certificates that were there before keep their pointer. `previous` may be null.
  explicit CertTable(std::shared_ptr<const runtime::Certs> previous);
  [[nodiscard]] CertId add(const std::shared_ptr<const runtime::Certificate>& certificate);
  /// The previous object itself if nothing changed.
  [[nodiscard]] std::shared_ptr<const runtime::Certs> finish() &&;

 private:
  std::shared_ptr<const runtime::Certs> previous_;
  std::unordered_map<std::uint64_t, std::shared_ptr<const runtime::Certificate>> known_;  ///< by fingerprint, before
  std::unordered_map<std::uint64_t, CertId> ids_;
  runtime::Certs certs_;
};

[[nodiscard]] runtime::TlsListener make_tls_listener(ListenerId id, const resolve::ResolvedListener& listener,
                                                     CertTable& certs);
/// Most specific hostname first: exact names, then wildcards longest first, then "*".
void sort_by_hostname(std::vector<runtime::TlsListener>& listeners);

}  // namespace pintle::compile
