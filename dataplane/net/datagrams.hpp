// UDP sockets of a bound address, one per worker, and datagrams in batches.
// The kernel spreads the clients over the sockets of one port by a hash of both addresses (SO_REUSEPORT). The number of
// sockets never changes while the port is bound, so all datagrams of a client meet the same worker.
// An answer must leave from the address its datagram came to, which a socket bound to every address does not know by
// itself: it is told with each datagram (IP_PKTINFO) and given back with the answer.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <pintle/base/error.hpp>
#include <pintle/runtime/endpoints.hpp>

#include "dataplane/net/unique_fd.hpp"

namespace pintle::net {

/// `count` sockets for one address: all, or an Error that names the address and the way out. The first binds without
/// SO_REUSEPORT, so a second program cannot join in silence (listener.hpp). Control thread.
[[nodiscard]] Result<std::vector<UniqueFd>> open_datagram_sockets(const runtime::SocketAddress& address,
                                                                  unsigned count);
/// A socket that talks with `peer` alone: faults that are told of it (ICMP) end as errors of its calls. Exhausted: no
/// descriptor or no local port is left.
[[nodiscard]] Result<UniqueFd> connect_datagram_socket(const runtime::SocketAddress& peer);

struct Datagram {
  runtime::SocketAddress from;
  runtime::SocketAddress to;  ///< the address of this machine it came to; port 0
  std::span<char> bytes;
};

/// Room for one batch; of a worker, used inside one event. Pages that no datagram has reached are not resident.
class DatagramBatch {
 public:
  static constexpr std::size_t most = 32;
  static constexpr std::size_t max_size = 64 * 1024;  ///< no datagram is larger

  /// How many datagrams were taken; fewer than `most` means drained. -1 with errno set: an error of the socket.
  [[nodiscard]] int receive(int fd);
  [[nodiscard]] Datagram at(std::size_t index) noexcept;
  /// Sends the first `count` on through `fd`, to `to` from `from`; what the socket does not take is lost, as datagrams
  /// may be. How many were taken.
  [[nodiscard]] std::size_t forward(std::size_t count, int fd, const runtime::SocketAddress& to,
                                    const runtime::SocketAddress& from);

 private:
  struct Slots;
  struct FreeSlots {
    void operator()(Slots* slots) const noexcept;
  };
  std::unique_ptr<Slots, FreeSlots> slots_;
  std::unique_ptr<char[]> bytes_;
};

/// Sends on a connected socket; false if it was not taken. errno tells why.
[[nodiscard]] bool send_datagram(int fd, std::span<const char> bytes) noexcept;

}  // namespace pintle::net
