// Routes to listeners, one parentRef at a time; each is judged by itself. A parentRef to a Gateway selects among its
// own listeners, one to a ListenerSet among those of the set.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/resolve/gateways.hpp"
#include "controller/resolve/routes.hpp"

namespace pintle::resolve {

/// What attaching routes looks at of the judged Gateways. While it is equal, so is every attachment of a route that did
/// not change itself.
struct GatewayFace {
  const api::Gateway* object = nullptr;
  Standing standing = Standing::Judged;
  std::vector<bool> served;                                    ///< by listener
  std::vector<std::vector<api::RouteGroupKind>> kinds;         ///< by listener
  std::vector<std::pair<const api::ListenerSet*, bool>> sets;  ///< with each whether it is allowed
  friend bool operator==(const GatewayFace&, const GatewayFace&) = default;
};
using GatewayFaces = std::vector<GatewayFace>;
[[nodiscard]] GatewayFaces faces_of(const std::vector<JudgedGateway>& gateways);

/// Attaches the route to the listeners its parentRefs select, whether these are served or not: attachedRoutes counts
/// them all the same (ListenerStatus.attachedRoutes).
class Attachment {
 public:
  Attachment(const store::ClusterSnapshot& snapshot, const std::vector<JudgedGateway>& gateways,
             const BackendShelf& backends);

  [[nodiscard]] RouteAttachment attach_route(const RouteSlot& slot);

 private:
  /// What a parentRef names: a Gateway of ours, or a set of one.
  struct Parent {
    std::uint32_t gateway = 0;
    const JudgedSet* set = nullptr;
  };
  /// One parentRef while it is judged.
  struct Visit {
    const RouteSlot& slot;
    Parent parent;
    ParentReport& report;
    RouteAttachment& made;
  };

  [[nodiscard]] std::optional<Parent> find_parent(const api::ParentReference& ref, const std::string& route_ns) const;
  [[nodiscard]] std::string describe(const Parent& parent) const;
  [[nodiscard]] bool allows_namespace(const Visit& visit, const api::Listener& listener);
  void add_verdict(const RouteSlot& slot, ParentReport& report) const;
  void attach_by(const RouteSlot& slot, const api::ParentReference& ref, const Parent& found,
                 std::vector<ParentReport>& parents, RouteAttachment& made);
  void attach_to_defaults(const RouteSlot& slot, std::vector<ParentReport>& parents, RouteAttachment& made);
  void attach_to(const Visit& visit);
  void stand_at(const Visit& visit, std::uint32_t listener, SharedList<std::string> hosts);
  [[nodiscard]] const api::Labels& labels_of(const std::string& ns);

  const store::ClusterSnapshot& snapshot_;
  const std::vector<JudgedGateway>& gateways_;
  const BackendShelf& backends_;
  std::map<std::pair<std::string_view, std::string_view>, Parent> sets_;  ///< by namespace and name
  std::map<std::string, api::Labels, std::less<>> labels_;
  // Of the route before, which most often says the same.
  SharedList<ParentReport> last_parents_;
  SharedList<std::string> last_hosts_;
};

}  // namespace pintle::resolve
