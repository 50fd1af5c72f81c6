#include "dataplane/upstream/balancer.hpp"

namespace pintle::upstream {

Endpoint* Balancer::pick(Endpoints endpoints, Monotonic now, net::Random& random) noexcept {
  if (balance_ == Balance::RoundRobin || endpoints.size() < 2) return pick_next(endpoints, now);
  // Power of two choices: two different ones at random, the less busy of them. Near the best choice without looking at
  // all of them, and without every worker running to the same one.
  const auto count = static_cast<std::uint32_t>(endpoints.size());
  const std::uint32_t first = random.below(count);
  std::uint32_t second = random.below(count - 1);
  if (second >= first) ++second;
  Endpoint& one = *endpoints[first];
  Endpoint& other = *endpoints[second];
  const bool one_admits = one.admits(now);
  const bool other_admits = other.admits(now);
  if (one_admits && other_admits) return other.in_flight() < one.in_flight() ? &other : &one;
  if (one_admits) return &one;
  if (other_admits) return &other;
  return pick_next(endpoints, now);
}

Endpoint* Balancer::pick_next(Endpoints endpoints, Monotonic now) noexcept {
  const std::size_t count = endpoints.size();
  if (next_ >= count) next_ = count == 0 ? 0 : next_ % count;
  for (std::size_t tried = 0; tried < count; ++tried) {
    Endpoint& endpoint = *endpoints[next_];
    if (++next_ == count) next_ = 0;
    if (endpoint.admits(now)) return &endpoint;
  }
  return nullptr;
}

}  // namespace pintle::upstream
