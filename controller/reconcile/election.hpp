// Leader election over a Lease (coordination.k8s.io/v1), as client-go does it: without I/O, clock or timer.
//  - guarantees: by its own steady clock it leads for no longer than renew_deadline after it began the last renewal
//  that
//    went through; it takes over no lease before lease_duration has passed in which the lease did not change before its
//    own eyes. The times in the lease are for people: no replica trusts the clock of another (req 74, 77). So two never
//    lead at once as long as renew_deadline is shorter than lease_duration and clocks run about as fast.
//  - leaves to others: sending (LeaderElector).
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <pintle/base/clock.hpp>

namespace pintle::reconcile {

/// The lease as it stands in the cluster.
struct LeaseRecord {
  std::string holder;  ///< empty: released
  std::chrono::seconds duration{15};
  std::string acquired;  ///< RFC 3339 with microseconds
  std::string renewed;
  std::int64_t transitions = 0;
  std::string resource_version;
  friend bool operator==(const LeaseRecord&, const LeaseRecord&) = default;
};

struct ElectionSettings {
  std::string identity;
  Millis lease_duration{15'000};
  Millis renew_deadline{10'000};
  Millis retry_period{2'000};
};

/// The clocks at one moment.
struct Now {
  Monotonic steady;
  std::chrono::sys_time<std::chrono::microseconds> wall;
};

class Election {
 public:
  explicit Election(ElectionSettings settings) : settings_(std::move(settings)) {}

  enum class Ask : std::uint8_t {
    Read,
    Create,
    Update,  ///< with the record's resource version
    Rest     ///< until `delay` has passed
  };
  struct Step {
    Ask ask = Ask::Rest;
    LeaseRecord record;  ///< of Create and Update
    Millis delay{0};     ///< of Rest
  };
  enum class Fate : std::uint8_t {
    Ok,
    Missing,   ///< 404 of a read
    Conflict,  ///< 409: the lease is another than was thought
    Failed     ///< no answer, or one that says nothing of the lease
  };
  struct Answer {
    Fate fate = Fate::Failed;
    LeaseRecord record;  ///< of Ok
  };

  /// The rest is over: what to ask the API server.
  [[nodiscard]] Step wake(Now now);
  /// What it answered to the last step. `random` is of [0, 1): replicas must not ask in step.
  [[nodiscard]] Step on_answer(const Answer& answer, Now now, double random);
  /// The record that gives the lease back; nullopt if it is not ours. From here on it never leads.
  [[nodiscard]] std::optional<LeaseRecord> release(Now now);

  [[nodiscard]] bool leads(Monotonic now) const noexcept { return led_until_ && now < *led_until_; }
  /// Until when, if nothing is renewed.
  [[nodiscard]] std::optional<Monotonic> led_until() const noexcept { return led_until_; }
  [[nodiscard]] const std::string& holder() const noexcept { return seen_.holder; }

 private:
  [[nodiscard]] Step on_read(const Answer& answer, Now now, double random);
  [[nodiscard]] Step on_written(const Answer& answer, Now now, double random);
  [[nodiscard]] Step write(Ask ask, LeaseRecord record, Now now);
  [[nodiscard]] Step rest(double random) const;
  void observe(const LeaseRecord& record, Monotonic now);

  ElectionSettings settings_;
  Ask asked_ = Ask::Rest;
  LeaseRecord seen_;                      ///< the lease as last seen
  Monotonic seen_at_{};                   ///< when it was seen to change
  Monotonic write_began_{};               ///< of the write under way
  std::optional<Monotonic> led_until_{};  ///< empty: not leading
  bool read_first_ = true;                ///< what is known of the lease may be out of date
  bool stopped_ = false;
};

/// "2026-06-01T12:00:00.000000Z", the form of metav1.MicroTime.
[[nodiscard]] std::string format_micro_time(std::chrono::sys_time<std::chrono::microseconds> time);

}  // namespace pintle::reconcile
