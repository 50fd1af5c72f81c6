#include "dataplane/net/read_buffer.hpp"

#include <cassert>
#include <cstring>

namespace pintle::net {

bool ReadBuffer::make_room() {
  if (capacity() == 0) {
    small_ = pool_->take();
    begin_ = end_ = 0;
    return true;
  }
  if (begin_ > 0) {
    const std::size_t size = end_ - begin_;
    std::memmove(data(), data() + begin_, size);
    begin_ = 0;
    end_ = size;
  }
  if (end_ < capacity()) return true;
  if (large_) return false;
  std::unique_ptr<char[]> larger(new char[large_size]);
  std::memcpy(larger.get(), small_.data(), end_);
  large_ = std::move(larger);
  small_.reset();
  return true;
}

void ReadBuffer::assign(std::span<const char> bytes) {
  assert(bytes.size() <= large_size);
  reset();
  if (bytes.empty()) return;
  if (bytes.size() <= buffer_size)
    small_ = pool_->take();
  else
    large_.reset(new char[large_size]);
  std::memcpy(data(), bytes.data(), bytes.size());
  end_ = bytes.size();
}

void ReadBuffer::reset() noexcept {
  small_.reset();
  large_.reset();
  begin_ = end_ = 0;
}

}  // namespace pintle::net
