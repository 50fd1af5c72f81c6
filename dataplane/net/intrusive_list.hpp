// Circular intrusive lists: linking and unlinking never allocate, and a hook leaves its list when it is destroyed.
// One object may hang in several lists at once by deriving from hooks with different tags.
#pragma once
#include <cstddef>

namespace pintle::net {

template <class Tag>
class ListHook {
 public:
  ListHook() noexcept = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { unlink(); }

  [[nodiscard]] bool is_linked() const noexcept { return next_ != this; }
  void unlink() noexcept {
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = this;
  }

 private:
  template <class T, class ListTag>
  friend class IntrusiveList;
  void insert_before(ListHook& position) noexcept {
    next_ = &position;
    previous_ = position.previous_;
    previous_->next_ = this;
    position.previous_ = this;
  }
  ListHook* next_ = this;
  ListHook* previous_ = this;
};

/// T derives from ListHook<Tag>. The list owns nothing.
template <class T, class Tag = T>
class IntrusiveList {
 public:
  IntrusiveList() noexcept = default;
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (head_.next_ != &head_) head_.next_->unlink();
  }

  [[nodiscard]] bool empty() const noexcept { return !head_.is_linked(); }
  [[nodiscard]] T* front() noexcept { return empty() ? nullptr : static_cast<T*>(head_.next_); }
  [[nodiscard]] T* back() noexcept { return empty() ? nullptr : static_cast<T*>(head_.previous_); }
  [[nodiscard]] T* next(T& item) noexcept {
    auto* hook = static_cast<ListHook<Tag>&>(item).next_;
    return hook == &head_ ? nullptr : static_cast<T*>(hook);
  }
  void push_back(T& item) noexcept {
    auto& hook = static_cast<ListHook<Tag>&>(item);
    hook.unlink();
    hook.insert_before(head_);
  }
  void push_front(T& item) noexcept {
    auto& hook = static_cast<ListHook<Tag>&>(item);
    hook.unlink();
    hook.insert_before(*head_.next_);
  }
  T* pop_front() noexcept {
    T* item = front();
    if (item != nullptr) static_cast<ListHook<Tag>*>(item)->unlink();
    return item;
  }
  /// Moves every item of `other` to the end of this list, in order.
  void splice(IntrusiveList& other) noexcept {
    while (T* item = other.pop_front()) push_back(*item);
  }
  /// Visits every item; `visit` may unlink or destroy the visited item, but no other.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (auto* hook = head_.next_; hook != &head_;) {
      auto* following = hook->next_;
      visit(*static_cast<T*>(hook));
      hook = following;
    }
  }

 private:
  ListHook<Tag> head_;
};

}  // namespace pintle::net
