// Received bytes that are not used up yet, contiguous: a pool buffer, and only for a head that outgrows it a larger
// one.
//   | used up | bytes() | room() |
// Offsets may move when room is made; pointers into bytes() hold until make_room() or assign(). Worker thread.
#pragma once
#include <cstddef>
#include <memory>
#include <span>

#include "dataplane/net/buffer.hpp"

namespace pintle::net {

class ReadBuffer {
 public:
  static constexpr std::size_t large_size = 72 * 1024;  ///< beyond every limit of a head (req 18, 23)

  explicit ReadBuffer(BufferPool& pool) noexcept : pool_(&pool) {}

  [[nodiscard]] std::span<char> bytes() const noexcept { return {data() + begin_, end_ - begin_}; }
  [[nodiscard]] std::span<char> room() const noexcept { return {data() + end_, capacity() - end_}; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  /// Bytes were received into room().
  void commit(std::size_t count) noexcept { end_ += count; }
  void consume(std::size_t count) noexcept { begin_ += count; }
  /// Makes room() not empty: takes a buffer, moves the bytes to its start, or to a larger one. False: full for good.
  [[nodiscard]] bool make_room();
  /// Takes these bytes in place of what it holds; at most large_size.
  void assign(std::span<const char> bytes);
  /// Gives the memory back. What it holds is gone.
  void reset() noexcept;

 private:
  [[nodiscard]] char* data() const noexcept { return large_ ? large_.get() : small_.data(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return large_ ? large_size : small_ ? buffer_size : 0; }

  BufferPool* pool_;
  Buffer small_;
  std::unique_ptr<char[]> large_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace pintle::net
