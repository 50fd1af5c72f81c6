// The keyed objects of one cluster or folder, and the immutable picture the pure half of the pipeline reads.
//  - guarantees: per kind sorted by namespace then name; a ClusterSnapshot never changes; a kind of which apply()
//  changed
//    nothing keeps its table, by pointer, and an object that did not change its own; freeze() copies no object and no
//    table; apply() reports exactly the keys whose object changed.
//  - leaves to others: decoding (api), where objects come from (source), meaning (resolve).
//  - threads: Store on the control thread; a ClusterSnapshot may be read from any.
#pragma once
#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "controller/api/any_object.hpp"
#include "controller/source/source.hpp"

namespace pintle::store {

/// Sorted by (namespace, name).
using Table = std::vector<api::AnyObject>;

template <class T>
class ObjectRange;

class ClusterSnapshot {
 public:
  ClusterSnapshot();

  /// nullptr when there is none. `ns` is ignored for cluster-scoped kinds.
  template <class T>
  [[nodiscard]] const T* find(std::string_view ns, std::string_view name) const noexcept {
    const api::AnyObject* found = find_any(T::kind, ns, name);
    return found == nullptr ? nullptr : std::get_if<api::Ptr<T>>(found)->get();
  }
  /// The same, sharing ownership.
  template <class T>
  [[nodiscard]] api::Ptr<T> find_shared(std::string_view ns, std::string_view name) const noexcept {
    const api::AnyObject* found = find_any(T::kind, ns, name);
    return found == nullptr ? nullptr : *std::get_if<api::Ptr<T>>(found);
  }
  /// All objects of the kind, by namespace and name: `for (const HTTPRoute& route :
  /// snapshot.all<HTTPRoute>())`.
  template <class T>
  [[nodiscard]] ObjectRange<T> all() const noexcept;

  /// The slices labelled with the Service's name in its namespace, by name. Views into the snapshot.
  [[nodiscard]] std::vector<const api::EndpointSlice*> find_endpoint_slices(std::string_view ns,
                                                                            std::string_view service) const;
  /// Labels of a namespace; one not declared exists implicitly with its kubernetes.io/metadata.name alone.
  [[nodiscard]] api::Labels find_namespace_labels(std::string_view ns) const;
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  friend class Store;
  struct SliceRef;
  struct SliceIndex;
  [[nodiscard]] const api::AnyObject* find_any(api::Kind kind, std::string_view ns,
                                               std::string_view name) const noexcept;
  [[nodiscard]] std::span<const api::AnyObject> table(api::Kind kind) const noexcept;

  std::array<std::shared_ptr<const Table>, api::kind_count> tables_;
  std::shared_ptr<const SliceIndex> slices_;
};

/// A view over one kind: forward iteration, size, index. Lives as long as its snapshot.
template <class T>
class ObjectRange {
 public:
  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(const api::AnyObject* at) : at_(at) {}
    const T& operator*() const noexcept { return **std::get_if<api::Ptr<T>>(at_); }
    const T* operator->() const noexcept { return std::get_if<api::Ptr<T>>(at_)->get(); }
    Iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++at_;
      return before;
    }
    friend bool operator==(Iterator, Iterator) = default;

   private:
    const api::AnyObject* at_ = nullptr;
  };
  explicit ObjectRange(std::span<const api::AnyObject> objects) : objects_(objects) {}
  [[nodiscard]] Iterator begin() const noexcept { return Iterator(objects_.data()); }
  [[nodiscard]] Iterator end() const noexcept { return Iterator(objects_.data() + objects_.size()); }
  [[nodiscard]] std::size_t size() const noexcept { return objects_.size(); }
  [[nodiscard]] bool empty() const noexcept { return objects_.empty(); }
  const T& operator[](std::size_t index) const noexcept { return *shared(index); }
  [[nodiscard]] const api::Ptr<T>& shared(std::size_t index) const noexcept {
    return *std::get_if<api::Ptr<T>>(&objects_[index]);
  }

 private:
  std::span<const api::AnyObject> objects_;
};

template <class T>
ObjectRange<T> ClusterSnapshot::all() const noexcept {
  return ObjectRange<T>(table(T::kind));
}

/// Whether nothing of the kind came, went or is another object.
template <class T>
[[nodiscard]] bool same_table(const ClusterSnapshot& before, const ClusterSnapshot& now) noexcept {
  const auto a = before.all<T>();
  const auto b = now.all<T>();
  return a.size() == b.size() && a.begin() == b.begin();
}

/// Calls tell(before, now) for each object of the kind that came, went or is another one: of those that came `before`
/// is nullptr, of those that went `now` is. Compares pointers, and names only where these differ.
template <class T, class Tell>
void for_each_change(const ClusterSnapshot& before, const ClusterSnapshot& now, Tell tell) {
  if (same_table<T>(before, now)) return;
  const auto olds = before.all<T>();
  const auto news = now.all<T>();
  const auto order = [](const T& a, const T& b) {
    return std::tie(a.metadata.ns, a.metadata.name) <=> std::tie(b.metadata.ns, b.metadata.name);
  };
  auto old = olds.begin();
  auto fresh = news.begin();
  while (old != olds.end() && fresh != news.end()) {
    if (&*old == &*fresh) {
      ++old;
      ++fresh;
    } else if (const auto which = order(*old, *fresh); which < 0) {
      tell(&*old++, static_cast<const T*>(nullptr));
    } else if (which > 0) {
      tell(static_cast<const T*>(nullptr), &*fresh++);
    } else {
      tell(&*old++, &*fresh++);
    }
  }
  while (old != olds.end()) tell(&*old++, static_cast<const T*>(nullptr));
  while (fresh != news.end()) tell(static_cast<const T*>(nullptr), &*fresh++);
}

enum class Extent : std::uint8_t {
  Input,  ///< new, gone, or it says something else
  Notes   ///< only what is written down about it: status, resourceVersion
};
struct Changed {
  api::ObjectKey key;
  Extent extent = Extent::Input;
  friend bool operator==(const Changed&, const Changed&) = default;
};

class Store {
 public:
  Store();
  /// Applies the changes in order; the objects that are new, different or gone, by key, each once.
  std::vector<Changed> apply(const source::Batch& batch);
  [[nodiscard]] ClusterSnapshot freeze();

 private:
  std::array<std::shared_ptr<const Table>, api::kind_count> tables_;
  std::shared_ptr<const ClusterSnapshot::SliceIndex> slices_;
};

}  // namespace pintle::store
