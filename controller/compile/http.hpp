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

  [[nodiscard]] std::shared_ptr<const route::ListenerTable> make_table(const ListenerKey& key,
                                                                       const resolve::ResolvedListener& listener);
  /// Of all tables made so far.
  [[nodiscard]] std::vector<Loser> take_losers() { return std::move(losers_); }

 private:
  [[nodiscard]] const RouteParts& parts_of(const RoutePtr& route);
  [[nodiscard]] route::HostTablePtr table_of_one(const RoutePtr& route);
  [[nodiscard]] const SharedHost& table_of_many(const std::vector<RoutePtr>& routes);
  [[nodiscard]] route::HostTablePtr make_host_table(const std::vector<RoutePtr>& routes);

  const Previous& previous_;
  Previous& next_;
  std::vector<Loser> losers_;
};

}  // namespace pintle::compile
