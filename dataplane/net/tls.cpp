#include "dataplane/net/tls.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dataplane/net/socket_calls.hpp"
#include "dataplane/net/tls_bio.hpp"
#include "dataplane/net/tls_callbacks.hpp"
#include "dataplane/net/tls_contexts.hpp"
#include "dataplane/net/worker_context.hpp"

namespace pintle::net {

TlsStream::TlsStream(int fd, TlsWorker& worker, std::shared_ptr<const TlsContexts> contexts, const TlsSocket* socket)
    : fd_(fd), worker_(worker), contexts_(std::move(contexts)), socket_(socket), pending_(worker.pool_) {}

/// False: no memory.
bool TlsStream::sit_on_socket() {
  BIO* bio = ssl_ == nullptr ? nullptr : TlsBio::make(*this);
  if (bio == nullptr) {
    ERR_clear_error();
    return false;
  }
  SSL_set_bio(ssl_, bio, bio);
  TlsCallbacks::bind(ssl_, *this);
  return true;
}

Result<std::unique_ptr<TlsStream>> TlsStream::accept(int fd, TlsWorker& worker,
                                                     std::shared_ptr<const TlsContexts> contexts,
                                                     const TlsSocket& socket) {
  SSL_CTX* base = contexts->base().native();
  std::unique_ptr<TlsStream> stream(new TlsStream(fd, worker, std::move(contexts), &socket));
  stream->ssl_ = SSL_new(base);
  if (!stream->sit_on_socket())
    return make_error(ErrorCode::Exhausted, "no memory for a TLS connection", Side::Downstream);
  SSL_set_accept_state(stream->ssl_);
  return stream;
}

Result<std::unique_ptr<TlsStream>> TlsStream::adopt(int fd, TlsWorker& worker, SSL* ssl) {
  std::unique_ptr<TlsStream> stream(new TlsStream(fd, worker, nullptr, nullptr));
  stream->ssl_ = ssl;
  if (!stream->sit_on_socket())
    return make_error(ErrorCode::Exhausted, "no memory for a TLS connection", Side::Upstream);
  return stream;
}

bool attach_tls(const WorkerContext& context, const BoundSocket& socket, Connection& connection) {
  const auto& contexts = context.current.get().shared_tls();
  const TlsSocket* tls_socket = contexts ? contexts->find_socket(socket.id) : nullptr;
  if (tls_socket == nullptr || context.tls == nullptr) return false;
  auto stream = TlsStream::accept(connection.descriptor(), *context.tls, contexts, *tls_socket);
  if (!stream) return false;
  connection.attach_tls(std::move(*stream));
  return true;
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

IoResult TlsStream::handshake() {
  if (established_) {
    after_handshake_ = Inbound::Unknown;
    return {};
  }
  if (failed_) return result(0, IoStatus::Error);
  inbound_ = Inbound::Unknown;
  ERR_clear_error();
  IoStatus status = IoStatus::Ok;
  do {
    const int done = SSL_do_handshake(ssl_);
    status = done == 1 ? IoStatus::Ok : classify(done);
  } while (status == IoStatus::WouldBlock && look_for_end());
  if (status == IoStatus::Ok) {
    established_ = true;
    socket_ = nullptr;
    contexts_.reset();
    after_handshake_ = inbound_;
    if (hold_ticket()) return {};
  } else if (status == IoStatus::Eof) {
    failed_ = true;
    if (error_.empty()) error_ = "closed within the handshake";
    status = IoStatus::Error;
  }
  if (send_gathered() == IoStatus::Error) status = IoStatus::Error;
  return result(0, status);
}

/// In TLS 1.3 nothing but the ticket is left to send, and it can wait for the first answer. Not for longer than until
/// it is known that no request is there yet: a client with Nagle on sends it when what went before is acknowledged.
bool TlsStream::hold_ticket() {
  if (SSL_version(ssl_) != TLS1_3_VERSION || !pending_.empty()) return false;
  const std::size_t size = std::exchange(worker_.gathered_, 0);
  pending_.append(std::span<const char>(worker_.gather_.get(), size));
  ticket_waits_ = size > 0;
  return true;
}

IoResult TlsStream::read(std::span<char> into) {
  if (!established_) {
    const IoResult shaken = handshake();
    if (shaken.status != IoStatus::Ok) return shaken;
  }
  if (failed_) return result(0, IoStatus::Error);
  inbound_ = std::exchange(after_handshake_, Inbound::Unknown);
  ERR_clear_error();
  std::size_t total = 0;
  IoStatus status = IoStatus::Ok;
  while (total < into.size()) {
    std::size_t n = 0;
    const int done = SSL_read_ex(ssl_, into.data() + total, into.size() - total, &n);
    if (done != 1) {
      status = classify(done);
      if (status == IoStatus::WouldBlock && total == 0 && look_for_end()) continue;
      break;
    }
    total += n;
  }
  // An answer to a key update or an alert.
  if (worker_.gathered_ > 0 && send_gathered() == IoStatus::Error) status = IoStatus::Error;
  // What was read first is told first; the end or the fault is met again by the next call.
  if (total > 0) return {.bytes = total};
  return result(0, into.empty() ? IoStatus::Ok : status);
}

IoResult TlsStream::writev(std::span<const iovec> pieces) {
  if (failed_ || !established_) return result(0, failed_ ? IoStatus::Error : IoStatus::WouldBlock);
  if (!pending_.empty() && !ticket_waits_)
    if (const IoResult flushed = flush(); flushed.status != IoStatus::Ok) return flushed;
  ERR_clear_error();
  std::size_t total = 0;      // plain bytes turned into records
  std::size_t in_gather = 0;  // of them, not sent yet
  std::size_t offset = 0;     // within pieces.front()
  while (!pieces.empty()) {
    const char* record = nullptr;
    std::size_t length = 0;
    const std::size_t front_left = pieces.front().iov_len - offset;
    if (front_left >= TlsWorker::record_size || pieces.size() == 1) {
      record = static_cast<const char*>(pieces.front().iov_base) + offset;
      length = std::min(front_left, TlsWorker::record_size);
      offset += length;
    } else {
      // Head and small body share a record.
      while (!pieces.empty() && length < TlsWorker::record_size) {
        const std::size_t now = std::min(pieces.front().iov_len - offset, TlsWorker::record_size - length);
        if (now > 0)
          std::memcpy(worker_.record_.get() + length, static_cast<const char*>(pieces.front().iov_base) + offset, now);
        length += now;
        offset += now;
        if (offset < pieces.front().iov_len) break;
        pieces = pieces.subspan(1);
        offset = 0;
      }
      record = worker_.record_.get();
    }
    while (!pieces.empty() && offset == pieces.front().iov_len) {
      pieces = pieces.subspan(1);
      offset = 0;
    }
    if (length == 0) continue;
    if (!encrypt(record, length)) return result(total, IoStatus::Error);
    total += length;
    in_gather += length;
    if (in_gather < TlsWorker::gather_plain && !pieces.empty()) continue;
    in_gather = 0;
    if (pieces.empty() && last_write_) SSL_shutdown(ssl_);
    const IoStatus sent = send_gathered();
    if (sent == IoStatus::Error) return result(total, sent);
    if (sent == IoStatus::Ok) continue;
    last_write_ = false;  // the rest comes in pieces: none of them is known to be the last
    return result(total, pieces.empty() ? IoStatus::Ok : IoStatus::WouldBlock);
  }
  return {.bytes = total};
}

IoResult TlsStream::flush() {
  if (failed_) return result(0, IoStatus::Error);
  return result(0, send_gathered());
}

void TlsStream::shutdown_write() noexcept {
  if (!established_ || failed_ || (SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) != 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  send_gathered();
  ERR_clear_error();
}

bool TlsStream::has_unread() const noexcept { return SSL_has_pending(ssl_) == 1; }

bool TlsStream::peer_ended() const noexcept { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }

IoStatus TlsStream::classify(int ssl_result) noexcept {
  switch (SSL_get_error(ssl_, ssl_result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return IoStatus::WouldBlock;
    case SSL_ERROR_ZERO_RETURN:
      return IoStatus::Eof;
    default:
      break;
  }
  const unsigned long code = ERR_peek_error();
  failed_ = true;
  const long verdict = SSL_get_verify_result(ssl_);
  if (error_.empty() && !established_ && verdict != X509_V_OK) error_ = X509_verify_cert_error_string(verdict);
  if (error_.empty()) {
    const char* reason = ERR_reason_error_string(code);
    error_ = reason != nullptr ? reason : (io_errno_ != 0 ? "connection lost" : "TLS fault");
  }
  ERR_clear_error();
  return IoStatus::Error;
}

bool TlsStream::encrypt(const char* bytes, std::size_t length) noexcept {
  std::size_t taken = 0;
  const int done = SSL_write_ex(ssl_, bytes, length, &taken);
  if (done == 1 && taken == length) return true;
  classify(done);
  failed_ = true;
  worker_.gathered_ = 0;
  return false;
}

void TlsStream::gather(const char* bytes, std::size_t length) {
  if (worker_.gathered_ + length > TlsWorker::gather_size) {
    pending_.append(std::span<const char>(worker_.gather_.get(), worker_.gathered_));
    worker_.gathered_ = 0;
  }
  if (length > TlsWorker::gather_size) {
    pending_.append(std::span<const char>(bytes, length));
    return;
  }
  std::memcpy(worker_.gather_.get() + worker_.gathered_, bytes, length);
  worker_.gathered_ += length;
}

// The gather buffer is everyone's: it is empty again whenever a call leaves this class.
IoStatus TlsStream::send_gathered() {
  const std::size_t fresh = std::exchange(worker_.gathered_, 0);
  ticket_waits_ = false;
  std::size_t fresh_sent = 0;
  while (!pending_.empty() || fresh_sent < fresh) {
    iovec pieces[16];
    std::size_t count = pending_.peek(std::span(pieces).first(15));
    std::size_t asked = 0;
    for (std::size_t i = 0; i < count; ++i) asked += pieces[i].iov_len;
    if (asked == pending_.size() && fresh_sent < fresh) {
      pieces[count++] = iovec{worker_.gather_.get() + fresh_sent, fresh - fresh_sent};
      asked += fresh - fresh_sent;
    }
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    ssize_t n = 0;
    do {
      n = socket_calls::send(fd_, message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      io_errno_ = errno;
      failed_ = true;
      if (error_.empty()) error_ = "connection lost";
      pending_.clear();
      return IoStatus::Error;
    }
    const std::size_t sent = n < 0 ? 0 : static_cast<std::size_t>(n);
    const std::size_t from_pending = std::min(sent, pending_.size());
    pending_.consume(from_pending);
    fresh_sent += sent - from_pending;
    if (sent == asked) continue;
    if (fresh_sent < fresh)
      pending_.append(std::span<const char>(worker_.gather_.get() + fresh_sent, fresh - fresh_sent));
    return IoStatus::WouldBlock;
  }
  return IoStatus::Ok;
}

std::string_view TlsStream::listener_hostname() const noexcept {
  return listener_ ? std::string_view(listener_->hostname) : std::string_view{};
}
ListenerId TlsStream::listener() const noexcept { return listener_ ? listener_->listener : ListenerId{}; }
Generation TlsStream::generation() const noexcept { return listener_ ? listener_->generation : Generation{}; }
std::string_view TlsStream::version() const noexcept { return SSL_get_version(ssl_); }
bool TlsStream::resumed() const noexcept { return SSL_session_reused(ssl_) == 1; }

std::string_view TlsStream::cipher() const noexcept {
  const char* name = SSL_get_cipher_name(ssl_);
  return name != nullptr ? name : "";
}

std::string_view TlsStream::alpn() const noexcept {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_, &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

}  // namespace pintle::net
