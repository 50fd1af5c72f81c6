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

  KeyIndex() = default;
  /// Each key once.
  explicit KeyIndex(std::vector<std::pair<std::string_view, std::uint32_t>> keys) {
    if (keys.size() > small_limit) {
      large_ = std::make_unique<Map>(keys.size());
      for (const auto& [key, value] : keys) large_->emplace(key, value);
      return;
    }
    keys.shrink_to_fit();
    small_ = std::move(keys);
  }

  [[nodiscard]] std::uint32_t find(std::string_view key) const noexcept {
    if (large_) {
      const auto found = large_->find(key);
      return found == large_->end() ? none : found->second;
    }
    for (const auto& [candidate, value] : small_)
      if (candidate == key) return value;
    return none;
  }
  [[nodiscard]] bool empty() const noexcept { return !large_ && small_.empty(); }

 private:
  using Map = boost::unordered_flat_map<std::string_view, std::uint32_t, TextHash, std::equal_to<>>;
  static constexpr std::size_t small_limit = 8;

  std::vector<std::pair<std::string_view, std::uint32_t>> small_;
  std::unique_ptr<Map> large_;
};

}  // namespace pintle::route
