// Exchange: another try because the rule says so (HTTPRouteRetry, GEP-1731): the answer had one of its codes, or there
// was none because the connection broke or timeouts.backendRequest was over. Only while nothing of an answer has gone
// down and the request can be sent again whole: of its body so much is kept as fits max_replay. timeouts.request covers
// all tries and the waits between them, and the budget of repeated requests holds here too (req 78).
#include <algorithm>

#include "dataplane/proxy/exchange.hpp"

namespace pintle::proxy {
namespace {

constexpr std::size_t max_replay = 64 * 1024;
/// However often it has doubled.
constexpr Millis longest_wait{10'000};
/// Before another connection where none could be had: until then the endpoints that failed are left out.
constexpr Millis least_wait_to_connect{100};

Millis wait_before(const route::Retry& retry, std::uint32_t number, Reason why) noexcept {
  Millis wait = is_connect_failure(why) ? std::max(retry.backoff, least_wait_to_connect) : retry.backoff;
  for (std::uint32_t doubled = 1; doubled < number && wait < longest_wait; ++doubled) wait *= 2;
  return std::max(retry.backoff, std::min(wait, longest_wait));
}

}  // namespace

/// The backend's budget if a policy gives it one, else the worker's, of which a request takes one part for all its
/// retries.
bool Exchange::take_from_budget() {
  if ((*endpoints_)->retries)
    return shared_.backend_retries.of(backend_->backend, **endpoints_).begin_retry(shared_.context.now());
  if (!uses_budget_) uses_budget_ = shared_.retries.begin_retry();
  return uses_budget_;
}

/// True: another try is under way or waits for its time, or the exchange has failed.
bool Exchange::try_again(Reason why) {
  if (!rule_->retry || head_sent_ || replay_lost_ || retries_ >= rule_->retry->attempts) return false;
  if (!take_from_budget()) {
    if (!(*endpoints_)->retries) return false;
    fail(503, Reason::RetryBudget, "the retries that the backend's policy allows are spent");  // GEP-3388
    return true;
  }
  ++retries_;
  connect_tries_ = 0;
  drop_link();
  try_deadline_.disarm();
  body_check_.disarm();
  continue_deadline_.disarm();
  phase_ = Phase::Connecting;
  any_response_byte_ = request_sent_ = false;
  response_input_.reset();
  response_parser_.reset();
  if (!replay_.empty()) first_payload_ = replay_;
  if (shared_.context.observe != nullptr) shared_.context.observe->on_retry(**endpoints_, why);
  const Millis wait = wait_before(*rule_->retry, retries_, why);
  if (wait.count() > 0)
    shared_.context.arm_after(retry_wait_, wait);
  else
    try_backend(upstream::Reuse::Pooled);
  return true;
}

void Exchange::on_retry_wait_over() { try_backend(upstream::Reuse::Pooled); }

/// Payload that was read on.
void Exchange::keep_for_retry(std::span<const char> payload) {
  if (replay_lost_) return;
  if (replay_.empty()) replay_.assign(first_payload_.begin(), first_payload_.end());
  replay_lost_ = replay_.size() + payload.size() > max_replay;
  if (replay_lost_)
    replay_ = {};
  else
    replay_.append(payload.data(), payload.size());
}

}  // namespace pintle::proxy
