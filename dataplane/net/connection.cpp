#include "dataplane/net/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <fmt/core.h>

#include "dataplane/net/channel.hpp"
#include "dataplane/net/socket_calls.hpp"
#include "dataplane/net/tls.hpp"

namespace pintle::net {
namespace {

constexpr std::size_t max_pieces = 16;

IoResult from_errno() noexcept {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {.status = IoStatus::WouldBlock};
  return {.status = IoStatus::Error, .error = errno};
}

/// This machine has no port or memory left for a connect; the peer is not at fault.
bool is_exhaustion(int error) noexcept {
  return error == EADDRNOTAVAIL || error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

IoResult send_piece(int fd, const iovec& piece) noexcept {
  ssize_t n = 0;
  do {
    n = socket_calls::send(fd, piece.iov_base, piece.iov_len, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return from_errno();
  const auto sent = static_cast<std::size_t>(n);
  return {.bytes = sent, .status = sent == piece.iov_len ? IoStatus::Ok : IoStatus::WouldBlock};
}

}  // namespace

Connection::Connection() noexcept = default;
Connection::Connection(UniqueFd fd, const runtime::SocketAddress& peer, const runtime::SocketAddress& local) noexcept
    : fd_(std::move(fd)), peer_(peer), local_(local) {}
Connection::Connection(Channel& channel, const runtime::SocketAddress& peer) noexcept
    : channel_(&channel), peer_(peer) {}
Connection::Connection(Connection&& other) noexcept = default;
Connection::~Connection() { close(); }

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::move(other.fd_);
    tls_ = std::move(other.tls_);
    channel_ = other.channel_;
    peer_ = other.peer_;
    local_ = other.local_;
  }
  return *this;
}

Result<Connection> Connection::connect(const runtime::SocketAddress& peer) {
  UniqueFd fd(::socket(peer.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd)
    return make_error(ErrorCode::Exhausted, fmt::format("cannot open a socket: {}", std::strerror(errno)),
                      Side::Internal, Retry::Always);
  const int one = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const RawAddress raw = to_raw(peer);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length) != 0 && errno != EINPROGRESS)
    return make_error(is_exhaustion(errno) ? ErrorCode::Exhausted : ErrorCode::ConnectFailed,
                      fmt::format("connect to {}: {}", runtime::to_string(peer), std::strerror(errno)), Side::Upstream,
                      Retry::Always);
  return Connection(std::move(fd), peer, {});
}

Result<void> Connection::connect_result() {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0)
    return make_error(ErrorCode::ConnectFailed,
                      fmt::format("connect to {}: {}", runtime::to_string(peer_), std::strerror(error)), Side::Upstream,
                      Retry::Always);
  local_ = local_address(fd_.get());
  return {};
}

void Connection::attach_tls(std::unique_ptr<TlsStream> tls) noexcept { tls_ = std::move(tls); }

IoResult Connection::handshake() { return tls_ ? tls_->handshake() : IoResult{}; }

IoResult Connection::read(std::span<char> into) {
  if (tls_) return tls_->read(into);
  if (channel_ != nullptr) return channel_->read(into);
  if (into.empty()) return {};
  ssize_t n = 0;
  do {
    n = socket_calls::receive(fd_.get(), into.data(), into.size(), 0);
  } while (n < 0 && errno == EINTR);
  if (n > 0) return {.bytes = static_cast<std::size_t>(n)};
  if (n == 0) return {.status = IoStatus::Eof};
  return from_errno();
}

IoResult Connection::write(std::span<const char> bytes) {
  const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  return writev({&piece, 1});
}

IoResult Connection::writev(std::span<const iovec> pieces) {
  if (tls_) return tls_->writev(pieces);
  if (channel_ != nullptr) return channel_->writev(pieces);
  if (pieces.size() == 1) return send_piece(fd_.get(), pieces.front());
  std::size_t total = 0;
  while (!pieces.empty()) {
    const auto now = pieces.first(std::min(pieces.size(), max_pieces));
    std::size_t asked = 0;
    for (const iovec& piece : now) asked += piece.iov_len;
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(now.data());
    message.msg_iovlen = now.size();
    ssize_t n = 0;
    do {
      n = socket_calls::send(fd_.get(), message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
      IoResult failed = from_errno();
      failed.bytes = total;
      return failed;
    }
    total += static_cast<std::size_t>(n);
    if (static_cast<std::size_t>(n) < asked) return {.bytes = total, .status = IoStatus::WouldBlock};
    pieces = pieces.subspan(now.size());
  }
  return {.bytes = total};
}

IoResult Connection::flush() {
  if (tls_) return tls_->flush();
  if (channel_ != nullptr && channel_->has_pending()) return {.status = IoStatus::WouldBlock};
  return {};
}

bool Connection::has_pending() const noexcept {
  if (tls_) return tls_->has_pending();
  return channel_ != nullptr && channel_->has_pending();
}

void Connection::expect_input() noexcept {
  if (tls_) tls_->expect_input();
}

void Connection::expect_end() noexcept {
  if (tls_) tls_->expect_end();
}

void Connection::end_with_next_write() noexcept {
  if (tls_) tls_->end_with_next_write();
}

void Connection::shutdown_write() noexcept {
  if (channel_ != nullptr) return channel_->shutdown_write();
  if (!fd_) return;
  if (tls_) tls_->shutdown_write();
  ::shutdown(fd_.get(), SHUT_WR);
}

void Connection::close() noexcept {
  if (!fd_) return;
  if (tls_) tls_->shutdown_write();
  tls_.reset();
  fd_.reset();
}

void Connection::arm_abort() noexcept {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void Connection::abort() noexcept {
  if (!fd_) return;
  arm_abort();
  tls_.reset();
  fd_.reset();
}

std::string_view Connection::tls_error() const noexcept { return tls_ ? tls_->error() : std::string_view{}; }

RawAddress to_raw(const runtime::SocketAddress& address) noexcept {
  static_assert(sizeof(sockaddr_in6) <= sizeof(RawAddress::bytes));
  RawAddress raw{};
  if (address.v6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    std::memcpy(&v6.sin6_addr, address.ip.data(), 16);
    std::memcpy(raw.bytes, &v6, sizeof v6);
    raw.length = sizeof v6;
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.data(), 4);
    std::memcpy(raw.bytes, &v4, sizeof v4);
    raw.length = sizeof v4;
  }
  return raw;
}

bool from_raw(const void* raw, std::size_t length, runtime::SocketAddress& out) noexcept {
  out = {};
  sa_family_t family = AF_UNSPEC;
  if (length < sizeof family) return false;
  std::memcpy(&family, raw, sizeof family);
  if (family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, raw, sizeof v4);
    std::memcpy(out.ip.data(), &v4.sin_addr, 4);
    out.port = ntohs(v4.sin_port);
    return true;
  }
  if (family != AF_INET6 || length < sizeof(sockaddr_in6)) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, raw, sizeof v6);
  out.port = ntohs(v6.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    std::memcpy(out.ip.data(), v6.sin6_addr.s6_addr + 12, 4);
  } else {
    out.v6 = true;
    std::memcpy(out.ip.data(), &v6.sin6_addr, 16);
  }
  return true;
}

runtime::SocketAddress local_address(int fd) noexcept {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  runtime::SocketAddress address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) == 0)
    static_cast<void>(from_raw(&storage, length, address));
  return address;
}

}  // namespace pintle::net
