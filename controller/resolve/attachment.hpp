// Routes to listeners, one parentRef at a time; each is judged by itself.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "controller/resolve/gateways.hpp"
#include "controller/resolve/routes.hpp"

namespace pintle::resolve {

/// What attaching routes looks at of the judged Gateways. While it is equal, so is every attachment of a route that did
/// not change itself.
struct GatewayFace {
  const api::Gateway* object = nullptr;
  Standing standing = Standing::Judged;
  std::vector<bool> served;                             ///< by listener
  std::vector<std::vector<api::RouteGroupKind>> kinds;  ///< by listener
  friend bool operator==(const GatewayFace&, const GatewayFace&) = default;
};
using GatewayFaces = std::vector<GatewayFace>;
[[nodiscard]] GatewayFaces faces_of(const std::vector<JudgedGateway>& gateways);

/// Attaches the route to the listeners its parentRefs select, whether these are served or not: attachedRoutes counts
/// them all the same (ListenerStatus.attachedRoutes).
class Attachment {
 public:
  Attachment(const store::ClusterSnapshot& snapshot, const std::vector<JudgedGateway>& gateways,
             const BackendShelf& backends)
      : snapshot_(snapshot), gateways_(gateways), backends_(backends) {}

  [[nodiscard]] RouteAttachment attach_route(const RouteSlot& slot);

 private:
  /// One parentRef while it is judged.
  struct Visit {
    const RouteSlot& slot;
    std::uint32_t gateway;
    ParentReport& report;
    RouteAttachment& made;
  };

  [[nodiscard]] std::optional<std::uint32_t> find_gateway(std::string_view ns, std::string_view name) const;
  [[nodiscard]] bool allows_namespace(const Visit& visit, const api::Listener& listener);
  void add_verdict(const RouteSlot& slot, ParentReport& report) const;
  void attach_by(const RouteSlot& slot, const api::ParentReference& ref, std::uint32_t gateway, RouteReport& report,
                 RouteAttachment& made);
  void attach_to_defaults(const RouteSlot& slot, RouteReport& report, RouteAttachment& made);
  void attach_to(const Visit& visit);
  void stand_at(const Visit& visit, std::uint32_t listener, std::vector<std::string> hosts);
  [[nodiscard]] const api::StringMap& labels_of(const std::string& ns);

  const store::ClusterSnapshot& snapshot_;
  const std::vector<JudgedGateway>& gateways_;
  const BackendShelf& backends_;
  std::map<std::string, api::StringMap, std::less<>> labels_;
};

}  // namespace pintle::resolve
