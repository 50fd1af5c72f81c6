// A stream of a multiplexed connection as net::Connection sees it: bytes both ways without a socket of its own.
// The same rules as for a socket hold (connection.hpp): a short read means drained, until the stream's owner is told of
// more; what was written is taken whole, and has_pending() says that it is more than should wait. Worker thread.
#pragma once
#include <span>
#include <sys/uio.h>

#include "dataplane/net/connection.hpp"

namespace pintle::net {

class Channel {
 public:
  [[nodiscard]] virtual IoResult read(std::span<char> into) = 0;
  [[nodiscard]] virtual IoResult writev(std::span<const iovec> pieces) = 0;
  /// Write no more before the owner was told that there is room.
  [[nodiscard]] virtual bool has_pending() const noexcept = 0;
  /// Nothing more is written; what waits still goes out.
  virtual void shutdown_write() noexcept = 0;

 protected:
  ~Channel() = default;
};

}  // namespace pintle::net
