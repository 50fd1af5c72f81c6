// The budget of retries that a backend's XBackendTrafficPolicy sets (GEP-3388), as one worker counts it: of the
// requests sent to the backend within the last interval so many in a hundred may be retries, and within another
// interval so many at least. Each worker counts its own: a share of a share is the same share, and the least is each
// one's own. Pure: time comes in.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/ids.hpp>
#include <pintle/runtime/endpoints.hpp>

namespace pintle::proxy {

/// How often something happened within the last interval, in steps of a tenth of it.
class RecentCount {
 public:
  explicit RecentCount(Millis interval) noexcept;
  void add(Monotonic now) noexcept;
  [[nodiscard]] std::uint64_t total(Monotonic now) noexcept;

 private:
  static constexpr std::size_t steps = 10;
  void move_to(Monotonic now) noexcept;
  std::chrono::nanoseconds step_;
  std::array<std::uint32_t, steps> counts_{};
  std::int64_t at_ = 0;  ///< number of the present step
  std::uint64_t total_ = 0;
};

class BackendRetries {
 public:
  explicit BackendRetries(const runtime::RetryConstraint& constraint) noexcept;
  /// A request is sent for the first time.
  void on_request(Monotonic now) noexcept { requests_.add(now); }
  /// A retry may be sent, and counts. False: the budget is spent.
  [[nodiscard]] bool begin_retry(Monotonic now) noexcept;

 private:
  runtime::RetryConstraint constraint_;
  RecentCount requests_;  ///< retries too
  RecentCount retries_;
  RecentCount lately_;  ///< retries within min_interval
};

/// Of the backends that have one. What was counted is kept while backend and constraint stay.
class BackendRetryTable {
 public:
  /// `backend.retries` is not null.
  [[nodiscard]] BackendRetries& of(BackendId id, const runtime::Backend& backend);

 private:
  struct Slot {
    std::string backend;
    runtime::RetryConstraint constraint;
    BackendRetries retries;
  };
  std::vector<std::unique_ptr<Slot>> slots_;  ///< by BackendId
};

}  // namespace pintle::proxy
