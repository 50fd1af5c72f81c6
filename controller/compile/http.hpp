// HTTP routes of the model to tables.
#pragma once
#include "controller/compile/compile.hpp"

namespace pintle::compile {

class HttpTables {
 public:
  /// Finds unchanged parts in `previous`, leaves what it used in `next`; both outlive it. next.backend_ids is filled
  /// in.
  HttpTables(const Previous& previous, Previous& next) : previous_(previous), next_(next) {
    next_.routes.reserve(previous_.routes.size());
    next_.host_tables.reserve(previous_.host_tables.size());
  }

  [[nodiscard]] std::shared_ptr<const route::ListenerTable> make_table(
      const ListenerKey& key, const std::vector<resolve::AttachedRoute>& routes);

 private:
  [[nodiscard]] RouteParts& parts_of(const RoutePtr& route);
  [[nodiscard]] route::HostTablePtr host_table_of(const std::vector<RoutePtr>& routes);
  [[nodiscard]] route::HostTablePtr make_host_table(const std::vector<RoutePtr>& routes);

  const Previous& previous_;
  Previous& next_;
};

}  // namespace pintle::compile
