#include "dataplane/net/buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace pintle::net {

void Buffer::reset() noexcept {
  if (data_ != nullptr) pool_->give_back(std::exchange(data_, nullptr));
  pool_ = nullptr;
}

BufferPool::~BufferPool() { trim(); }

Buffer BufferPool::take() { return {this, take_raw()}; }

char* BufferPool::take_raw() {
  ++in_use_;
  if (free_ == nullptr) return static_cast<char*>(::operator new(buffer_size, std::align_val_t{64}));
  FreeNode* node = free_;
  free_ = node->next;
  --free_count_;
  return reinterpret_cast<char*>(node);
}

void BufferPool::give_back(char* data) noexcept {
  --in_use_;
  if (free_count_ >= max_free_) {
    ::operator delete(data, std::align_val_t{64});
    return;
  }
  free_ = new (data) FreeNode{free_};
  ++free_count_;
}

void BufferPool::trim() noexcept {
  while (free_ != nullptr) {
    FreeNode* node = free_;
    free_ = node->next;
    ::operator delete(static_cast<void*>(node), std::align_val_t{64});
  }
  free_count_ = 0;
}

Scratch::Loan Scratch::borrow() noexcept {
  if (lent_) std::abort();
  lent_ = true;
  return Loan(*this);
}

// Lives at the start of a pool buffer; its bytes follow it.
struct OwnedChunks::Chunk {
  Chunk* next = nullptr;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  static constexpr std::size_t capacity = buffer_size - 16;
  char* bytes() noexcept { return reinterpret_cast<char*>(this) + 16; }
};

void OwnedChunks::append(std::span<const char> bytes) {
  static_assert(sizeof(Chunk) == 16);
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (last_ == nullptr || last_->end == Chunk::capacity) {
      auto* chunk = new (pool_->take_raw()) Chunk;
      (last_ == nullptr ? first_ : last_->next) = chunk;
      last_ = chunk;
    }
    const std::size_t room = std::min(Chunk::capacity - last_->end, bytes.size());
    std::memcpy(last_->bytes() + last_->end, bytes.data(), room);
    last_->end += static_cast<std::uint32_t>(room);
    bytes = bytes.subspan(room);
  }
}

std::size_t OwnedChunks::peek(std::span<iovec> out) const noexcept {
  std::size_t filled = 0;
  for (Chunk* chunk = first_; chunk != nullptr && filled < out.size(); chunk = chunk->next)
    out[filled++] = iovec{chunk->bytes() + chunk->begin, chunk->end - chunk->begin};
  return filled;
}

void OwnedChunks::consume(std::size_t bytes) noexcept {
  size_ -= bytes;
  while (bytes > 0) {
    const std::size_t taken = std::min<std::size_t>(bytes, first_->end - first_->begin);
    first_->begin += static_cast<std::uint32_t>(taken);
    bytes -= taken;
    if (first_->begin != first_->end) return;
    Chunk* spent = first_;
    first_ = spent->next;
    if (first_ == nullptr) last_ = nullptr;
    pool_->give_back(reinterpret_cast<char*>(spent));
  }
}

std::size_t OwnedChunks::take(std::span<char> into) noexcept {
  std::size_t total = 0;
  while (total < into.size() && first_ != nullptr) {
    const std::size_t count = std::min<std::size_t>(into.size() - total, first_->end - first_->begin);
    std::memcpy(into.data() + total, first_->bytes() + first_->begin, count);
    total += count;
    consume(count);
  }
  return total;
}

void OwnedChunks::clear() noexcept { consume(size_); }

}  // namespace pintle::net
