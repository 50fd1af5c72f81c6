#include "dataplane/upstream/service.hpp"

#include <algorithm>
#include <map>

namespace pintle::upstream {

Service::Service(Environment env, ServiceOwner& owner, std::shared_ptr<const runtime::Backend> backend)
    : env_(env),
      owner_(owner),
      backend_(std::move(backend)),
      balancer_(env.settings.balance, static_cast<std::uint32_t>(env.context.random.next() >> 32)) {
  adopt(*backend_);
}

bool Service::has_links() const noexcept {
  const auto has = [](const auto& endpoint) { return endpoint->has_links(); };
  return std::ranges::any_of(members_, has) || std::ranges::any_of(left_, has);
}

Endpoint* Service::pick() noexcept { return balancer_.pick(members_, env_.context.now(), env_.context.random); }

Endpoint* Service::pick(const runtime::SocketAddress& wanted) noexcept {
  const auto found = std::ranges::find(members_, wanted, &Endpoint::address);
  return found != members_.end() && (*found)->admits(env_.context.now()) ? found->get() : pick();
}

Result<const net::TlsClientContext*> Service::secure() {
  if (!backend_->tls || tls_) return tls_.get();
  if (!backend_->tls->fault.empty()) return make_error(ErrorCode::TlsFailed, backend_->tls->fault, Side::Upstream);
  auto made = net::TlsClientContext::make(*backend_->tls, backend_->protocol);
  if (!made) return std::unexpected(std::move(made.error()));
  tls_ = std::move(*made);
  return tls_.get();
}

void Service::update(const std::shared_ptr<const runtime::Backend>& backend) {
  if (backend_ == backend) return;
  adopt(*backend);
  backend_ = backend;
}

void Service::adopt(const runtime::Backend& backend) {
  std::map<runtime::SocketAddress, std::unique_ptr<Endpoint>> known;
  for (auto* endpoints : {&members_, &left_}) {
    for (auto& endpoint : *endpoints) known.emplace(endpoint->address(), std::move(endpoint));
    endpoints->clear();
  }
  members_.reserve(backend.endpoints.size());
  for (const runtime::SocketAddress& address : backend.endpoints) {
    auto found = known.extract(address);
    members_.push_back(found ? std::move(found.mapped()) : std::make_unique<Endpoint>(env_, *this, address));
    members_.back()->set_membership(membership_);
  }
  for (auto& [address, endpoint] : known) {
    endpoint->set_membership(Membership::Left);
    if (endpoint->has_links()) left_.push_back(std::move(endpoint));
  }
}

void Service::set_membership(Membership membership) noexcept {
  membership_ = membership;
  for (const auto& endpoint : members_) endpoint->set_membership(membership);
}

void Service::drop_idle() noexcept {
  for (const auto& endpoint : members_) endpoint->drop_idle();
}

void Service::on_links_gone(Endpoint& endpoint) noexcept {
  std::erase_if(left_, [&](const auto& left) { return left.get() == &endpoint; });
  if (is_retired() && !has_links()) owner_.on_service_over(*this);  // the last call: it may free this service
}

}  // namespace pintle::upstream
