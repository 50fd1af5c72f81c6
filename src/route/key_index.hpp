// From a text to a number. Few keys: a list; many: a flat hash map. Most hosts have a handful of paths, so the
// small form keeps thousands of tables small; the large form keeps one host with 40,000 paths fast.
// The keys are views: whoever fills the index keeps their bytes alive and in place.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "src/route/text_hash.hpp"

namespace pintle::route {

class KeyIndex {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  /// The value the key has: `value` if it is new, the one it had otherwise.
  std::uint32_t add(std::string_view key, std::uint32_t value) {
    if (large_) return large_->emplace(key, value).first->second;
    if (const std::uint32_t known = find(key); known != none) return known;
    small_.emplace_back(key, value);
    if (small_.size() > small_limit) {
      large_ = std::make_unique<Map>(small_.begin(), small_.end());
      small_ = {};
    }
    return value;
  }
  /// For an index that will hold this many keys.
  void reserve(std::size_t keys) {
    if (keys > small_limit && !large_) large_ = std::make_unique<Map>(small_.begin(), small_.end());
    if (large_) large_->reserve(keys);
  }
  void shrink_to_fit() { small_.shrink_to_fit(); }

  [[nodiscard]] std::uint32_t find(std::string_view key) const noexcept {
    if (large_) return find_in(*large_, key);
    for (const auto& [candidate, value] : small_)
      if (candidate == key) return value;
    return none;
  }

 private:
  using Map = boost::unordered_flat_map<std::string_view, std::uint32_t, TextHash, std::equal_to<>>;
  static constexpr std::size_t small_limit = 8;

  /// Not inline: the list, which most hosts have, is then drawn into whoever looks something up.
  [[gnu::noinline]] static std::uint32_t find_in(const Map& map, std::string_view key) noexcept {
    const auto found = map.find(key);
    return found == map.end() ? none : found->second;
  }

  std::vector<std::pair<std::string_view, std::uint32_t>> small_;
  std::unique_ptr<Map> large_;
};

}  // namespace pintle::route
