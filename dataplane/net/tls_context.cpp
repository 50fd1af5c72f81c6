#include "dataplane/net/tls_context.hpp"

#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "dataplane/net/tickets.hpp"
#include "dataplane/net/tls_callbacks.hpp"

namespace pintle::net {
namespace {

// Server preference: AES-128 first (hardware), ChaCha20 last; ECDHE with AEAD only (req 53).
constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-"
    "SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* tls13_suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* groups = "X25519:P-256:P-384";

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::string last_openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown reason";
}

std::unexpected<Error> refuse(const char* what) {
  return make_error(ErrorCode::TlsFailed, fmt::format("{}: {}", what, last_openssl_error()));
}

Owned<BIO> open_pem(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Without it OpenSSL would ask the terminal for the pass phrase of an encrypted key.
int no_pass_phrase(char*, int, int, void*) { return -1; }

/// What holds in both directions.
bool apply_common_settings(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 |
                                   SSL_OP_NO_TLSv1_1 |
                                   // A peer that closes without close_notify: HTTP's own framing tells a cut message
                                   // from a whole one, and a fault would forbid the answer it may still wait for.
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_clear_options(context, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SSL_OP_LEGACY_SERVER_CONNECT);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_security_level(context, 2);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, tls12_ciphers) == 1 && SSL_CTX_set_ciphersuites(context, tls13_suites) == 1 &&
         SSL_CTX_set1_groups_list(context, groups) == 1;
}

/// Everything of a server that does not depend on the certificate. A test reads the values back.
bool apply_settings(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_timeout(context, static_cast<long>(std::chrono::seconds(ticket_rotation).count()));
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_recv_max_early_data(context, 0);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  return apply_common_settings(context) &&
         // Exactly one: each costs about 20 us; with none, a client that leaves Nagle on waits 40 ms.
         SSL_CTX_set_num_tickets(context, 1) == 1 && TlsCallbacks::install(context);
}

/// A certificate, its key, and what stands between it and its root.
struct Pair {
  Owned<X509> leaf;
  Owned<EVP_PKEY> key;
  std::vector<Owned<X509>> chain;
};

Result<Pair> read_pair(const runtime::Certificate& certificate) {
  const auto chain = open_pem(certificate.chain_pem);
  const auto key_bytes = open_pem(certificate.key_pem.reveal());
  if (!chain || !key_bytes) return refuse("no memory for a certificate");
  Pair pair;
  pair.leaf.reset(PEM_read_bio_X509(chain.get(), nullptr, no_pass_phrase, nullptr));
  if (!pair.leaf) return refuse("the certificate is not PEM");
  pair.key.reset(PEM_read_bio_PrivateKey(key_bytes.get(), nullptr, no_pass_phrase, nullptr));
  if (!pair.key) return refuse("the private key is not PEM or is encrypted");
  while (X509* issuer = PEM_read_bio_X509(chain.get(), nullptr, no_pass_phrase, nullptr))
    pair.chain.emplace_back(issuer);
  ERR_clear_error();  // the loop above ends with "no start line"
  return pair;
}

Result<void> load_certificate(SSL_CTX* context, const runtime::Certificate& certificate) {
  auto pair = read_pair(certificate);
  if (!pair) return std::unexpected(std::move(pair.error()));
  if (SSL_CTX_use_certificate(context, pair->leaf.get()) != 1) return refuse("the certificate is refused");
  if (SSL_CTX_use_PrivateKey(context, pair->key.get()) != 1) return refuse("the private key is refused");
  if (SSL_CTX_check_private_key(context) != 1) return refuse("certificate and private key do not belong together");
  for (const Owned<X509>& issuer : pair->chain)
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) return refuse("a certificate of the chain is refused");
  return {};
}

}  // namespace

void init_tls_library() noexcept { OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr); }

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const runtime::Certificate* certificate) {
  init_tls_library();
  ERR_clear_error();
  SSL_CTX* native = SSL_CTX_new(TLS_server_method());
  if (native == nullptr) return refuse("no TLS context");
  std::shared_ptr<const TlsContext> context(new TlsContext(native));
  if (!apply_settings(native)) return refuse("a TLS setting is not supported by this OpenSSL");
  if (certificate != nullptr)
    if (auto loaded = load_certificate(native, *certificate); !loaded)
      return std::unexpected(std::move(loaded.error()));
  return context;
}

Result<SSL_CTX*> make_client_context() {
  init_tls_library();
  ERR_clear_error();
  SSL_CTX* native = SSL_CTX_new(TLS_client_method());
  if (native == nullptr) return refuse("no TLS context");
  if (apply_common_settings(native)) return native;
  SSL_CTX_free(native);
  return refuse("a TLS setting is not supported by this OpenSSL");
}

Result<void> use_certificate(SSL* ssl, const runtime::Certificate& certificate) {
  ERR_clear_error();
  auto pair = read_pair(certificate);
  if (!pair) return std::unexpected(std::move(pair.error()));
  if (SSL_use_certificate(ssl, pair->leaf.get()) != 1 || SSL_use_PrivateKey(ssl, pair->key.get()) != 1)
    return refuse("the client certificate is refused");
  for (const Owned<X509>& issuer : pair->chain)
    if (SSL_add1_chain_cert(ssl, issuer.get()) != 1) return refuse("a certificate of the chain is refused");
  return {};
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

}  // namespace pintle::net
