#include "dataplane/upstream/endpoint.hpp"

#include "dataplane/observe/record.hpp"
#include "dataplane/upstream/h2_carrier.hpp"
#include "dataplane/upstream/link.hpp"
#include "dataplane/upstream/service.hpp"

namespace pintle::upstream {

Endpoint::~Endpoint() {
  while (H2Carrier* carrier = carriers_.front()) delete carrier;
  while (PooledLink* link = links_.front()) delete link;
  if (ejection_.is_ejected()) count_ejected(-1);
}

const runtime::Backend& Endpoint::backend() const noexcept { return service_.backend(); }

const net::TlsClientContext* Endpoint::tls() const noexcept { return service_.tls(); }

PooledLink* Endpoint::take_idle(LinkUser& user) {
  if (tls() == nullptr) {
    while (PooledLink* link = idle_.front())
      if (link->reuse(user)) return link;
    return nullptr;
  }
  const auto certificate = user.certificate();
  PooledLink* following = nullptr;
  for (PooledLink* link = idle_.front(); link != nullptr; link = following) {
    following = idle_.next(*link);
    if (link->has_shown(certificate.get()) && link->reuse(user)) return link;
  }
  return nullptr;
}

Result<PooledLink*> Endpoint::connect(LinkUser& user, Reuse reuse) {
  const Monotonic now = env_.context.now();
  ejection_.on_try(now);
  auto connection = net::Connection::connect(address_);
  if (!connection) {
    if (connection.error().code == ErrorCode::ConnectFailed) on_connect_failed(now);
    return std::unexpected(std::move(connection.error()));
  }
  auto link = std::make_unique<PooledLink>(*this, std::move(*connection), user, reuse);
  links_.push_back(*link);
  if (auto started = link->start(); !started) return std::unexpected(std::move(started.error()));
  return link.release();
}

Result<H2Link*> Endpoint::open_stream(LinkUser& user, Reuse reuse) {
  auto certificate = tls() == nullptr ? nullptr : user.certificate();
  if (reuse == Reuse::Pooled)
    for (H2Carrier* carrier = carriers_.front(); carrier != nullptr; carrier = carriers_.next(*carrier))
      if (carrier->takes_streams() && carrier->shows(certificate.get())) return &carrier->open(user);
  auto carrier = std::make_unique<H2Carrier>(*this, std::move(certificate));
  if (auto connecting = carrier->connect(); !connecting) return std::unexpected(std::move(connecting.error()));
  carriers_.push_front(*carrier);
  ++carrier_count_;
  return &carrier.release()->open(user);
}

bool Endpoint::may_choose() const noexcept { return backend().protocol == runtime::BackendProtocol::Negotiated; }

LinkUser& Endpoint::carry(PooledLink& link, LinkUser& user) {
  auto* carrier = new H2Carrier(*this, user.certificate());  // frees itself: bury()
  carriers_.push_front(*carrier);
  ++carrier_count_;
  static_cast<void>(carrier->open(user));
  return carrier->adopt(link);
}

void Endpoint::drop_idle() noexcept {
  carriers_.for_each([](H2Carrier& carrier) {
    if (carrier.is_idle()) carrier.leave();
  });
  while (PooledLink* link = idle_.front()) link->close();
}

void Endpoint::set_membership(Membership membership) noexcept {
  membership_ = membership;
  if (membership == Membership::Member) return;
  drop_idle();
  carriers_.for_each([](H2Carrier& carrier) { carrier.leave(); });
}

void Endpoint::on_connected() {
  if (ejection_.on_success()) count_ejected(-1);
  if (env_.context.observe != nullptr) env_.context.observe->on_upstream_connection_opened(backend());
}

void Endpoint::on_connect_failed(Monotonic started) {
  const EjectionLimits limits{env_.settings.eject_first, env_.settings.eject_most};
  const bool ejected = ejection_.on_failure(started, env_.context.now(), limits);
  if (env_.context.observe != nullptr) env_.context.observe->on_connect_failed(backend(), Reason::ConnectFailed);
  if (ejected) count_ejected(+1);
}

bool Endpoint::pool(PooledLink& link) noexcept {
  const bool wanted = membership_ == Membership::Member && env_.context.pressure == net::Pressure::None &&
                      env_.settings.max_idle_per_endpoint > 0;
  if (!wanted) return false;
  // The newcomer has just proved that it works; the one at the end was unused for longest.
  if (idle_count_ >= env_.settings.max_idle_per_endpoint) idle_.back()->close();
  idle_.push_front(link);
  ++idle_count_;
  return true;
}

void Endpoint::bury(PooledLink& link) noexcept {
  delete &link;
  if (!has_links()) service_.on_links_gone(*this);  // the last call: it may free this endpoint
}

void Endpoint::bury(H2Carrier& carrier) noexcept {
  delete &carrier;
  --carrier_count_;
  if (!has_links()) service_.on_links_gone(*this);
}

void Endpoint::count_ejected(std::int32_t change) {
  if (env_.context.observe != nullptr) env_.context.observe->on_ejected(backend(), change);
}

}  // namespace pintle::upstream
