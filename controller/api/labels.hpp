// Labels or annotations of an object: an immutable map, sorted by key, of one pointer. Most objects have few or none,
// and thousands have the same, which copies share (SharedList). Reads like a const StringMap and is made from one.
#pragma once
#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/base/shared_list.hpp>

namespace pintle::api {

using StringMap = std::map<std::string, std::string, std::less<>>;

class Labels {
 public:
  using value_type = std::pair<std::string, std::string>;
  using const_iterator = const value_type*;

  Labels() = default;
  Labels(StringMap map)
      : items_(std::vector<value_type>(std::make_move_iterator(map.begin()), std::make_move_iterator(map.end()))) {}
  Labels(std::initializer_list<StringMap::value_type> items) : Labels(StringMap(items)) {}

  [[nodiscard]] const_iterator begin() const noexcept { return items_.begin(); }
  [[nodiscard]] const_iterator end() const noexcept { return items_.end(); }
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  /// end() if there is none.
  [[nodiscard]] const_iterator find(std::string_view key) const noexcept {
    const auto at = std::ranges::lower_bound(items_, key, {},
                                             [](const value_type& item) -> std::string_view { return item.first; });
    return at != end() && at->first == key ? at : end();
  }
  [[nodiscard]] bool contains(std::string_view key) const noexcept { return find(key) != end(); }
  /// A map of its own, to be changed.
  [[nodiscard]] StringMap copy() const { return {begin(), end()}; }
  /// Takes part in `other` if it says the same; whether it does.
  bool share_with(const Labels& other) { return items_.share_with(other.items_); }

  friend bool operator==(const Labels&, const Labels&) = default;

 private:
  SharedList<value_type> items_;
};

}  // namespace pintle::api
