// TLS towards one backend: what its connections are made with. The certificate of a Gateway is given with each.
#pragma once
#include <cstdint>
#include <memory>

#include <pintle/base/error.hpp>
#include <pintle/runtime/compiled.hpp>

struct ssl_ctx_st;

namespace pintle::net {

class TlsStream;
class TlsWorker;
class Trust;

enum class Alpn : std::uint8_t {
  OfProtocol,  ///< of HTTP, in the version that the backend speaks, or both of which it chooses one
  Http1,       ///< HTTP/1.1 alone
  None         ///< the extension is left out
};

class TlsClientContext {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const TlsClientContext>> make(const runtime::UpstreamTls& tls,
                                                                            runtime::BackendProtocol protocol);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  /// On a connected socket. `certificate`: shown if the backend asks for one; may be null.
  [[nodiscard]] Result<std::unique_ptr<TlsStream>> connect(int fd, TlsWorker& worker,
                                                           const runtime::Certificate* certificate, Alpn alpn) const;

 private:
  TlsClientContext(ssl_ctx_st* native, std::shared_ptr<const Trust> trust, std::string server_name) noexcept
      : native_(native), trust_(std::move(trust)), server_name_(std::move(server_name)) {}
  ssl_ctx_st* native_;
  std::shared_ptr<const Trust> trust_;
  std::string server_name_;
};

}  // namespace pintle::net
