// Ids that stay with their keys over generations.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace pintle::compile {

/// Without gaps: the ids are 0 to keys - 1. A key keeps its id if it is below that; the others fill the gaps in order.
template <class Key, class IdType>
[[nodiscard]] std::map<Key, IdType> assign_dense(const std::vector<Key>& keys, const std::map<Key, IdType>& previous) {
  const std::set<Key> unique(keys.begin(), keys.end());
  std::map<Key, IdType> assigned;
  std::set<std::uint32_t> taken;
  for (const Key& key : unique) {
    const auto before = previous.find(key);
    if (before == previous.end() || before->second.value >= unique.size()) continue;
    assigned.emplace(key, before->second);
    taken.insert(before->second.value);
  }
  std::uint32_t next = 0;
  for (const Key& key : keys) {
    if (assigned.contains(key)) continue;
    while (taken.contains(next)) ++next;
    assigned.emplace(key, IdType{next++});
  }
  return assigned;
}

}  // namespace pintle::compile
