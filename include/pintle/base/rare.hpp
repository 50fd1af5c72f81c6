// A value that most objects lack: one pointer while there is none, on the heap when there is. Reads like std::optional
// and copies and compares by value. For parts of what there are thousands of.
#pragma once
#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace pintle {

template <class T>
class Rare {
 public:
  Rare() = default;
  Rare(std::nullopt_t) noexcept {}
  template <class U = T>
    requires(!std::same_as<std::remove_cvref_t<U>, Rare> && std::constructible_from<T, U>)
  Rare(U&& value) : held_(std::make_unique<T>(std::forward<U>(value))) {}
  Rare(std::optional<T> value) : held_(value ? std::make_unique<T>(std::move(*value)) : nullptr) {}
  Rare(const Rare& other) : held_(other.held_ ? std::make_unique<T>(*other.held_) : nullptr) {}
  Rare(Rare&&) noexcept = default;
  Rare& operator=(const Rare& other) {
    Rare copy(other);
    held_ = std::move(copy.held_);
    return *this;
  }
  Rare& operator=(Rare&&) noexcept = default;
  ~Rare() = default;

  [[nodiscard]] explicit operator bool() const noexcept { return held_ != nullptr; }
  [[nodiscard]] bool has_value() const noexcept { return held_ != nullptr; }
  [[nodiscard]] T& operator*() noexcept { return *held_; }
  [[nodiscard]] const T& operator*() const noexcept { return *held_; }
  [[nodiscard]] T* operator->() noexcept { return held_.get(); }
  [[nodiscard]] const T* operator->() const noexcept { return held_.get(); }
  template <class U>
  [[nodiscard]] T value_or(U&& fallback) const {
    return held_ ? *held_ : static_cast<T>(std::forward<U>(fallback));
  }

  friend bool operator==(const Rare& a, const Rare& b) {
    return a.held_ == b.held_ || (a.held_ && b.held_ && *a.held_ == *b.held_);
  }

 private:
  std::unique_ptr<T> held_;
};

}  // namespace pintle
