#include "controller/source/watch_state.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace pintle::source {
namespace {

using std::chrono::seconds;
using Sort = Streak::Sort;

constexpr Millis first_wait{800};
constexpr seconds calm{120};
constexpr seconds longest_retry_after{300};
/// Between two lists, or two watches, that the server itself ends: its answers cost it little but not nothing.
constexpr Millis pace{1000};
constexpr seconds shortest_watch{300};
constexpr std::uint32_t confirmations = 3;
constexpr std::uint32_t smaller_page = 8;
constexpr std::uint32_t most_odd_errors = 3;

/// How far the waits of a sort grow. A server that does not answer has no load to be spared, and clients that wait for
/// it must be back soon after it is; one that lost a version answers well otherwise.
constexpr Millis longest_wait(Sort sort) noexcept {
  return sort == Sort::Unreachable || sort == Sort::Gone ? Millis{4'000} : Millis{30'000};
}
/// The first of these is tried again at once: a list is all it takes, or a token that has been read again.
constexpr bool is_cured_at_once(Sort sort) noexcept { return sort == Sort::Gone || sort == Sort::Unauthorized; }

/// Doubles from 0.8 s; the dice add up to a half, within the limit.
Millis backoff(Sort sort, std::uint32_t count, double chance) {
  if (is_cured_at_once(sort)) {
    if (count <= 1) return Millis{0};
    --count;
  }
  const Millis limit = longest_wait(sort);
  const Millis base = std::min(first_wait * (std::int64_t{1} << std::min(count - 1, 10U)), limit * 2 / 3);
  return base + Millis{static_cast<std::int64_t>(chance * static_cast<double>(base.count()) / 2)};
}

constexpr Health health_of(Sort sort) noexcept {
  switch (sort) {
    case Sort::Unreachable:
      return Health::Unreachable;
    case Sort::Unauthorized:
      return Health::Unauthorized;
    case Sort::Forbidden:
      return Health::Forbidden;
    case Sort::None:
    case Sort::Refused:
    case Sort::Gone:
    case Sort::Missing:
      return Health::Refused;
  }
  return Health::Refused;
}

Sort sort_of(const kube::ApiStatus& status) noexcept {
  if (status.code == 410 || status.reason == "Expired" || status.reason == "Gone" || status.future_version)
    return Sort::Gone;
  if (status.code == 401) return Sort::Unauthorized;
  if (status.code == 403) return Sort::Forbidden;
  if (status.code == 404) return Sort::Missing;
  return Sort::Refused;
}

class Stepper {
 public:
  Stepper(WatchState& state, const Moment& moment) : state_(state), moment_(moment) {}

  Step operator()(const Due& /*due*/) {
    state_.asked = moment_.now;
    if (state_.phase != Phase::InitListed) {
      state_.phase = Phase::InitPage;
      return {.action = ListPage{.continue_token = state_.continue_token, .limit = state_.page_limit}};
    }
    const auto extra = static_cast<std::int64_t>(moment_.chance * static_cast<double>(shortest_watch.count()));
    return {.action = Watch{.version = state_.version, .timeout = shortest_watch + seconds{extra}}};
  }

  Step operator()(const PageRead& page) {
    well();
    if (!page.continue_token.empty()) {
      state_.continue_token = page.continue_token;
      return {.action = ListPage{.continue_token = page.continue_token, .limit = state_.page_limit}};
    }
    state_.phase = Phase::InitListed;
    state_.continue_token.clear();
    state_.version = page.version;
    state_.whole = true;
    Step next = (*this)(Due{});
    next.verdict = Verdict::Complete;
    return next;
  }

  Step operator()(const Opened& /*opened*/) {
    well();
    state_.phase = Phase::Watching;
    return {};
  }

  Step operator()(const Moved& moved) {
    state_.odd_errors = 0;
    if (!moved.version.empty()) state_.version = moved.version;
    return {};
  }

  /// A stream that ends is no failure: every one does, after some minutes.
  Step operator()(const Ended& /*ended*/) { return watch_again(); }

  Step operator()(const Broken& broken) {
    if (state_.phase == Phase::Watching) return watch_again();
    return fail(Sort::Unreachable, broken.why, {});
  }

