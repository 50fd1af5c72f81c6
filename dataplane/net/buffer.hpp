// Memory of the data path, all per worker, no locks:
//   BufferPool   LIFO of 16 KB buffers (request heads, queued bytes); an idle connection owns none
//   Scratch      256 KB for bodies, borrowed only inside one event
//   OwnedChunks  bytes a socket did not take, in pool buffers, with the read allowance of whoever fills it
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <sys/uio.h>
#include <utility>
#include <vector>

namespace pintle::net {

inline constexpr std::size_t buffer_size = 16 * 1024;
inline constexpr std::size_t scratch_size = 256 * 1024;
inline constexpr std::size_t slow_reader_limit = 64 * 1024;

class BufferPool;

/// Owns one pool buffer, or none. Must not outlive its pool.
class Buffer {
 public:
  Buffer() noexcept = default;
  Buffer(Buffer&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), data_(std::exchange(other.data_, nullptr)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      reset();
      pool_ = std::exchange(other.pool_, nullptr);
      data_ = std::exchange(other.data_, nullptr);
    }
    return *this;
  }
  ~Buffer() { reset(); }

  explicit operator bool() const noexcept { return data_ != nullptr; }
  [[nodiscard]] char* data() const noexcept { return data_; }
  [[nodiscard]] static constexpr std::size_t size() noexcept { return buffer_size; }
  [[nodiscard]] std::span<char> span() const noexcept { return {data_, data_ == nullptr ? 0 : buffer_size}; }
  void reset() noexcept;

 private:
  friend class BufferPool;
  Buffer(BufferPool* pool, char* data) noexcept : pool_(pool), data_(data) {}
  BufferPool* pool_ = nullptr;
  char* data_ = nullptr;
};

class BufferPool {
 public:
  /// Keeps at most `max_free` unused buffers; the rest goes back to the allocator.
  explicit BufferPool(std::size_t max_free = 256) noexcept : max_free_(max_free) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  [[nodiscard]] Buffer take();
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }
  [[nodiscard]] std::size_t free_count() const noexcept { return free_count_; }
  /// Gives unused buffers back to the allocator (memory pressure).
  void trim() noexcept;

 private:
  friend class Buffer;
  friend class OwnedChunks;
  struct FreeNode {
    FreeNode* next;
  };
  char* take_raw();
  void give_back(char* data) noexcept;
  FreeNode* free_ = nullptr;
  std::size_t free_count_ = 0;
  std::size_t in_use_ = 0;
  std::size_t max_free_;
};

/// One per worker. Borrow, fill, send on, drop the loan, all inside one event.
class Scratch {
 public:
  class Loan {
   public:
    explicit Loan(Scratch& owner) noexcept : owner_(&owner) {}
    Loan(Loan&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (owner_ != nullptr) owner_->lent_ = false;
    }
    [[nodiscard]] std::span<char> span() const noexcept { return {owner_->bytes_.get(), scratch_size}; }

   private:
    Scratch* owner_;
  };
  Scratch() : bytes_(new char[scratch_size]) {}
  /// Aborts if it is lent already: that is a bug, two users would overwrite each other's bytes.
  [[nodiscard]] Loan borrow() noexcept;

 private:
  std::unique_ptr<char[]> bytes_;
  bool lent_ = false;
};

/// FIFO of bytes waiting for a socket. Bounded by its user: ask read_allowance() before reading more for this socket.
class OwnedChunks {
 public:
  explicit OwnedChunks(BufferPool& pool) noexcept : pool_(&pool) {}
  ~OwnedChunks() { clear(); }
  OwnedChunks(const OwnedChunks&) = delete;
  OwnedChunks& operator=(const OwnedChunks&) = delete;

  void append(std::span<const char> bytes);
  void append(std::string_view bytes) { append(std::span<const char>(bytes.data(), bytes.size())); }
  /// Fills `out` with the first pieces; returns how many were filled.
  [[nodiscard]] std::size_t peek(std::span<iovec> out) const noexcept;
  void consume(std::size_t bytes) noexcept;
  /// Moves as much as fits out of it; returns how much that was.
  std::size_t take(std::span<char> into) noexcept;
  void clear() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// How much may be read now on behalf of this socket: the whole scratch while it takes everything; once it blocked,
  /// at most slow_reader_limit in all until it is drained, so a slow reader pins little.
  [[nodiscard]] std::size_t read_allowance() const noexcept {
    if (size_ == 0) return scratch_size;
    return size_ >= slow_reader_limit ? 0 : slow_reader_limit - size_;
  }

 private:
  struct Chunk;
  BufferPool* pool_;
  Chunk* first_ = nullptr;
  Chunk* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pintle::net
