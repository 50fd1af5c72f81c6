// Whose signature makes a peer's certificate good, and what it must be for: the check of both directions, of backends
// by BackendTLSPolicy and of clients by frontend validation.
//  - guarantees: a chain is good by the keys of the given CAs alone; CAs that bear one name and one serial number are
//  told
//    apart by trying each. Nothing is remembered from one check to the next.
// Immutable after make(); any thread.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/error.hpp>

struct ssl_ctx_st;
struct x509_st;
struct x509_store_ctx_st;

namespace pintle::net {

/// What the certificate must be for: any of these names suffices. Both empty: it is not looked at.
struct PeerNames {
  std::vector<std::string> dns;
  std::vector<std::string> uris;
  [[nodiscard]] bool empty() const noexcept { return dns.empty() && uris.empty(); }
};

class Trust {
 public:
  /// `pem`: CA certificates one after another; empty: those of this system.
  [[nodiscard]] static Result<std::shared_ptr<const Trust>> make(std::string_view pem, PeerNames names);
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  /// Peers of this context are checked by it. The Trust must outlive the context.
  void install(ssl_ctx_st* context) const;
  /// The certificate that OpenSSL asks about is good. The check is told why it is not.
  [[nodiscard]] bool accepts(x509_store_ctx_st* check) const;

 private:
  explicit Trust(PeerNames names) : names_(std::move(names)) {}
  [[nodiscard]] bool is_signed(x509_store_ctx_st* check) const;
  [[nodiscard]] bool has_name(x509_st* leaf) const;

  PeerNames names_;
  std::vector<x509_st*> authorities_;  ///< none: those of the system
};

}  // namespace pintle::net
