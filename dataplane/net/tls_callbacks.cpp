#include "dataplane/net/tls_callbacks.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "dataplane/net/client_hello.hpp"
#include "dataplane/net/tickets.hpp"
#include "dataplane/net/tls.hpp"
#include "dataplane/net/tls_contexts.hpp"

namespace pintle::net {
namespace {

constexpr unsigned char served_protocols[] = "\x02h2\x08http/1.1";
constexpr unsigned served_protocols_length = sizeof served_protocols - 1;
constexpr unsigned char own_context[] = "pintle";

bool init_mac(EVP_MAC_CTX* mac, const TicketKey& key) noexcept {
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

}  // namespace

bool TlsCallbacks::install(SSL_CTX* context) noexcept {
  SSL_CTX_set_client_hello_cb(context, on_client_hello, nullptr);
  SSL_CTX_set_cert_verify_callback(context, on_verify, nullptr);
  SSL_CTX_set_alpn_select_cb(context, on_alpn, nullptr);
  return SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket_key) == 1 &&
         SSL_CTX_set_session_id_context(context, own_context, sizeof own_context - 1) == 1;
}

// Runs on the whole ClientHello (OpenSSL reassembles fragments, req 55), before any ticket in it is looked at; again on
// the one that answers a HelloRetryRequest, which must ask for the same server (RFC 8446 section 4.1.2): the port it is
// answered on, and by whom, was chosen by the first.
int TlsCallbacks::on_client_hello(SSL* ssl, int* alert, void* /*unused*/) noexcept {
  TlsStream& stream = stream_of(ssl);
  const unsigned char* extension = nullptr;
  std::size_t length = 0;
  std::string sni;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &extension, &length) == 1) {
    auto decoded = decode_server_name({reinterpret_cast<const char*>(extension), length});
    if (!decoded) {
      *alert = SSL_AD_DECODE_ERROR;
      return SSL_CLIENT_HELLO_ERROR;
    }
    sni = std::move(*decoded);
  }
  if (stream.listener_ != nullptr && sni != stream.sni_) {
    *alert = SSL_AD_ILLEGAL_PARAMETER;
    stream.error_ = "the second ClientHello asks for another server name";
    return SSL_CLIENT_HELLO_ERROR;
  }
  const TlsListenerEntry* listener = stream.socket_ == nullptr ? nullptr : stream.socket_->find_listener(sni);
  const TlsContext* certificate = listener == nullptr ? nullptr : find_certificate(*listener, sni);
  if (certificate == nullptr) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    stream.error_ = "no listener or certificate for the server name";
    return SSL_CLIENT_HELLO_ERROR;
  }
  const auto& bound = listener->facts->session_id_context;
  if (SSL_set_SSL_CTX(ssl, certificate->native()) == nullptr ||
      SSL_set_session_id_context(ssl, bound.data(), static_cast<unsigned>(bound.size())) != 1) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
  }
  if (listener->facts->clients)
    SSL_set_verify(ssl,
                   listener->facts->validation == runtime::ClientValidation::Mode::ValidOnly
                       ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                       : SSL_VERIFY_PEER,
                   nullptr);
  stream.sni_ = std::move(sni);
  stream.listener_ = listener->facts;
  return SSL_CLIENT_HELLO_SUCCESS;
}

// A client's certificate. Only where the listener asks for one.
int TlsCallbacks::on_verify(X509_STORE_CTX* check, void* /*unused*/) noexcept {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto& listener = stream_of(ssl).listener_;
  if (!listener || !listener->clients) return 0;
  if (listener->clients->accepts(check)) return 1;
  if (listener->validation == runtime::ClientValidation::Mode::ValidOnly) return 0;
  X509_STORE_CTX_set_error(check, X509_V_OK);
  return 1;
}

// Called only when the client sent ALPN. No overlap is fatal (RFC 7301 section 3.2), never a silent fallback.
int TlsCallbacks::on_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_length,
                          const unsigned char* offered, unsigned int offered_length, void* /*unused*/) noexcept {
  // What a TLSRoute carries is not ours to agree on.
  if (const auto& listener = stream_of(ssl).listener_; listener && listener->protocol != route::Protocol::Https)
    return SSL_TLSEXT_ERR_NOACK;
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_length, served_protocols, served_protocols_length, offered,
                            offered_length) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// 1: use this key; 2: use it, but issue a new ticket; 0: no ticket or not ours; below 0: fault.
int TlsCallbacks::on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                                EVP_MAC_CTX* mac, int encrypt) noexcept {
  const TicketRing* ring = stream_of(ssl).worker_.tickets();
  if (ring == nullptr) return 0;
  if (encrypt != 0) {
    const TicketKey& key = ring->current();
    std::copy(key.name.begin(), key.name.end(), name);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    if (EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher.data(), iv, nullptr) != 1 || !init_mac(mac, key))
      return -1;
    return 1;
  }
  const TicketKey* key = ring->find(std::span<const unsigned char, 16>(name, 16));
  if (key == nullptr) return 0;
  if (!init_mac(mac, *key) || EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher.data(), iv, nullptr) != 1)
    return -1;
  return key == &ring->current() ? 1 : 2;
}

}  // namespace pintle::net
