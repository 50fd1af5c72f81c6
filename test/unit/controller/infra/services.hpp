// A cluster for the tests of infra: plans, and what carrying them out makes of the cluster.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/infra/plan.hpp"
#include "controller/store/store.hpp"

namespace pintle::infra::testing {

class Cluster {
 public:
  Cluster();
  /// Manifests in; uid and resourceVersion are given if they name none.
  Cluster& apply(std::string_view yaml);
  Cluster& remove(api::Kind kind, std::string_view ns, std::string_view name);
  [[nodiscard]] store::ClusterSnapshot snapshot() { return store_.freeze(); }
  [[nodiscard]] resolve::StatusReport report();
  [[nodiscard]] Plan plan();
  /// Does what the plan says, as the API server would: creates, merges, deletes. Fails the test if a precondition does
  /// not hold.
  void carry_out(const std::vector<Action>& actions);
  /// Plans and carries out until nothing is left; the number of actions.
  std::size_t settle();
  [[nodiscard]] const api::Service* service(std::string_view name, std::string_view ns = "default");
  /// As JSON text, the whole object as the API server holds it.
  [[nodiscard]] std::string text_of(const api::ObjectKey& key) const;
  /// Merges JSON into an object, as kubectl patch would.
  void patch(const api::ObjectKey& key, std::string_view merge);

  Settings settings;

 private:
  void put(const api::ObjectKey& key, std::string text);
  store::Store store_;
  std::map<api::ObjectKey, std::string> made_;  ///< objects as JSON
  int version_ = 1000;
};

/// A Gateway default/<name> of class pintle; `spec` is YAML flow members beside gatewayClassName, "listeners: [...]".
[[nodiscard]] std::string gateway(std::string_view name,
                                  std::string_view spec = "listeners: [{name: http, port: 80, protocol: HTTP}]",
                                  std::string_view created = "2026-01-01T00:00:00Z");
/// The slice of the release's Service, with those ready addresses.
[[nodiscard]] std::string replicas(const std::vector<std::string>& addresses);
/// "create Service default/gw-pintle", one line each.
[[nodiscard]] std::string shown(const std::vector<Action>& actions);

}  // namespace pintle::infra::testing
