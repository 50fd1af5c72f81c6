// A connected stream socket, with or without TLS, the same calls for both (one predictable branch, no virtual call); or
// a stream of a multiplexed connection, which has no socket of its own (channel.hpp).
//
// Reading: Ok with fewer bytes than asked means drained: do not read again before the next event, unless
//   event_peer_closed was told, then read until Eof. (TLS: fills the span from as many records as are there.)
// Writing: bytes < asked comes always with WouldBlock or Error. After WouldBlock wait for event_writable.
//   TLS may hold encrypted bytes that the socket did not take: call flush() first on each event_writable, and do not
//   close a connection gracefully while has_pending().
// TLS handshake: call handshake() on events until it is Ok (plain: Ok at once); its deadline (req 40) is the session's.
//   Then read(): what came with it is there without an event; if that blocks, flush(), as a ticket may be pending.
// Errors: IoResult::error is an errno value, or 0 with status Error for a TLS fault (see tls_error()).
// Owner: the session. Thread: the worker's. Nothing here registers at the poller.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <sys/uio.h>

#include <pintle/base/error.hpp>
#include <pintle/base/ids.hpp>
#include <pintle/runtime/endpoints.hpp>

#include "dataplane/net/unique_fd.hpp"

namespace pintle::net {

class Channel;
class TlsStream;

enum class IoStatus : std::uint8_t { Ok, WouldBlock, Eof, Error };
struct IoResult {
  std::size_t bytes = 0;
  IoStatus status = IoStatus::Ok;
  int error = 0;
};

class Connection {
 public:
  Connection() noexcept;
  /// Plain. The descriptor is non-blocking.
  Connection(UniqueFd fd, const runtime::SocketAddress& peer, const runtime::SocketAddress& local) noexcept;
  /// A stream of a multiplexed connection; its owner sees to its end, close() and abort() are not for it.
  Connection(Channel& channel, const runtime::SocketAddress& peer) noexcept;
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  /// Starts a non-blocking connect; ConnectFailed is the peer's fault, Exhausted this machine's. Then: add to the
  /// poller, wait for event_writable (or error), ask connect_result().
  [[nodiscard]] static Result<Connection> connect(const runtime::SocketAddress& peer);
  /// Outcome of connect(): empty if connected; ConnectFailed with the cause. Retry::Always: no byte was sent.
  [[nodiscard]] Result<void> connect_result();

  /// Puts TLS on top; before any read or write.
  void attach_tls(std::unique_ptr<TlsStream> tls) noexcept;

  [[nodiscard]] IoResult handshake();
  [[nodiscard]] IoResult read(std::span<char> into);
  [[nodiscard]] IoResult write(std::span<const char> bytes);
  [[nodiscard]] IoResult write(std::string_view bytes) {
    return write(std::span<const char>(bytes.data(), bytes.size()));
  }
  /// At most 16 pieces go into one call; the caller's array is not changed.
  [[nodiscard]] IoResult writev(std::span<const iovec> pieces);
  [[nodiscard]] IoResult flush();
  [[nodiscard]] bool has_pending() const noexcept;
  /// event_peer_closed, event_hangup or event_error was told.
  void expect_end() noexcept;
  /// For who does not read right after the handshake: an event tells of bytes that came since.
  void expect_input() noexcept;
  /// The next write is the last one: over TLS, close_notify goes with it.
  void end_with_next_write() noexcept;
  /// FIN, over TLS preceded by close_notify. Ignores errors.
  void shutdown_write() noexcept;
  /// Closes at once; over TLS close_notify is sent if it fits. Remove from the poller first.
  void close() noexcept;
  /// Closes with RST: a message that was cut must not look complete.
  void abort() noexcept;
  /// Whoever closes it later will do so with RST.
  void arm_abort() noexcept;

  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
  [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }
  [[nodiscard]] const runtime::SocketAddress& peer() const noexcept { return peer_; }
  [[nodiscard]] const runtime::SocketAddress& local() const noexcept { return local_; }
  [[nodiscard]] bool is_tls() const noexcept { return tls_ != nullptr; }
  /// A socket whose bytes are the message's own: what splice(2) and MSG_PEEK ask for.
  [[nodiscard]] bool is_plain() const noexcept { return fd_ && !tls_; }
  /// Null without TLS. Valid facts once handshake() was Ok: listener, SNI, protocol (tls.hpp).
  [[nodiscard]] const TlsStream* tls() const noexcept { return tls_.get(); }
  /// Why TLS failed, for the access log: static storage or OpenSSL's reason; empty without fault.
  [[nodiscard]] std::string_view tls_error() const noexcept;

 private:
  UniqueFd fd_;
  std::unique_ptr<TlsStream> tls_;
  Channel* channel_ = nullptr;
  runtime::SocketAddress peer_;
  runtime::SocketAddress local_;
};

/// sockaddr conversions, shared with the listener.
struct RawAddress {
  alignas(8) unsigned char bytes[28];
  unsigned length = 0;
};
[[nodiscard]] RawAddress to_raw(const runtime::SocketAddress& address) noexcept;
/// False for a family other than v4/v6. v4-mapped v6 addresses come out as v4.
[[nodiscard]] bool from_raw(const void* raw, std::size_t length, runtime::SocketAddress& out) noexcept;
[[nodiscard]] runtime::SocketAddress local_address(int fd) noexcept;

}  // namespace pintle::net
