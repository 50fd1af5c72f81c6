// Which series a request counts in, remembered: nearly every request is of a kind that was seen before. Internal to
// observe.
//
//   places_[hash of the kind]   kind | series: one place for each kind; another kind with the same hash takes it over
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include <boost/unordered/unordered_flat_map.hpp>

#include "dataplane/observe/metrics.hpp"

namespace pintle::observe {

/// A map that looks at its last answer first: one request is mostly like the one before. Without hashing, a hit costs a
/// comparison; another key costs that comparison more.
template <class Key, class Series, class Hash = boost::hash<Key>>
class RecentMap {
 public:
  [[nodiscard]] Series* find(const Key& key) { return last_ != nullptr && last_key_ == key ? last_ : find_in_map(key); }
  void emplace(const Key& key, Series* series) { map_.emplace(key, series); }
  void clear() noexcept {
    map_.clear();
    last_ = nullptr;
  }

 private:
  [[gnu::noinline]] Series* find_in_map(const Key& key) {
    const auto found = map_.find(key);
    if (found == map_.end()) return nullptr;
    last_key_ = key;
    return last_ = found->second;
  }
  Key last_key_{};
  Series* last_ = nullptr;
  boost::unordered_flat_map<Key, Series*, Hash> map_;
};

/// What decides which series a request counts in.
struct RequestKind {
  const route::Listener* listener = nullptr;
  const route::Rule* rule = nullptr;
  const route::WeightedBackend* backend = nullptr;
  std::uint64_t labels = 0;
  std::uint64_t upstream_status = 0;
  friend bool operator==(const RequestKind&, const RequestKind&) = default;
};
struct RequestSeries {
  RequestKind kind;
  ListenerSeries* listener = nullptr;  ///< nullptr: nothing is held here
  HttpSeries* http = nullptr;
  RouteSeries* route = nullptr;    ///< if there is a rule
  AnswerCount* answer = nullptr;   ///< likewise
  ClientSeries* client = nullptr;  ///< once a backend had answered
};

/// The series of some of the last kinds of requests, each in the one place it may have: a hit is a few comparisons, not
/// five look-ups.
class RecentRequests {
 public:
  [[nodiscard]] RequestSeries& place_of(const RequestKind& kind) noexcept {
    const std::uint64_t mixed =
        (reinterpret_cast<std::uintptr_t>(kind.rule) ^ (kind.labels * 0x9e3779b97f4a7c15U)) * 0xd6e8feb86659fd93U;
    return places_[mixed >> (64U - place_bits)];
  }
  void clear() noexcept { places_ = {}; }

 private:
  static constexpr unsigned place_bits = 6;
  std::array<RequestSeries, std::size_t{1} << place_bits> places_;
};

}  // namespace pintle::observe
