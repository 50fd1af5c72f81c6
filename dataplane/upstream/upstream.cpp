#include "dataplane/upstream/upstream.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "dataplane/upstream/h2_carrier.hpp"
#include "dataplane/upstream/link.hpp"
#include "dataplane/upstream/service.hpp"

namespace pintle::upstream {
namespace {

Acquired refuse(Reason reason, std::string_view detail) { return {.reason = reason, .detail = detail}; }

class WorkerUpstreams final : public Upstreams, public ServiceOwner, public net::ApplyObserver {
 public:
  WorkerUpstreams(net::WorkerContext& context, const Settings& settings) : context_(context), settings_(settings) {
    // Without a time to be left out for, acquire() would go on offering an endpoint that cannot be reached.
    settings_.eject_first = std::max(settings_.eject_first, Millis(1));
    settings_.eject_most = std::max(settings_.eject_most, settings_.eject_first);
    context_.apply_observers.push_back(*this);
  }

  using Upstreams::acquire;
  Acquired acquire(BackendId id, const std::shared_ptr<const runtime::Backend>& backend, LinkUser& user, Reuse reuse,
                   const runtime::SocketAddress* wanted) override;
  void drop_idle() override;

 private:
  using Services = std::vector<std::unique_ptr<Service>>;

  void on_apply(const net::SnapshotRef& previous, const net::SnapshotRef& current) override;
  void on_pressure(net::Pressure pressure) override {
    if (pressure != net::Pressure::None) drop_idle();
  }
  void on_service_over(Service& service) noexcept override;
  Service& find_service(BackendId id, const std::shared_ptr<const runtime::Backend>& backend);
  Service& find_retired(const std::shared_ptr<const runtime::Backend>& backend);
  Service& make_current(BackendId id, const std::shared_ptr<const runtime::Backend>& backend);
  void retire(std::unique_ptr<Service> service);
  void sweep_retired() noexcept;
  [[nodiscard]] Environment environment() noexcept { return {context_, settings_}; }

  net::WorkerContext& context_;
  Settings settings_;
  std::string detail_;  ///< of the last failed acquire()
  Services current_;    ///< by BackendId; null where nothing was asked for yet
  Services retired_;
};

bool takes_stream(const runtime::Backend& backend, const Endpoint& endpoint, const LinkUser& user,
                  Reuse reuse) noexcept {
  if (backend.protocol == runtime::BackendProtocol::Http1) return false;
  if (reuse == Reuse::Raw || reuse == Reuse::RawTls) return false;
  if (backend.protocol == runtime::BackendProtocol::Http2) return true;
  return endpoint.chose_http2() && user.speaks() == Speaks::Either;
}

Acquired WorkerUpstreams::acquire(BackendId id, const std::shared_ptr<const runtime::Backend>& backend, LinkUser& user,
                                  Reuse reuse, const runtime::SocketAddress* wanted) {
  if (!backend) return refuse(Reason::NoEndpoints, "the backend does not exist");
  Service& service = find_service(id, backend);
  if (!service.has_endpoints()) return refuse(Reason::NoEndpoints, "the backend has no ready endpoint");
  detail_.clear();
  if (const auto secured = service.secure(); !secured && reuse != Reuse::Raw) {
    detail_ = secured.error().context;
    return refuse(Reason::UpstreamTls, detail_);
  }
  // An endpoint whose connect fails at once is left out by that, so each round has one less to choose from.
  while (Endpoint* endpoint = wanted == nullptr ? service.pick() : service.pick(*wanted)) {
    Error failure;
    if (takes_stream(*backend, *endpoint, user, reuse)) {
      auto link = endpoint->open_stream(user, reuse);
      if (link) return {.link = *link, .connected = (*link)->is_connected()};
      failure = std::move(link.error());
    } else {
      if (reuse == Reuse::Pooled)
        if (PooledLink* idle = endpoint->take_idle(user)) return {.link = idle, .connected = true};
      auto link = endpoint->connect(user, reuse);
      if (link) return {.link = *link};
      failure = std::move(link.error());
    }
    detail_ = std::move(failure.context);
    if (failure.code != ErrorCode::ConnectFailed) return refuse(Reason::Overload, detail_);
  }
  if (!detail_.empty()) return refuse(Reason::ConnectFailed, detail_);
  return refuse(Reason::NoHealthyEndpoint, "connecting to every endpoint failed lately; they are tried again shortly");
}

// The usual case is one comparison of pointers. A request of an older generation whose backend is still here, by name,
// gets the endpoints of now: those that left get no new request.
Service& WorkerUpstreams::find_service(BackendId id, const std::shared_ptr<const runtime::Backend>& backend) {
  if (id.index() < current_.size())
    if (const auto& service = current_[id.index()]; service && is_same_backend(service->backend(), *backend))
      return *service;
  if (!context_.current) return find_retired(backend);
  const auto& backends = context_.current->endpoints->backends;
  if (id.index() >= backends.size() || !backends[id.index()] || !is_same_backend(*backends[id.index()], *backend))
    return find_retired(backend);
  return make_current(id, backends[id.index()]);
}

Service& WorkerUpstreams::find_retired(const std::shared_ptr<const runtime::Backend>& backend) {
  for (const auto& service : retired_)
    if (is_same_backend(service->backend(), *backend)) return *service;
  retired_.push_back(std::make_unique<Service>(environment(), *this, backend));
  retired_.back()->retire();
  return *retired_.back();
}

// A backend that left and came back, perhaps with another id, brings its connections along.
Service& WorkerUpstreams::make_current(BackendId id, const std::shared_ptr<const runtime::Backend>& backend) {
  if (current_.size() <= id.index()) current_.resize(id.index() + 1);
  auto& slot = current_[id.index()];
  if (slot) retire(std::move(slot));
  const auto back = std::ranges::find_if(
      retired_, [&](const auto& service) { return is_same_backend(service->backend(), *backend); });
  if (back == retired_.end()) {
    slot = std::make_unique<Service>(environment(), *this, backend);
    return *slot;
  }
  slot = std::move(*back);
  retired_.erase(back);
  slot->revive();
  slot->update(backend);
  return *slot;
}

void WorkerUpstreams::retire(std::unique_ptr<Service> service) {
  service->retire();
  if (service->has_links()) retired_.push_back(std::move(service));
}

void WorkerUpstreams::on_apply(const net::SnapshotRef& /*previous*/, const net::SnapshotRef& current) {
  const auto& backends = current->endpoints->backends;
  for (std::size_t i = 0; i < current_.size(); ++i) {
    auto& service = current_[i];
    if (!service) continue;
    if (i < backends.size() && backends[i] && is_same_backend(service->backend(), *backends[i]))
      service->update(backends[i]);
    else
      retire(std::move(service));
  }
  if (current_.size() > backends.size()) current_.resize(backends.size());
  sweep_retired();
}

void WorkerUpstreams::on_service_over(Service& service) noexcept {
  std::erase_if(retired_, [&](const auto& retired) { return retired.get() == &service; });
}

void WorkerUpstreams::sweep_retired() noexcept {
  std::erase_if(retired_, [](const auto& service) { return !service->has_links(); });
}

void WorkerUpstreams::drop_idle() {
  for (const auto& service : current_)
    if (service) service->drop_idle();
}

}  // namespace

std::unique_ptr<Upstreams> Upstreams::make(net::WorkerContext& context, const Settings& settings) {
  return std::make_unique<WorkerUpstreams>(context, settings);
}

}  // namespace pintle::upstream
