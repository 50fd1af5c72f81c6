#include "controller/reconcile/election.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pintle::reconcile {

Election::Step Election::wake(Now now) {
  if (stopped_) return {};
  if (led_until_ && now.steady >= *led_until_) led_until_.reset();
  if (read_first_ || !led_until_) {
    asked_ = Ask::Read;
    return {.ask = Ask::Read, .record = {}, .delay = {}};
  }
  // Leading, and nobody has said otherwise: renew without asking first.
  LeaseRecord record = seen_;
  record.renewed = format_micro_time(now.wall);
  return write(Ask::Update, std::move(record), now);
}

Election::Step Election::on_answer(const Answer& answer, Now now, double random) {
  if (stopped_) return {};
  return asked_ == Ask::Read ? on_read(answer, now, random) : on_written(answer, now, random);
}

Election::Step Election::on_read(const Answer& answer, Now now, double random) {
  LeaseRecord wanted{.holder = settings_.identity,
                     .duration = std::chrono::duration_cast<std::chrono::seconds>(settings_.lease_duration),
                     .acquired = format_micro_time(now.wall),
                     .renewed = format_micro_time(now.wall),
                     .transitions = 0,
                     .resource_version = {}};
  if (answer.fate == Fate::Missing) return write(Ask::Create, std::move(wanted), now);
  if (answer.fate != Fate::Ok) return rest(random);
  observe(answer.record, now.steady);
  read_first_ = false;
  const bool ours = seen_.holder == settings_.identity;
  if (!ours) led_until_.reset();
  // By the holder's own duration: it may be of a version that takes its time.
  const bool expired = now.steady >= seen_at_ + std::max<Millis>(seen_.duration, settings_.lease_duration);
  if (!ours && !seen_.holder.empty() && !expired) return rest(random);
  wanted.resource_version = seen_.resource_version;
  wanted.transitions = seen_.transitions + (ours ? 0 : 1);
  if (ours) wanted.acquired = seen_.acquired;
  return write(Ask::Update, std::move(wanted), now);
}

Election::Step Election::on_written(const Answer& answer, Now now, double random) {
  if (answer.fate == Fate::Ok) {
    observe(answer.record, now.steady);
    read_first_ = false;
    // Counted from before it was sent: others see it no earlier.
    const Monotonic until = write_began_ + settings_.renew_deadline;
    if (seen_.holder == settings_.identity && now.steady < until) led_until_ = until;
  } else {
    // It may have gone through all the same; only reading tells.
    read_first_ = true;
  }
  return rest(random);
}

Election::Step Election::write(Ask ask, LeaseRecord record, Now now) {
  asked_ = ask;
  write_began_ = now.steady;
  return {.ask = ask, .record = std::move(record), .delay = {}};
}

/// As client-go: the leader at even intervals, the others spread over 2.2 of them.
Election::Step Election::rest(double random) const {
  const double factor = led_until_ ? 1.0 : 1.0 + 1.2 * random;
  const auto delay = std::chrono::duration<double, std::milli>(settings_.retry_period) * factor;
  return {.ask = Ask::Rest, .record = {}, .delay = std::chrono::duration_cast<Millis>(delay)};
}

void Election::observe(const LeaseRecord& record, Monotonic now) {
  if (record == seen_) return;
  seen_ = record;
  seen_at_ = now;
}

std::optional<LeaseRecord> Election::release(Now now) {
  stopped_ = true;
  const bool ours = leads(now.steady) && !seen_.resource_version.empty();
  led_until_.reset();
  if (!ours) return std::nullopt;
  LeaseRecord record = seen_;
  record.holder.clear();
  record.duration = std::chrono::seconds(1);  // client-go's readers take it at once
  record.renewed = format_micro_time(now.wall);
  return record;
}

std::string format_micro_time(std::chrono::sys_time<std::chrono::microseconds> time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  std::string text = format_rfc3339(seconds);
  text.pop_back();  // the Z
  return fmt::format("{}.{:06}Z", text, (time - seconds).count());
}

}  // namespace pintle::reconcile
