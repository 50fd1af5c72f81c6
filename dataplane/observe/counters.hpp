// Counters with one writer and any number of readers: relaxed loads and stores, no read-modify-write, no lock.
//
//   SeriesList: head -> newest -> ... -> oldest      the writer publishes a node complete (release); a reader that sees
//                                                    it (acquire) sees its labels; nodes live as long as the list
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace pintle::observe {

class Counter {
 public:
  void add(std::uint64_t amount = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void add(std::int64_t change) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
  }
  [[nodiscard]] std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Upper bounds, ascending, in the unit that is counted (nanoseconds, bytes); a value equal to a bound is inside it.
template <std::size_t N>
using Bounds = std::array<std::uint64_t, N>;

inline constexpr std::uint64_t one_ms = 1'000'000;
/// OpenTelemetry's advice for HTTP durations: 5 ms to 10 s.
inline constexpr Bounds<14> request_bounds{5 * one_ms,    10 * one_ms,   25 * one_ms,   50 * one_ms,   75 * one_ms,
                                           100 * one_ms,  250 * one_ms,  500 * one_ms,  750 * one_ms,  1000 * one_ms,
                                           2500 * one_ms, 5000 * one_ms, 7500 * one_ms, 10000 * one_ms};
inline constexpr Bounds<8> route_bounds{1 * one_ms,   5 * one_ms,    25 * one_ms,   100 * one_ms,
                                        250 * one_ms, 1000 * one_ms, 5000 * one_ms, 10000 * one_ms};
inline constexpr Bounds<8> overhead_bounds{one_ms / 20, one_ms / 10, one_ms / 4,  one_ms / 2,
                                           one_ms,      5 * one_ms,  25 * one_ms, 100 * one_ms};
inline constexpr Bounds<8> size_bounds{0, 1 << 10, 1 << 14, 1 << 17, 1 << 20, 1 << 23, 1 << 26, 1 << 30};
inline constexpr Bounds<8> age_bounds{100 * one_ms,   1000 * one_ms,  5000 * one_ms,   10000 * one_ms,
                                      30000 * one_ms, 60000 * one_ms, 300000 * one_ms, 3600000 * one_ms};

template <std::size_t N>
class Histogram {
 public:
  void record(std::uint64_t value, const Bounds<N>& bounds) noexcept {
    std::size_t bucket = 0;
    while (bucket < N && value > bounds[bucket]) ++bucket;
    buckets_[bucket].add();
    sum_.add(value);
  }
  /// Not cumulative; index N holds what is above all bounds.
  [[nodiscard]] std::uint64_t bucket(std::size_t index) const noexcept { return buckets_[index].value(); }
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_.value(); }

 private:
  std::array<Counter, N + 1> buckets_;
  Counter sum_;
};

template <class T>
class SeriesList {
 public:
  SeriesList() = default;
  SeriesList(const SeriesList&) = delete;
  SeriesList& operator=(const SeriesList&) = delete;
  ~SeriesList() {
    const Node* node = head_.load(std::memory_order_relaxed);
    while (node != nullptr) delete std::exchange(node, node->next);
  }

  /// The writer alone. `prepare` fills the new element in before any reader can see it.
  template <class Prepare>
  T& append(Prepare&& prepare) {
    Node* node = new Node;
    prepare(node->value);
    node->next = head_.load(std::memory_order_relaxed);
    head_.store(node, std::memory_order_release);
    return node->value;
  }
  /// Any thread.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Node* node = head_.load(std::memory_order_acquire); node != nullptr; node = node->next)
      visit(node->value);
  }
  /// The writer alone.
  template <class Predicate>
  [[nodiscard]] T* find_if(Predicate&& predicate) noexcept {
    for (Node* node = head_.load(std::memory_order_relaxed); node != nullptr; node = node->next)
      if (predicate(node->value)) return &node->value;
    return nullptr;
  }

 private:
  struct Node {
    T value;
    Node* next = nullptr;
  };
  std::atomic<Node*> head_{nullptr};
};

}  // namespace pintle::observe
