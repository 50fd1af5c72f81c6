// One SSL_CTX. Every setting is made here, in code, by one function; no system configuration file is read (req 53-56).
#pragma once
#include <memory>

#include <pintle/base/error.hpp>
#include <pintle/runtime/compiled.hpp>

struct ssl_ctx_st;
struct ssl_st;

namespace pintle::net {

/// Call first in main, before anything else may start OpenSSL (the first call wins).
void init_tls_library() noexcept;

class TlsContext {
 public:
  /// With `certificate` null: a context without one, for SSL objects before their ClientHello.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> make(const runtime::Certificate* certificate);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  [[nodiscard]] ssl_ctx_st* native() const noexcept { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) noexcept : context_(context) {}
  ssl_ctx_st* context_;
};

/// For connections of our own, with the same versions and ciphers; owned by the caller.
[[nodiscard]] Result<ssl_ctx_st*> make_client_context();
/// For one connection.
[[nodiscard]] Result<void> use_certificate(ssl_st* ssl, const runtime::Certificate& certificate);

}  // namespace pintle::net
