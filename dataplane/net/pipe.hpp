// Pipes through which a body passes from one plain socket to another within the kernel, uncopied (splice(2)).
//
//   socket ── fill ──> │ pipe: usually empty again at the end of the event │ ── drain ──> socket
//
// A Pipe is lent by the worker's PipePool and goes back there empty; one that is given up with bytes in it is closed.
// Guarantees: a pool never has more than a fixed number of pipes, those lent to slow readers included; where the system
// gives none (descriptors, pipe pages of the user: pipe(7)), the caller gets an empty handle and copies instead.
// The program ignores SIGPIPE: splice(2) knows no MSG_NOSIGNAL. Owner: the worker. Worker thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "dataplane/net/connection.hpp"
#include "dataplane/net/unique_fd.hpp"

namespace pintle::net {

class PipePool;

class Pipe {
 public:
  Pipe() noexcept = default;
  Pipe(Pipe&& other) noexcept;
  Pipe& operator=(Pipe&& other) noexcept;
  ~Pipe() { reset(); }

  explicit operator bool() const noexcept { return pool_ != nullptr; }
  /// Bytes that passed fill() and not drain().
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Takes at most `most` bytes that `socket` has received. Only while empty, or WouldBlock could mean a full pipe. A
  /// short fill says nothing about what is left in the socket: a pipe is full by segments too.
  [[nodiscard]] IoResult fill(int socket, std::size_t most) noexcept;
  /// Gives `socket` as much as it takes; WouldBlock: the rest stays here, and event_writable will be told.
  [[nodiscard]] IoResult drain(int socket) noexcept;
  /// Back to the pool.
  void reset() noexcept;

 private:
  friend class PipePool;
  struct Ends {
    UniqueFd out;
    UniqueFd in;
  };
  Pipe(PipePool& pool, Ends ends) noexcept : pool_(&pool), ends_(std::move(ends)) {}

  PipePool* pool_ = nullptr;
  Ends ends_;
  std::size_t size_ = 0;
};

class PipePool {
 public:
  /// Room for a whole read of a body. A pipe is full by segments too: of 1448 bytes each it takes 92 KB.
  static constexpr std::size_t capacity = 256 * 1024;
  static constexpr std::size_t default_limit = 256;

  explicit PipePool(std::size_t limit = default_limit) noexcept : limit_(limit) {}
  PipePool(const PipePool&) = delete;
  PipePool& operator=(const PipePool&) = delete;

  /// Empty: none is to be had now.
  [[nodiscard]] Pipe take();
  void set_limit(std::size_t limit) noexcept { limit_ = limit; }
  /// Closes those that are not lent (memory pressure, no descriptors left).
  void trim() noexcept;

  [[nodiscard]] std::size_t open_count() const noexcept { return open_; }
  [[nodiscard]] std::size_t lent_count() const noexcept { return open_ - free_.size(); }
  /// Bytes that passed through all pipes.
  [[nodiscard]] std::uint64_t passed() const noexcept { return passed_; }

 private:
  friend class Pipe;
  static constexpr std::size_t most_free = 16;
  /// After a refusal so many calls of take() do not ask again.
  static constexpr unsigned calls_unasked = 1024;

  [[nodiscard]] Pipe open();
  void give_back(Pipe::Ends ends, std::size_t unread) noexcept;

  std::vector<Pipe::Ends> free_;
  std::size_t limit_;
  std::size_t open_ = 0;
  unsigned unasked_ = 0;
  std::uint64_t passed_ = 0;
};

}  // namespace pintle::net
