// A list that is made once and read by many: copies share it, so what thousands of objects say alike is held once.
// Reads like a const std::vector; equal lists compare equal whoever made them. To change it, make another.
#pragma once
#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace pintle {

template <class T>
class SharedList {
 public:
  using value_type = T;
  using const_iterator = const T*;

  SharedList() = default;
  SharedList(std::vector<T> items)
      : held_(items.empty() ? nullptr : std::make_shared<const std::vector<T>>(std::move(items))) {}
  SharedList(std::initializer_list<T> items) : SharedList(std::vector<T>(items)) {}

  [[nodiscard]] bool empty() const noexcept { return held_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return held_ == nullptr ? 0 : held_->size(); }
  [[nodiscard]] const T* begin() const noexcept { return held_ == nullptr ? nullptr : held_->data(); }
  [[nodiscard]] const T* end() const noexcept { return begin() + size(); }
  [[nodiscard]] const T& operator[](std::size_t at) const noexcept { return (*held_)[at]; }
  /// Throws where a vector would.
  [[nodiscard]] const T& at(std::size_t at) const {
    static const std::vector<T> none;
    return (held_ == nullptr ? none : *held_).at(at);
  }
  [[nodiscard]] const T& front() const noexcept { return held_->front(); }
  [[nodiscard]] const T& back() const noexcept { return held_->back(); }
  /// A list of its own with the same items.
  [[nodiscard]] std::vector<T> copy() const { return {begin(), end()}; }
  /// Takes part in `other` if it says the same.
  void share_with(const SharedList& other) {
    if (*this == other) held_ = other.held_;
  }

  friend bool operator==(const SharedList& a, const SharedList& b) {
    return a.held_ == b.held_ || std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::shared_ptr<const std::vector<T>> held_;
};

}  // namespace pintle
