// What OpenSSL asks us during a handshake: which listener and certificate, which protocol, which ticket key.
// Worker thread; the SSL object's app data is its TlsStream.
#pragma once
#include <openssl/ssl.h>

namespace pintle::net {

class TlsStream;

struct TlsCallbacks {
  static bool install(SSL_CTX* context) noexcept;
  static void bind(SSL* ssl, TlsStream& stream) noexcept { SSL_set_app_data(ssl, &stream); }

 private:
  static TlsStream& stream_of(SSL* ssl) noexcept { return *static_cast<TlsStream*>(SSL_get_app_data(ssl)); }
  static int on_verify(X509_STORE_CTX* check, void* unused) noexcept;
  static int on_client_hello(SSL* ssl, int* alert, void* unused) noexcept;
  static int on_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_length, const unsigned char* offered,
                     unsigned int offered_length, void* unused) noexcept;
  static int on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                           int encrypt) noexcept;
};

}  // namespace pintle::net
