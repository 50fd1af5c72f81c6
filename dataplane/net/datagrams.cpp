#include "dataplane/net/datagrams.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/core.h>

#include "dataplane/net/connection.hpp"
#include "dataplane/net/listener.hpp"

namespace pintle::net {
namespace {

bool set_option(int fd, int level, int name) noexcept {
  const int one = 1;
  return ::setsockopt(fd, level, name, &one, sizeof one) == 0;
}

UniqueFd make_socket(const runtime::SocketAddress& address) noexcept {
  return UniqueFd(::socket(address.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

enum class Sharing : std::uint8_t { Exclusive, Shared };

Result<UniqueFd> open_one(const runtime::SocketAddress& address, Sharing sharing) {
  UniqueFd fd = make_socket(address);
  if (!fd) return explain_bind(errno, address);
  const bool told = address.v6 ? set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY) &&
                                     set_option(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO)
                               : set_option(fd.get(), IPPROTO_IP, IP_PKTINFO);
  const bool ready = told && (sharing == Sharing::Exclusive || set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT));
  const RawAddress raw = to_raw(address);
  if (!ready || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length) != 0)
    return explain_bind(errno, address);
  return fd;
}

constexpr std::size_t control_size = CMSG_SPACE(sizeof(in6_pktinfo));

/// The local address of a datagram, out of what came with it.
runtime::SocketAddress local_of(msghdr& message) noexcept {
  runtime::SocketAddress local;
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level == IPPROTO_IP && one->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(one), sizeof info);
      std::memcpy(local.ip.data(), &info.ipi_addr, 4);
    } else if (one->cmsg_level == IPPROTO_IPV6 && one->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(one), sizeof info);
      std::memcpy(local.ip.data(), &info.ipi6_addr, 16);
      local.v6 = true;
    }
  }
  return local;
}

/// The other way round: `message` is to leave from `from`. `room` is what it points to afterwards.
void leave_from(msghdr& message, const runtime::SocketAddress& from, char* room) noexcept {
  message.msg_control = room;
  message.msg_controllen = from.v6 ? CMSG_SPACE(sizeof(in6_pktinfo)) : CMSG_SPACE(sizeof(in_pktinfo));
  std::memset(room, 0, message.msg_controllen);
  cmsghdr* const one = CMSG_FIRSTHDR(&message);
  if (from.v6) {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, from.ip.data(), 16);
    one->cmsg_level = IPPROTO_IPV6;
    one->cmsg_type = IPV6_PKTINFO;
    one->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(one), &info, sizeof info);
  } else {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, from.ip.data(), 4);
    one->cmsg_level = IPPROTO_IP;
    one->cmsg_type = IP_PKTINFO;
    one->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(one), &info, sizeof info);
  }
}

}  // namespace

Result<std::vector<UniqueFd>> open_datagram_sockets(const runtime::SocketAddress& address, unsigned count) {
  std::vector<UniqueFd> sockets;
  sockets.reserve(count);
  runtime::SocketAddress chosen = address;
  for (unsigned i = 0; i < count; ++i) {
    auto next = open_one(chosen, i == 0 ? Sharing::Exclusive : Sharing::Shared);
    if (!next) return std::unexpected(std::move(next.error()));
    sockets.push_back(std::move(*next));
    if (i > 0 || count == 1) continue;
    if (!set_option(sockets.front().get(), SOL_SOCKET, SO_REUSEPORT)) return explain_bind(errno, address);
    if (chosen.port == 0) chosen.port = local_address(sockets.front().get()).port;
  }
  return sockets;
}

Result<UniqueFd> connect_datagram_socket(const runtime::SocketAddress& peer) {
  UniqueFd fd = make_socket(peer);
  const RawAddress raw = to_raw(peer);
  if (!fd) return make_error(ErrorCode::Exhausted, fmt::format("cannot open a socket: {}", std::strerror(errno)));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length) != 0)
    // EAGAIN: no local port is left.
    return make_error(errno == EAGAIN ? ErrorCode::Exhausted : ErrorCode::ConnectFailed,
                      fmt::format("no way to {}: {}", runtime::to_string(peer), std::strerror(errno)), Side::Upstream);
  return fd;
}

struct DatagramBatch::Slots {
  struct Slot {
    alignas(cmsghdr) char control[control_size];
    sockaddr_storage name;
    iovec piece;
    std::size_t length = 0;
  };
  std::array<Slot, most> slots;
  std::array<mmsghdr, most> messages;
};
void DatagramBatch::FreeSlots::operator()(Slots* slots) const noexcept { delete slots; }

int DatagramBatch::receive(int fd) {
  if (!slots_) {
    slots_.reset(new Slots{});
    bytes_.reset(new char[most * max_size]);
  }
  for (std::size_t i = 0; i < most; ++i) {
    Slots::Slot& slot = slots_->slots[i];
    slot.piece = {bytes_.get() + i * max_size, max_size};
    msghdr& message = slots_->messages[i].msg_hdr;
    message = {};
    message.msg_name = &slot.name;
    message.msg_namelen = sizeof slot.name;
    message.msg_iov = &slot.piece;
    message.msg_iovlen = 1;
    message.msg_control = slot.control;
    message.msg_controllen = control_size;
  }
  int count = 0;
  do {
    count = ::recvmmsg(fd, slots_->messages.data(), most, MSG_DONTWAIT, nullptr);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return errno == EAGAIN ? 0 : -1;
  for (int i = 0; i < count; ++i)
    slots_->slots[static_cast<std::size_t>(i)].length = slots_->messages[static_cast<std::size_t>(i)].msg_len;
  return count;
}

Datagram DatagramBatch::at(std::size_t index) noexcept {
  Slots::Slot& slot = slots_->slots[index];
  msghdr& message = slots_->messages[index].msg_hdr;
  Datagram datagram;
  static_cast<void>(from_raw(&slot.name, message.msg_namelen, datagram.from));
  datagram.from.transport = runtime::Transport::Udp;
  datagram.to = local_of(message);
  datagram.bytes = {static_cast<char*>(slot.piece.iov_base), slot.length};
  return datagram;
}

std::size_t DatagramBatch::forward(std::size_t count, int fd, const runtime::SocketAddress& to,
                                   const runtime::SocketAddress& from) {
  RawAddress raw = to_raw(to);
  for (std::size_t i = 0; i < count; ++i) {
    Slots::Slot& slot = slots_->slots[i];
    slot.piece.iov_len = slot.length;
    msghdr& message = slots_->messages[i].msg_hdr;
    message = {};
    message.msg_name = raw.bytes;
    message.msg_namelen = raw.length;
    message.msg_iov = &slot.piece;
    message.msg_iovlen = 1;
    leave_from(message, from, slot.control);
  }
  std::size_t taken = 0;
  while (taken < count) {
    const int sent = ::sendmmsg(fd, slots_->messages.data() + taken, static_cast<unsigned>(count - taken),
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      taken += static_cast<std::size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    break;
  }
  return taken;
}

bool send_datagram(int fd, std::span<const char> bytes) noexcept {
  ssize_t sent = 0;
  do {
    sent = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

}  // namespace pintle::net
