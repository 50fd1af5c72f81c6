// HTTP routes of the model to tables. Of a listener whose attached routes are others than before, the hosts of these
// others are made anew and nothing else is looked at; hosts with the same routes share one table, whatever the
// listener.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <pintle/route/table.hpp>

#include "controller/compile/losers.hpp"
#include "controller/resolve/model.hpp"

namespace pintle::compile {

using RoutePtr = std::shared_ptr<const resolve::ResolvedRoute>;
/// (gateway "namespace/name", listener name)
using ListenerKey = std::pair<std::string, std::string>;

/// What was made of the routes of a host.
struct HostRoutes {
  std::vector<RoutePtr> routes;  ///< each once, by address: what a table holds does not depend on their order
  route::HostTablePtr table;
  std::vector<Loss> losses;
};
using HostRoutesPtr = std::shared_ptr<const HostRoutes>;

struct HashRoutes {
  std::size_t operator()(const std::vector<RoutePtr>& routes) const noexcept;
};

/// A host of a listener.
struct Host {
  std::vector<resolve::AttachedRoutePtr> attached;
  HostRoutesPtr made;
  bool touched = false;  ///< to be made anew
};
struct PrecedesHost {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const noexcept { return route::precedes_host(a, b); }
};

using Hosts = std::map<std::string, Host, PrecedesHost>;

/// What was made of the routes of a listener.
struct ListenerHosts {
  std::vector<resolve::AttachedRoutePtr> routes;  ///< as the model has them
  Hosts hosts;
  std::size_t hosts_with_losses = 0;
  std::shared_ptr<const route::ListenerTable> table;
};

/// What one generation leaves to the next.
class HttpTables {
 public:
  [[nodiscard]] std::shared_ptr<const route::ListenerTable> make_table(const ListenerKey& key,
                                                                       const resolve::ResolvedListener& listener);
  /// Who lost at the listener, by host.
  void add_losers(const ListenerKey& key, std::uint16_t port, std::vector<Loser>& losers) const;
  /// Forgets the other listeners, and tables that no host has.
  void sweep(const std::map<ListenerKey, ListenerId>& keys);

  [[nodiscard]] std::size_t listeners() const noexcept { return listeners_.size(); }
  [[nodiscard]] std::size_t host_tables() const noexcept { return made_.size(); }

 private:
  void renew(ListenerHosts& held, const std::vector<resolve::AttachedRoutePtr>& routes);
  void make_host(ListenerHosts& held, Host& host);
  [[nodiscard]] HostRoutesPtr make_routes(std::vector<RoutePtr> routes, const HostRoutes* before);

  std::map<ListenerKey, ListenerHosts> listeners_;
  std::unordered_map<std::vector<RoutePtr>, HostRoutesPtr, HashRoutes> made_;
  std::vector<HostRoutesPtr> left_;  ///< maybe no host has them any more
};

}  // namespace pintle::compile
