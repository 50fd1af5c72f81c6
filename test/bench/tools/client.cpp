#include "test/bench/tools/client.hpp"

#include <array>
#include <cerrno>
#include <span>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "test/bench/tools/sockets.hpp"

namespace pintle::bench {
namespace {

/// All bodies land here: nobody looks at them, and a private buffer each would cost the generator its cache.
std::array<char, 262144> scratch;

bool wants_more(SSL* ssl, int result) {
  const int why = SSL_get_error(ssl, result);
  ERR_clear_error();
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

}  // namespace

void SslContextDeleter::operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
void SslDeleter::operator()(SSL* ssl) const noexcept { SSL_free(ssl); }

SslContext make_client_context() {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

bool Client::connect(int epoll) {
  drop();
  descriptor_ = connect_to(target_.port, Connecting::InBackground);
  if (descriptor_ < 0) return false;
  if (target_.tls != nullptr) {
    ssl_.reset(SSL_new(target_.tls));
    SSL_set_fd(ssl_.get(), descriptor_);
    SSL_set_tlsext_host_name(ssl_.get(), target_.server_name.c_str());
    SSL_set_connect_state(ssl_.get());
  }
  state_ = State::Connecting;
  watch(epoll, descriptor_, this);
  return true;
}

void Client::drop() {
  ssl_.reset();
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
  state_ = State::Closed;
}

Client::Outcome Client::ask() {
  reader_.reset();
  unsent_ = target_.request;
  state_ = State::Asking;
  // The answer, however fast, is an event of its own: reading here would only find EAGAIN.
  return write_request() == Io::Ended ? Outcome::Failed : Outcome::Pending;
}

Client::Outcome Client::advance() {
  switch (state_) {
    case State::Closed:
      return Outcome::Pending;
    case State::Connecting:
      return connect_further();
    case State::Idle:
      return read_answer() == Io::Blocked ? Outcome::Pending : Outcome::Failed;
    case State::Asking:
      break;
  }
  if (write_request() == Io::Ended) return Outcome::Failed;
  const Io reading = read_answer();
  if (reader_.done()) {
    state_ = State::Idle;
    return Outcome::Answered;
  }
  return reading == Io::Blocked ? Outcome::Pending : Outcome::Failed;
}

Client::Outcome Client::connect_further() {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  if (error != 0) return Outcome::Failed;
  if (getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) return Outcome::Pending;
  if (ssl_) {
    const Io handshake = shake_hands();
    if (handshake != Io::Moved) return handshake == Io::Blocked ? Outcome::Pending : Outcome::Failed;
  }
  state_ = State::Idle;
  return Outcome::Connected;
}

Client::Io Client::shake_hands() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Io::Moved;
  return wants_more(ssl_.get(), result) ? Io::Blocked : Io::Ended;
}

Client::Io Client::write_request() {
  while (!unsent_.empty()) {
    std::size_t count = 0;
    if (ssl_) {
      const int result = SSL_write_ex(ssl_.get(), unsent_.data(), unsent_.size(), &count);
      if (result != 1) return wants_more(ssl_.get(), result) ? Io::Blocked : Io::Ended;
    } else {
      const std::ptrdiff_t result = write_some(descriptor_, unsent_);
      if (result < 0) return errno == EAGAIN ? Io::Blocked : Io::Ended;
      count = static_cast<std::size_t>(result);
    }
    unsent_.remove_prefix(count);
  }
  return Io::Moved;
}

Client::Io Client::read_answer() {
  while (!reader_.done() || state_ == State::Idle) {
    std::size_t count = 0;
    if (ssl_) {
      const int result = SSL_read_ex(ssl_.get(), scratch.data(), scratch.size(), &count);
      if (result != 1) return wants_more(ssl_.get(), result) ? Io::Blocked : Io::Ended;
    } else {
      const std::ptrdiff_t result = read_some(descriptor_, scratch);
      if (result <= 0) return result < 0 && errno == EAGAIN ? Io::Blocked : Io::Ended;
      count = static_cast<std::size_t>(result);
    }
    if (reader_.feed({scratch.data(), count}) != count) return Io::Ended;  // bytes nobody asked for
    // Short of the room means drained; TLS records are never longer than a fraction of it, so TLS reads on.
    if (!ssl_ && count < scratch.size()) return Io::Blocked;
  }
  return Io::Moved;
}

}  // namespace pintle::bench
