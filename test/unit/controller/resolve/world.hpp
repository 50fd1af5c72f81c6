// A small world for the tests of resolve: manifests in, resolutions out, and both as text to compare.
#pragma once
#include <string>
#include <string_view>

#include "controller/resolve/resolve.hpp"

namespace pintle::resolve::testing {

class World {
 public:
  /// Adds or replaces the objects of the manifests, decoded as those an API server has accepted.
  World& apply(std::string_view yaml);
  World& remove(api::Kind kind, std::string_view ns, std::string_view name);
  /// False if there is none.
  bool remove_if_present(const api::ObjectKey& key);

  [[nodiscard]] store::ClusterSnapshot snapshot() { return store_.freeze(); }
  /// With the memo of the calls before.
  [[nodiscard]] Resolution resolve();
  /// From nothing.
  [[nodiscard]] Resolution resolve_fresh();

  Settings settings;

 private:
  store::Store store_;
  Memo memo_;
  std::int64_t generation_ = 0;
};

/// The class "pintle", a Gateway default/gw with an HTTP listener on port 80, a Service default/one:80 with an
/// endpoint.
[[nodiscard]] std::string_view base_yaml();
/// An HTTPRoute in namespace default that sends everything under /<name> to Service <service>.
[[nodiscard]] std::string route_yaml(const std::string& name, const std::string& service = "one");

/// A file of the source tree.
[[nodiscard]] std::string read_text(const std::string& path);

[[nodiscard]] RefSet all_of(const Lookups& lookups);
/// "default/one:80"; nullptr if it is not served.
[[nodiscard]] std::shared_ptr<const runtime::Backend> find_backend(const Resolution& resolution, std::string_view name);
/// Everything a resolution says, but for pointers.
[[nodiscard]] std::string show(const Resolution& resolution);
[[nodiscard]] std::string show(const RouteReport& route);
/// The reasons of problems: "InvalidKind RefNotPermitted".
[[nodiscard]] std::string reasons_of(const Problems& problems);

[[nodiscard]] const GatewayReport& find_gateway(const Resolution& resolution, std::string_view name);
[[nodiscard]] const ListenerReport& find_listener(const Resolution& resolution, std::string_view gateway,
                                                  std::string_view listener);
[[nodiscard]] const RouteReport& find_route(const Resolution& resolution, std::string_view name);
/// nullptr if no served listener has it.
[[nodiscard]] std::shared_ptr<const ResolvedRoute> find_served(const Resolution& resolution, std::string_view name);

}  // namespace pintle::resolve::testing
