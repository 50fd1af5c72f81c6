// A KubeSource over a scripted API, and the world as its batches describe it.
#pragma once
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/source/kube_source.hpp"
#include "test/unit/support/manual_clock.hpp"
#include "test/unit/support/scripted_api.hpp"

namespace pintle::source::testing {

/// An HTTPRoute default/<name> as an API server writes it, managed fields and all.
[[nodiscard]] std::string route(std::string_view name, std::string_view version, std::string_view path = "/");
/// A Service default/<name>, as an item of a list (which has no kind of its own).
[[nodiscard]] std::string service(std::string_view name, std::string_view version);
[[nodiscard]] std::string list(std::string_view kind, std::string_view version,
                               std::initializer_list<std::string> items, std::string_view continue_token = {});
[[nodiscard]] std::string event(std::string_view type, std::string_view object);
[[nodiscard]] std::string bookmark(std::string_view version);
[[nodiscard]] std::string status(int code, std::string_view reason, std::string_view message = {});

/// What stands in the target of a list or watch of HTTPRoutes of all namespaces.
inline constexpr std::string_view route_list = "/httproutes?limit";
inline constexpr std::string_view route_watch = "/httproutes?watch";

class KubeWorld {
 public:
  explicit KubeWorld(KubeSettings settings = {});

  /// Answers the lists of all kinds that are asked for but that one with nothing, version 1.
  void list_all_but(std::string_view plural);
  /// All kinds listed and watched; the routes given.
  void begin(std::initializer_list<std::string> routes);
  /// "HTTPRoute default/a, Service default/b".
  [[nodiscard]] std::string keys() const;
  [[nodiscard]] std::string finding_ids() const;
  [[nodiscard]] const KindStatus& status_of(api::Kind kind);
  [[nodiscard]] const api::HTTPRoute* find_route(std::string_view name) const;

  kube::testing::ScriptedApi api;
  kube::testing::ManualClock clock;
  std::vector<Batch> batches;
  std::map<api::ObjectKey, api::AnyObject> world;
  std::unique_ptr<KubeSource> source;

 private:
  std::vector<KindStatus> statuses_;
};

}  // namespace pintle::source::testing
