#include "dataplane/net/tls_client.hpp"

#include <span>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dataplane/net/tls.hpp"
#include "dataplane/net/tls_context.hpp"
#include "dataplane/net/trust.hpp"

namespace pintle::net {
namespace {

constexpr unsigned char http1_alone[] = "\x08http/1.1";
constexpr unsigned char http2_alone[] = "\x02h2";
constexpr unsigned char either[] = "\x02h2\x08http/1.1";

/// Without the NUL of a literal.
template <std::size_t N>
std::span<const unsigned char> list_of(const unsigned char (&literal)[N]) noexcept {
  return std::span(literal).first(N - 1);
}

std::span<const unsigned char> offered_to(runtime::BackendProtocol protocol) noexcept {
  switch (protocol) {
    case runtime::BackendProtocol::Http1:
      return list_of(http1_alone);
    case runtime::BackendProtocol::Http2:
      return list_of(http2_alone);
    case runtime::BackendProtocol::Negotiated:
      return list_of(either);
  }
  return {};
}

PeerNames names_of(const runtime::UpstreamTls& tls) {
  if (tls.dns_names.empty() && tls.uris.empty()) return {.dns = {tls.server_name}, .uris = {}};
  return {.dns = tls.dns_names, .uris = tls.uris};
}

}  // namespace

Result<std::shared_ptr<const TlsClientContext>> TlsClientContext::make(const runtime::UpstreamTls& tls,
                                                                       runtime::BackendProtocol protocol) {
  auto trust = Trust::make(tls.ca_pem, names_of(tls));
  if (!trust) return std::unexpected(std::move(trust.error()));
  auto native = make_client_context();
  if (!native) return std::unexpected(std::move(native.error()));
  SSL_CTX_set_verify(*native, SSL_VERIFY_PEER, nullptr);
  (*trust)->install(*native);
  const auto offered = offered_to(protocol);
  SSL_CTX_set_alpn_protos(*native, offered.data(), static_cast<unsigned>(offered.size()));
  return std::shared_ptr<const TlsClientContext>(new TlsClientContext(*native, std::move(*trust), tls.server_name));
}

TlsClientContext::~TlsClientContext() { SSL_CTX_free(native_); }

Result<std::unique_ptr<TlsStream>> TlsClientContext::connect(int fd, TlsWorker& worker,
                                                             const runtime::Certificate* certificate, Alpn alpn) const {
  SSL* const ssl = SSL_new(native_);
  if (ssl == nullptr || SSL_set_tlsext_host_name(ssl, server_name_.c_str()) != 1) {
    SSL_free(ssl);
    ERR_clear_error();
    return make_error(ErrorCode::Exhausted, "no memory for a TLS connection", Side::Upstream);
  }
  if (certificate != nullptr)
    if (auto loaded = use_certificate(ssl, *certificate); !loaded) {
      SSL_free(ssl);
      return std::unexpected(std::move(loaded.error()));
    }
  if (alpn == Alpn::None) SSL_set_alpn_protos(ssl, nullptr, 0);
  if (alpn == Alpn::Http1) {
    const auto offered = offered_to(runtime::BackendProtocol::Http1);
    SSL_set_alpn_protos(ssl, offered.data(), static_cast<unsigned>(offered.size()));
  }
  SSL_set_connect_state(ssl);
  return TlsStream::adopt(fd, worker, ssl);
}

}  // namespace pintle::net
