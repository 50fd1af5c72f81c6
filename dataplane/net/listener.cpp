#include "dataplane/net/listener.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <fmt/core.h>

#include "dataplane/net/connection.hpp"

namespace pintle::net {
namespace {

constexpr int backlog = 4096;

bool set_option(int fd, int level, int name, int value = 1) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/// Bytes the kernel takes for a client beyond what is on its way. Without it a client that reads nothing pins megabytes
/// of kernel memory, and hundreds of them all that TCP may have (req 49).
constexpr int unsent_limit = 256 * 1024;

enum class Sharing : std::uint8_t { Exclusive, Shared };

Result<UniqueFd> open_one(const runtime::SocketAddress& address, Sharing sharing) {
  UniqueFd fd(::socket(address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return explain_bind(errno, address);
  // SO_REUSEADDR lets a restart bind over connections in TIME_WAIT; it never lets two listeners share a port.
  const bool ready = set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR) &&
                     (!address.v6 || set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY)) &&
                     // The next two are inherited by what is accepted.
                     set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY) &&
                     set_option(fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent_limit) &&
                     (sharing == Sharing::Exclusive || set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT));
  const RawAddress raw = to_raw(address);
  if (!ready || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length) != 0 ||
      ::listen(fd.get(), backlog) != 0)
    return explain_bind(errno, address);
  return fd;
}

}  // namespace

std::unexpected<Error> explain_bind(int error, const runtime::SocketAddress& address) {
  const std::string where = runtime::to_string(address);
  switch (error) {
    case EADDRINUSE:
      return make_error(ErrorCode::AddressInUse,
                        fmt::format("cannot listen on {}: the port is in use by another program; stop that program or "
                                    "choose another port (pintle serve: --port-offset)",
                                    where));
    case EACCES:
    case EPERM:
      return make_error(
          ErrorCode::PermissionDenied,
          fmt::format("cannot listen on {}: ports below 1024 need the capability NET_BIND_SERVICE; grant it "
                      "or choose a higher port (pintle serve: --port-offset)",
                      where));
    case EADDRNOTAVAIL:
      return make_error(
          ErrorCode::InvalidArgument,
          fmt::format("cannot listen on {}: this machine has no such address; use one that it has", where));
    case EMFILE:
    case ENFILE:
      return make_error(
          ErrorCode::Exhausted,
          fmt::format("cannot listen on {}: no file descriptors left; raise the limit (ulimit -n)", where));
    default:
      return make_error(ErrorCode::Internal, fmt::format("cannot listen on {}: {}", where, std::strerror(error)));
  }
}

Result<std::vector<UniqueFd>> open_listening_sockets(const runtime::SocketAddress& address, unsigned count) {
  std::vector<UniqueFd> sockets;
  sockets.reserve(count);
  auto first = open_one(address, Sharing::Exclusive);
  if (!first) return std::unexpected(std::move(first.error()));
  sockets.push_back(std::move(*first));
  if (count == 1) return sockets;
  if (!set_option(sockets.front().get(), SOL_SOCKET, SO_REUSEPORT)) return explain_bind(errno, address);
  runtime::SocketAddress chosen = address;
  if (chosen.port == 0) chosen.port = local_address(sockets.front().get()).port;
  for (unsigned i = 1; i < count; ++i) {
    auto next = open_one(chosen, Sharing::Shared);
    if (!next) return std::unexpected(std::move(next.error()));
    sockets.push_back(std::move(*next));
  }
  return sockets;
}

void ReserveDescriptor::refill() noexcept { fd_ = UniqueFd(::eventfd(0, EFD_CLOEXEC)); }

bool ReserveDescriptor::shed_one(int listening_fd) noexcept {
  fd_.reset();
  UniqueFd client(::accept4(listening_fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const bool shed = static_cast<bool>(client);
  client.reset();
  refill();
  return shed;
}

AcceptFailure classify_accept_error(int error) noexcept {
  switch (error) {
    case EAGAIN:
      return AcceptFailure::Drained;
    case EMFILE:
    case ENFILE:
      return AcceptFailure::NoDescriptors;
    case ENOBUFS:
    case ENOMEM:
      return AcceptFailure::NoMemory;
    // The connection at the head of the queue died, or the network has a fault to tell (accept(2)); the next may be
    // well.
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EOPNOTSUPP:
    case ETIMEDOUT:
      return AcceptFailure::TryNext;
    default:
      return AcceptFailure::Broken;
  }
}

Listener::Listener(const Environment& environment, UniqueFd fd) noexcept : env_(environment), fd_(std::move(fd)) {}

Listener::~Listener() {
  if (started_) env_.poller.remove(fd_.get(), *this);
}

Result<void> Listener::start() {
  if (auto added = env_.poller.add(fd_.get(), *this); !added) return added;
  started_ = true;
  return {};
}

void Listener::resume() noexcept {
  if (!held_) return;
  held_ = false;
  env_.poller.rearm(fd_.get(), *this);
}

void Listener::on_events(std::uint32_t /*events*/) { accept_some(); }

void Listener::accept_some() {
  for (unsigned i = 0; i < accepts_a_turn; ++i) {
    if (held_ || paused_) return;
    sockaddr_storage storage;
    socklen_t length = sizeof storage;
    UniqueFd client(::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&storage), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      runtime::SocketAddress peer;
      static_cast<void>(from_raw(&storage, length, peer));
      env_.sink.on_accept(*this, std::move(client), peer);
      continue;
    }
    switch (const AcceptFailure failure = classify_accept_error(errno)) {
      case AcceptFailure::Drained:
        return;
      case AcceptFailure::TryNext:
        continue;
      case AcceptFailure::NoDescriptors:
      case AcceptFailure::NoMemory:
      case AcceptFailure::Broken:
        return pause(failure);
    }
  }
  // Others have their turn first; what waits in the backlog is told again.
  env_.poller.rearm(fd_.get(), *this);
}

void Listener::pause(AcceptFailure failure) {
  if (failure == AcceptFailure::NoDescriptors && env_.reserve.shed_one(fd_.get())) ++shed_;
  paused_ = true;
  env_.wheel.arm(pause_timer_, env_.poller.now() + pause_time);
  env_.sink.on_accept_exhausted(*this, failure);
}

void Listener::on_pause_over() {
  paused_ = false;
  accept_some();
}

}  // namespace pintle::net
