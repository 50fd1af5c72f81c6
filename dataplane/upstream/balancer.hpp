// Which endpoint gets the next request, among those that are not left out.
#pragma once
#include <memory>
#include <span>

#include <pintle/base/clock.hpp>

#include "dataplane/net/worker_context.hpp"
#include "dataplane/upstream/endpoint.hpp"
#include "dataplane/upstream/upstream.hpp"

namespace pintle::upstream {

class Balancer {
 public:
  using Endpoints = std::span<const std::unique_ptr<Endpoint>>;

  /// `start`: where round robin begins; each worker at another place, or the first endpoint gets N requests at once.
  explicit Balancer(Balance balance, std::uint32_t start) noexcept : balance_(balance), next_(start) {}

  /// nullptr: all are left out, or there is none.
  [[nodiscard]] Endpoint* pick(Endpoints endpoints, Monotonic now, net::Random& random) noexcept;

 private:
  [[nodiscard]] Endpoint* pick_next(Endpoints endpoints, Monotonic now) noexcept;

  Balance balance_;
  std::size_t next_;
};

}  // namespace pintle::upstream
