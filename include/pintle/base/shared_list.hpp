// A list that is made once and read by many: copies share it, so what thousands of objects say alike is held once, and
// the empty list costs its one pointer. Reads like a const std::vector; equal lists compare equal whoever made them. To
// change it, make another. Copies may be used on different threads: their count is atomic, the items never change.
//
//   SharedList ──> holders | size | item 0 | item 1 | ...      one block; nullptr while empty
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace pintle {

template <class T>
class SharedList {
 public:
  using value_type = T;
  using const_iterator = const T*;

  SharedList() = default;
  SharedList(std::vector<T> items) : held_(items.empty() ? nullptr : Block::make(std::move(items))) {}
  SharedList(std::initializer_list<T> items) : SharedList(std::vector<T>(items)) {}
  SharedList(const SharedList& other) noexcept : held_(other.held_) {
    if (held_ != nullptr) held_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  SharedList(SharedList&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  SharedList& operator=(SharedList other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~SharedList() {
    if (held_ != nullptr && held_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) Block::end(held_);
  }

  [[nodiscard]] bool empty() const noexcept { return held_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return held_ == nullptr ? 0 : held_->size; }
  [[nodiscard]] const T* data() const noexcept { return held_ == nullptr ? nullptr : held_->items(); }
  [[nodiscard]] const T* begin() const noexcept { return data(); }
  [[nodiscard]] const T* end() const noexcept { return data() + size(); }
  [[nodiscard]] const T& operator[](std::size_t at) const noexcept { return data()[at]; }
  /// Throws where a vector would.
  [[nodiscard]] const T& at(std::size_t at) const {
    if (at >= size()) throw std::out_of_range("SharedList::at");
    return data()[at];
  }
  [[nodiscard]] const T& front() const noexcept { return *begin(); }
  [[nodiscard]] const T& back() const noexcept { return *(end() - 1); }
  /// A list of its own with the same items.
  [[nodiscard]] std::vector<T> copy() const { return {begin(), end()}; }
  /// Takes part in `other` if it says the same; whether it does.
  bool share_with(const SharedList& other) {
    if (!(*this == other)) return false;
    *this = other;
    return true;
  }

  friend bool operator==(const SharedList& a, const SharedList& b) {
    return a.held_ == b.held_ || std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  struct Block {
    std::atomic<std::uint32_t> holders = 1;
    std::uint32_t size = 0;

    static constexpr std::size_t offset() noexcept { return std::max(sizeof(Block), alignof(T)); }
    [[nodiscard]] T* items() noexcept {
      return std::launder(reinterpret_cast<T*>(reinterpret_cast<std::byte*>(this) + offset()));
    }
    static Block* make(std::vector<T> from) {
      static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__ && std::is_nothrow_move_constructible_v<T>);
      auto* made = ::new (::operator new(offset() + from.size() * sizeof(T))) Block;
      made->size = static_cast<std::uint32_t>(from.size());
      std::uninitialized_move(from.begin(), from.end(), made->items());
      return made;
    }
    static void end(Block* block) noexcept {
      std::destroy_n(block->items(), block->size);
      block->~Block();
      ::operator delete(block);
    }
  };

  Block* held_ = nullptr;
};

}  // namespace pintle
