#include "dataplane/proxy/exchange.hpp"
#include "dataplane/proxy/h1_session.hpp"
#include "dataplane/proxy/proxy.hpp"
#include "dataplane/proxy/side_request.hpp"

namespace pintle::proxy {

ExchangePool::~ExchangePool() {
  for (Exchange* exchange : free_) delete exchange;
}

Exchange* ExchangePool::take() {
  if (free_.empty()) return new Exchange(shared_);
  Exchange* exchange = free_.back();
  free_.pop_back();
  return exchange;
}

void ExchangePool::give_back(Exchange* exchange) {
  free_.push_back(exchange);
  if (free_.size() > max_free && !trim_later_.is_linked()) shared_.context.poller.flush_later(trim_later_);
}

void ExchangePool::trim() {
  while (free_.size() > max_free) {
    delete free_.back();
    free_.pop_back();
  }
}

Shared::Shared(net::WorkerContext& worker, const Settings& wanted)
    : context(worker),
      settings(wanted),
      upstreams(upstream::Upstreams::make(worker, wanted.upstream)),
      exchanges(*this) {}

Shared::~Shared() {
  while (SideRequest* left = side_requests.front()) delete left;
}

namespace {

class Factory final : public net::SessionFactory {
 public:
  Factory(net::WorkerContext& context, const Settings& settings) : shared_(context, settings) {}
  void start(net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket) override {
    // Owns itself: net::Session.
    (new H1Session(shared_, std::move(connection), std::move(socket)))->start();
  }

 private:
  Shared shared_;
};

}  // namespace

std::unique_ptr<net::SessionFactory> make_session_factory(net::WorkerContext& context, const Settings& settings) {
  return std::make_unique<Factory>(context, settings);
}

}  // namespace pintle::proxy
