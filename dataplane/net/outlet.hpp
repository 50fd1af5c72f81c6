// The sending side of a connection: what the socket takes goes out at once, the rest waits here in order.
// Whoever fills it reads no more on its behalf while is_waiting(), so a slow reader pins little (req 49).
// Owner: whoever owns the connection. Worker thread.
#pragma once
#include <cstdint>
#include <span>
#include <sys/uio.h>

#include "dataplane/net/buffer.hpp"
#include "dataplane/net/connection.hpp"
#include "dataplane/net/pipe.hpp"

namespace pintle::net {

enum class Sent : std::uint8_t {
  All,
  Waiting,  ///< the socket took a part: flush() on event_writable
  Failed    ///< the connection is broken
};

/// What became of bytes on their way from one socket to another.
struct Passed {
  IoResult read;  ///< of the socket they came from; a short one does not mean that it is drained
  Sent sent = Sent::All;
};

class Outlet {
 public:
  explicit Outlet(BufferPool& pool) noexcept : queue_(pool) {}

  /// Pieces are read before it returns, so they may lie in borrowed memory.
  [[nodiscard]] Sent send(Connection& connection, std::span<const iovec> pieces);
  /// At most `most` bytes that `from` has received, within the kernel. Both are plain and nothing waits here. What the
  /// socket does not take waits in the pipe.
  [[nodiscard]] Passed pass(const Connection& from, const Connection& to, Pipe pipe, std::size_t most);
  [[nodiscard]] Sent flush(Connection& connection);

  /// Bytes wait for the socket.
  [[nodiscard]] bool is_waiting() const noexcept { return waiting_; }
  /// Since clear() not a byte was taken by the connection: its peer cannot have seen any.
  [[nodiscard]] bool is_untouched() const noexcept { return untouched_; }
  /// For another connection. What waited is gone.
  void clear() noexcept {
    queue_.clear();
    pipe_.reset();
    waiting_ = false;
    untouched_ = true;
  }

 private:
  void keep(std::span<const iovec> pieces, std::size_t sent);
  [[nodiscard]] Sent drain_pipe(const Connection& connection);
  Pipe pipe_;  ///< its bytes go before those of the queue
  OwnedChunks queue_;
  bool waiting_ = false;  ///< bytes in the pipe or the queue, or encrypted ones in the connection
  bool untouched_ = true;
};

}  // namespace pintle::net
