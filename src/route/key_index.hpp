// From a text to a number. Few keys: a list; many: a hash table over the list. Most hosts have a handful of paths, so
// the list alone keeps thousands of tables small; the table keeps one host with 40,000 paths fast. The keys are views:
// whoever fills the index keeps their bytes alive and in place.
//
//   items  [{"/a", 7}, {"/b", 3}, ...]          in the order added
//   slots  [-, {mark of "/b", 1}, -, {mark of "/a", 0}, ...]    from the hash's place on, the next free one; half are
//   free
#pragma once
#include <bit>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "src/route/text_hash.hpp"

namespace pintle::route {

class KeyIndex {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  /// The value the key has: `value` if it is new, the one it had otherwise.
  std::uint32_t add(std::string_view key, std::uint32_t value) {
    if (const std::uint32_t known = find(key); known != none) return known;
    items_.emplace_back(key, value);
    if (items_.size() > small_limit && 2 * items_.size() > slots_.size())
      make_slots(items_.size());
    else if (!slots_.empty())
      place(static_cast<std::uint32_t>(items_.size() - 1));
    return value;
  }
  /// For an index that will hold this many keys.
  void reserve(std::size_t keys) {
    items_.reserve(keys);
    if (keys > small_limit && 2 * keys > slots_.size()) make_slots(keys);
  }
  void shrink_to_fit() { items_.shrink_to_fit(); }

  [[nodiscard]] std::uint32_t find(std::string_view key) const noexcept {
    if (!slots_.empty()) return find_in_slots(key);
    for (const auto& [candidate, value] : items_)
      if (candidate == key) return value;
    return none;
  }

 private:
  static constexpr std::size_t small_limit = 8;
  struct Slot {
    std::uint32_t mark = 0;  ///< of the hash, what the place does not use
    std::uint32_t item = none;
  };

  /// Not inline: the list, which most hosts have, is then drawn into whoever looks something up.
  [[nodiscard]] [[gnu::noinline]] std::uint32_t find_in_slots(std::string_view key) const noexcept {
    const std::uint64_t hash = text_hash(key);
    const auto mark = static_cast<std::uint32_t>(hash >> 32U);
    const std::size_t mask = slots_.size() - 1;
    const Slot* const slots = slots_.data();
    for (std::size_t at = hash & mask; slots[at].item != none; at = (at + 1) & mask)
      if (slots[at].mark == mark)
        if (const auto& [candidate, value] = items_.data()[slots[at].item]; candidate == key) return value;
    return none;
  }

  void make_slots(std::size_t keys) {
    slots_.assign(std::bit_ceil(2 * keys), {});
    slots_.shrink_to_fit();
    for (std::uint32_t item = 0; item < items_.size(); ++item) place(item);
  }
  void place(std::uint32_t item) {
    const std::uint64_t hash = text_hash(items_[item].first);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].item != none) at = (at + 1) & mask;
    slots_[at] = {.mark = static_cast<std::uint32_t>(hash >> 32U), .item = item};
  }

  std::vector<std::pair<std::string_view, std::uint32_t>> items_;
  std::vector<Slot> slots_;  ///< as many as a power of two; none while the list is short
};

}  // namespace pintle::route
