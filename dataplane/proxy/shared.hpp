// What all sessions of a worker share. Internal to proxy. Worker thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/http1/head_edits.hpp"
#include "dataplane/http1/recent_lines.hpp"
#include "dataplane/net/intrusive_list.hpp"
#include "dataplane/net/worker_context.hpp"
#include "dataplane/proxy/backend_retries.hpp"
#include "dataplane/proxy/proxy.hpp"
#include "dataplane/proxy/retry_budget.hpp"
#include "dataplane/proxy/session_tokens.hpp"
#include "dataplane/upstream/upstream.hpp"

namespace pintle::proxy {

class Exchange;
class SideRequest;

/// Exchanges are used again: a warm worker allocates none. Last in, first out, so the memory is warm too.
class ExchangePool {
 public:
  static constexpr std::size_t max_free = 1024;

  explicit ExchangePool(struct Shared& shared) noexcept : shared_(shared) {}
  ~ExchangePool();
  ExchangePool(const ExchangePool&) = delete;
  ExchangePool& operator=(const ExchangePool&) = delete;
  [[nodiscard]] Exchange* take();
  /// Called from deep inside the exchange itself: it stays alive at least until the end of the turn.
  void give_back(Exchange* exchange);

 private:
  void trim();
  struct Shared& shared_;
  std::vector<Exchange*> free_;
  net::MemberTask<ExchangePool, &ExchangePool::trim> trim_later_{*this};
};

/// What all copies of requests may take together, so that a backend that hangs harms no request that is waited for.
struct SideLoad {
  static constexpr std::uint32_t most_live = 256;
  static constexpr std::uint32_t most_of_backend = 128;  ///< one that hangs leaves room for the others
  static constexpr std::size_t most_waiting = std::size_t{16} * 1024 * 1024;
  std::uint32_t live = 0;
  std::vector<std::uint32_t> of_backend{};  ///< of them, by BackendId
  std::size_t waiting = 0;                  ///< bytes their backends have not taken, at most

  [[nodiscard]] bool has_room(BackendId backend) const noexcept {
    const bool many = backend.index() < of_backend.size() && of_backend[backend.index()] >= most_of_backend;
    return !many && live < most_live && waiting < most_waiting;
  }
  void begin(BackendId backend) {
    if (backend.index() >= of_backend.size()) of_backend.resize(backend.index() + 1);
    ++of_backend[backend.index()];
    ++live;
  }
  void end(BackendId backend) noexcept {
    --of_backend[backend.index()];
    --live;
  }
};

struct Shared {
  Shared(net::WorkerContext& worker, const Settings& wanted);
  ~Shared();
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  net::WorkerContext& context;
  Settings settings;
  std::unique_ptr<upstream::Upstreams> upstreams;
  http1::HeadEdits edits;  ///< of one head, inside one event
  http1::RecentLines request_lines;
  http1::RecentLines response_lines;
  RetryBudget retries;
  BackendRetryTable backend_retries;
  SessionTokens tokens;
  ExchangePool exchanges;
  SideLoad side_load;
  net::IntrusiveList<SideRequest> side_requests;  ///< each goes by itself; those left are ended with the worker
};

}  // namespace pintle::proxy
