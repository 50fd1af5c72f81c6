// A TLS server as a worker has it, and a client whose every byte the test carries by hand.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

#include "dataplane/net/connection.hpp"
#include "dataplane/net/tickets.hpp"
#include "dataplane/net/tls.hpp"
#include "dataplane/net/tls_contexts.hpp"
#include "test/unit/dataplane/net/sockets.hpp"

namespace pintle::net {

/// Self-signed, for these names; the first is its common name.
[[nodiscard]] std::shared_ptr<const runtime::Certificate> make_certificate(const std::vector<std::string>& names);

struct ListenerSpec {
  std::string hostname;
  std::vector<std::string> certificates;  ///< dns name of each, comma separated for several
};

class TlsBench {
 public:
  /// One socket (id 0) with these listeners, most specific first.
  explicit TlsBench(const std::vector<ListenerSpec>& listeners);

  /// A server connection; the client's end is `peer`.
  struct Accepted {
    Connection server;
    UniqueFd peer;
  };
  [[nodiscard]] Accepted accept();
  void rotate_tickets();

  BufferPool pool;
  TlsWorker worker{pool};
  runtime::Compiled compiled;
  std::shared_ptr<const TlsContexts> contexts;

 private:
  std::shared_ptr<const TicketRing> ring_;
};

struct ClientSettings {
  std::string sni{};
  int max_version = TLS1_3_VERSION;
  int min_version = TLS1_VERSION;
  std::string alpn{};  ///< wire format: "\x08http/1.1"
  SSL_SESSION* session = nullptr;
};

class TlsClient {
 public:
  explicit TlsClient(const ClientSettings& settings);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// One step of the handshake; what it has to say waits in take().
  void step();
  /// Bytes to carry to the server.
  [[nodiscard]] std::string take();
  void give(std::string_view bytes);
  /// Handshakes with `accepted`, to the end or to a fault; the server's last result.
  IoResult shake(TlsBench::Accepted& accepted);
  /// Encrypts and carries.
  void write(TlsBench::Accepted& accepted, std::string_view text);
  /// Carries what the server sent and decrypts it.
  [[nodiscard]] std::string read(TlsBench::Accepted& accepted);

  [[nodiscard]] bool is_done() const noexcept { return done_; }
  /// Description of the alert that the server sent; "" if none.
  [[nodiscard]] const std::string& alert() const noexcept { return alert_; }
  /// Common name of the certificate it was shown.
  [[nodiscard]] std::string certificate_name() const;
  [[nodiscard]] bool is_resumed() const { return SSL_session_reused(ssl_) == 1; }
  [[nodiscard]] SSL* native() const noexcept { return ssl_; }
  /// The last session offered to it; the caller's.
  [[nodiscard]] SSL_SESSION* take_session();

 private:
  static int on_new_session(SSL* ssl, SSL_SESSION* session);
  static void on_info(const SSL* ssl, int where, int code);
  SSL_CTX* context_;
  SSL* ssl_;
  bool done_ = false;
  std::string alert_;
  SSL_SESSION* session_ = nullptr;
};

/// A ticket of a complete handshake; null if the server gave none.
[[nodiscard]] SSL_SESSION* earn_ticket(TlsBench& bench, const ClientSettings& settings);

}  // namespace pintle::net