  /// What was in it cannot be known: only a list can tell.
  Step operator()(const Garbled& garbled) {
    forget();
    return fail(Sort::Gone, garbled.why, {});
  }

  Step operator()(const Oversized& oversized) {
    state_.page_limit = std::max(state_.page_limit / smaller_page, 1U);
    forget();
    return fail(Sort::Refused, oversized.why, {});
  }

  Step operator()(const ErrorEvent& event) {
    const Sort sort = sort_of(event.status);
    // One that says nothing of versions may be of a moment. If it stays, the version may still be what it is about.
    if (sort == Sort::Gone || ++state_.odd_errors >= most_odd_errors) forget();
    if (state_.phase == Phase::Watching) state_.phase = Phase::InitListed;
    return fail(sort, kube::to_string(event.status), event.status.retry_after);
  }

  Step operator()(const Declined& declined) {
    const Sort sort = sort_of(declined.status);
    const bool listing = state_.phase == Phase::InitPage;
    // 404 on a watch: the list knows more. 400 on a page: the token may be what is wrong.
    if (sort == Sort::Gone || sort == Sort::Missing || declined.status.code == 400) forget();
    Step next = fail(sort, kube::to_string(declined.status), declined.status.retry_after);
    if (!listing) return next;
    if (sort == Sort::Missing &&
        (!state_.whole || state_.health == Health::Absent || state_.streak.count >= confirmations))
      return absent();
    if (sort == Sort::Forbidden && !state_.whole && is_spared()) {
      state_.whole = true;
      next.verdict = Verdict::Empty;
    }
    return next;
  }

 private:
  /// Whether the world is whole without a kind that was just forbidden.
  [[nodiscard]] bool is_spared() const {
    return state_.need == Need::Optional || (state_.need == Need::Spare && state_.streak.count >= confirmations);
  }

  void well() {
    state_.health = Health::Live;
    state_.error.clear();
  }

  /// A list begins anew.
  void forget() {
    state_.phase = Phase::Empty;
    state_.continue_token.clear();
    state_.odd_errors = 0;
  }

  Step watch_again() {
    state_.phase = Phase::InitListed;
    const Monotonic due = std::max(state_.asked + pace, moment_.now);
    return {.action = Wait{std::chrono::ceil<Millis>(due - moment_.now)}};
  }

  Step absent() {
    state_.health = Health::Absent;
    state_.whole = true;
    const Millis limit = longest_wait(Sort::Missing);
    const auto dice = static_cast<std::int64_t>(moment_.chance * static_cast<double>(limit.count()) / 3);
    return {.action = Wait{limit * 2 / 3 + Millis{dice}}, .verdict = Verdict::Empty};
  }

  Step fail(Sort sort, std::string_view why, std::optional<seconds> retry_after) {
    Streak& streak = state_.streak;
    if (streak.sort != sort || moment_.now - streak.last >= calm) streak = {.sort = sort};
    ++streak.count;
    streak.last = moment_.now;
    Millis delay = backoff(sort, streak.count, moment_.chance);
    if (retry_after) delay = std::max<Millis>(delay, std::min(*retry_after, longest_retry_after));
    if (delay > Millis{0}) note(sort, why);
    return {.action = Wait{delay}};
  }

  /// What is cured at once is not worth a word.
  void note(Sort sort, std::string_view why) {
    if (state_.health == Health::Live || state_.health == Health::Starting) state_.failing_since = moment_.now;
    if (sort != Sort::Missing || state_.health != Health::Absent) state_.health = health_of(sort);
    state_.error = why;
  }

  WatchState& state_;
  const Moment& moment_;
};

}  // namespace

std::string_view to_string(Phase phase) noexcept {
  constexpr std::array<std::string_view, 4> words{"empty", "listing", "listed", "watching"};
  return words[static_cast<std::size_t>(phase)];
}

std::string_view to_string(Health health) noexcept {
  constexpr std::array<std::string_view, 7> words{"starting",     "live",        "absent", "forbidden",
                                                  "unauthorized", "unreachable", "refused"};
  return words[static_cast<std::size_t>(health)];
}

Step step(WatchState& state, const Happening& happening, const Moment& moment) {
  return std::visit(Stepper(state, moment), happening);
}

}  // namespace pintle::source
