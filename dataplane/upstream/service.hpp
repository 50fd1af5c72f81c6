// One backend on one worker: its endpoints over generations.
//
//   members_  endpoints of the backend as the worker knows it now; requests go to these
//   left_     endpoints that left it, until their last connection is gone
//
// A backend that left the configuration is *retired*: requests that pinned an older generation still reach its
// endpoints, but nothing is pooled, and it goes with its last connection.
#pragma once
#include <memory>
#include <vector>

#include "dataplane/net/tls_client.hpp"
#include "dataplane/upstream/balancer.hpp"
#include "dataplane/upstream/endpoint.hpp"

namespace pintle::upstream {

class Service;

class ServiceOwner {
 public:
  /// A retired service has no connection left: free it.
  virtual void on_service_over(Service& service) noexcept = 0;

 protected:
  ~ServiceOwner() = default;
};

/// Ids are given anew when a backend leaves; the name stays. Another protocol, or other TLS, is another backend: its
/// idle connections speak it.
[[nodiscard]] inline bool is_same_backend(const runtime::Backend& a, const runtime::Backend& b) noexcept {
  if (&a == &b) return true;
  const bool same_tls = a.tls == b.tls || (a.tls && b.tls && *a.tls == *b.tls);
  return a.protocol == b.protocol && same_tls && a.name == b.name;
}

class Service {
 public:
  Service(Environment env, ServiceOwner& owner, std::shared_ptr<const runtime::Backend> backend);

  [[nodiscard]] const runtime::Backend& backend() const noexcept { return *backend_; }
  [[nodiscard]] bool is_retired() const noexcept { return membership_ == Membership::Left; }
  [[nodiscard]] bool has_links() const noexcept;
  [[nodiscard]] bool has_endpoints() const noexcept { return !members_.empty(); }

  /// nullptr: all are left out.
  [[nodiscard]] Endpoint* pick() noexcept;
  /// The one with this address; if it is left out, or gone, another.
  [[nodiscard]] Endpoint* pick(const runtime::SocketAddress& wanted) noexcept;
  /// What its connections are secured with; nullptr: they are plain. An Error: none may be made.
  [[nodiscard]] Result<const net::TlsClientContext*> secure();
  /// Of the last secure().
  [[nodiscard]] const net::TlsClientContext* tls() const noexcept { return tls_.get(); }
  /// The backend of a newer generation; does nothing if it is the same. Endpoints that stay keep their connections.
  void update(const std::shared_ptr<const runtime::Backend>& backend);
  void retire() noexcept { set_membership(Membership::Left); }
  void revive() noexcept { set_membership(Membership::Member); }
  void drop_idle() noexcept;

  /// An endpoint's last connection is gone.
  void on_links_gone(Endpoint& endpoint) noexcept;

 private:
  void set_membership(Membership membership) noexcept;
  void adopt(const runtime::Backend& backend);

  Environment env_;
  ServiceOwner& owner_;
  std::shared_ptr<const runtime::Backend> backend_;
  Membership membership_ = Membership::Member;
  Balancer balancer_;
  std::shared_ptr<const net::TlsClientContext> tls_;  ///< made when first needed
  std::vector<std::unique_ptr<Endpoint>> members_;
  std::vector<std::unique_ptr<Endpoint>> left_;
};

}  // namespace pintle::upstream
