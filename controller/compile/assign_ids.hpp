// Ids that stay with their keys over generations.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace pintle::compile {

/// Every key of `previous` that is still here keeps its id. New keys take, in order, the lowest ids that nobody has now
/// or had in the generation before. Gaps are possible.
template <class Key, class IdType>
[[nodiscard]] std::map<Key, IdType> assign_stable(const std::vector<Key>& keys, const std::map<Key, IdType>& previous) {
  std::vector<bool> taken(previous.size());
  for (const auto& [key, id] : previous) {
    if (taken.size() <= id.value) taken.resize(std::size_t{id.value} + 1);
    taken[id.value] = true;
  }
  std::map<Key, IdType> assigned;
  std::uint32_t next = 0;
  for (const Key& key : keys) {
    if (const auto before = previous.find(key); before != previous.end()) {
      assigned.emplace_hint(assigned.end(), key, before->second);
      continue;
    }
    if (assigned.contains(key)) continue;
    while (next < taken.size() && taken[next]) ++next;
    assigned.emplace(key, IdType{next++});
  }
  return assigned;
}

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
