// TLS of one connection, as a server or as a client: an SSL object on a BIO of our own.
//   reads   recv goes straight into OpenSSL's record buffer (read_ahead), one recv for as many records as fit
//   writes  the records of one call are gathered in the worker's buffer and sent with one system call; the session
//   ticket
//           of TLS 1.3 waits for the first of them or for flush(), close_notify may go with the last
// The listener is chosen by SNI in the ClientHello callback, before any resumption (req 54, 56); the certificate after
// it. Owner: net::Connection. Thread: the worker's.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>

#include <pintle/base/error.hpp>
#include <pintle/base/ids.hpp>

#include "dataplane/net/buffer.hpp"
#include "dataplane/net/connection.hpp"

struct ssl_st;

namespace pintle::net {

class TicketRing;
class TlsContexts;
struct BoundSocket;
struct WorkerContext;
struct TlsListenerFacts;
struct TlsSocket;

/// Per-worker state of all TLS streams.
class TlsWorker {
 public:
  /// Plaintext taken into one gather; what the socket does not take of it stays with the stream.
  static constexpr std::size_t gather_plain = 64 * 1024;
  static constexpr std::size_t record_size = 16 * 1024;  ///< RFC 8446 section 5.1
  static constexpr std::size_t gather_size = gather_plain + 4096;

  explicit TlsWorker(BufferPool& pool) : pool_(pool), gather_(new char[gather_size]), record_(new char[record_size]) {}
  /// Swapped at each rotation (req 54).
  void set_tickets(std::shared_ptr<const TicketRing> ring) noexcept { tickets_ = std::move(ring); }
  [[nodiscard]] const TicketRing* tickets() const noexcept { return tickets_.get(); }

 private:
  friend class TlsStream;
  BufferPool& pool_;
  std::unique_ptr<char[]> gather_;
  std::unique_ptr<char[]> record_;  ///< where small pieces become one record
  std::size_t gathered_ = 0;
  std::shared_ptr<const TicketRing> tickets_;
};

class TlsStream {
 public:
  /// `socket` belongs to `contexts`.
  [[nodiscard]] static Result<std::unique_ptr<TlsStream>> accept(int fd, TlsWorker& worker,
                                                                 std::shared_ptr<const TlsContexts> contexts,
                                                                 const TlsSocket& socket);
  /// Towards a server: `ssl` is set up to connect and belongs to the stream from now on.
  [[nodiscard]] static Result<std::unique_ptr<TlsStream>> adopt(int fd, TlsWorker& worker, ssl_st* ssl);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  [[nodiscard]] IoResult handshake();
  [[nodiscard]] IoResult read(std::span<char> into);
  [[nodiscard]] IoResult writev(std::span<const iovec> pieces);
  [[nodiscard]] IoResult flush();
  [[nodiscard]] bool has_pending() const noexcept { return !pending_.empty(); }
  /// Bytes were received and not read yet, decrypted or not.
  [[nodiscard]] bool has_unread() const noexcept;
  /// The next writev is the last: close_notify goes with its bytes, if the socket takes as much.
  void end_with_next_write() noexcept { last_write_ = true; }
  /// The peer's end was told by an event: it lies behind what is read, and no other event will tell it.
  void expect_end() noexcept { end_expected_ = true; }
  /// Told by an event: what the handshake's last look at the socket has shown is of the past.
  void expect_input() noexcept { after_handshake_ = Inbound::Unknown; }
  void shutdown_write() noexcept;
  /// The peer's close_notify was read: it sends no more. A read that gave bytes may have met it behind them, and
  /// without FIN no event tells it.
  [[nodiscard]] bool peer_ended() const noexcept;

  // Facts of a complete handshake.
  /// Hostname pattern of the listener that SNI chose ("shop.example.com", "*.example.com", "*"): the identity that
  /// holds over generations. ListenerIds are dense within one Compiled: look the listener up by it in the current
  /// PortTable.
  [[nodiscard]] std::string_view listener_hostname() const noexcept;
  /// The listener's id in the generation that was current at the handshake.
  [[nodiscard]] ListenerId listener() const noexcept;
  [[nodiscard]] Generation generation() const noexcept;
  [[nodiscard]] std::string_view sni() const noexcept { return sni_; }  ///< lower case; empty if none was sent
  [[nodiscard]] std::string_view version() const noexcept;              ///< "TLSv1.3"
  [[nodiscard]] std::string_view cipher() const noexcept;
  [[nodiscard]] std::string_view alpn() const noexcept;  ///< "h2", "http/1.1" or empty
  [[nodiscard]] bool resumed() const noexcept;
  [[nodiscard]] std::string_view error() const noexcept { return error_; }

 private:
  friend struct TlsCallbacks;
  friend struct TlsBio;
  TlsStream(int fd, TlsWorker& worker, std::shared_ptr<const TlsContexts> contexts, const TlsSocket* socket);
  [[nodiscard]] bool sit_on_socket();
  IoStatus classify(int ssl_result) noexcept;
  bool hold_ticket();
  bool encrypt(const char* bytes, std::size_t length) noexcept;
  void gather(const char* bytes, std::size_t length);
  IoStatus send_gathered();
  IoResult result(std::size_t bytes, IoStatus status) const noexcept {
    return {bytes, status, status == IoStatus::Error ? io_errno_ : 0};
  }

  int fd_;
  TlsWorker& worker_;
  ssl_st* ssl_ = nullptr;
  std::shared_ptr<const TlsContexts> contexts_;  ///< held while the handshake may need it
  const TlsSocket* socket_;
  std::shared_ptr<const TlsListenerFacts> listener_;
  std::string sni_;
  std::string_view error_;
  OwnedChunks pending_;
  int io_errno_ = 0;
  /// What the recv calls of this call have shown. After a short one the socket is empty but for, perhaps, its end.
  enum class Inbound : std::uint8_t { Unknown, Short, Empty };
  /// Short and no record complete, but the end is known to come next: worth another recv.
  bool look_for_end() noexcept {
    if (inbound_ != Inbound::Short || !end_expected_) return false;
    inbound_ = Inbound::Unknown;
    return true;
  }
  Inbound inbound_ = Inbound::Unknown;
  Inbound after_handshake_ = Inbound::Unknown;  ///< what its last recv has shown, for the read that follows at once
  bool end_expected_ = false;
  bool ticket_waits_ = false;  ///< pending_ is the session ticket, which no socket has refused
  bool last_write_ = false;
  bool eof_ = false;
  bool failed_ = false;
  bool established_ = false;
};

/// Begins TLS on a connection of an Https socket, as its listeners are now. False: it cannot be; close the connection.
[[nodiscard]] bool attach_tls(const WorkerContext& context, const BoundSocket& socket, Connection& connection);

}  // namespace pintle::net
