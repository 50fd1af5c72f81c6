// Routes to listeners, one parentRef at a time; each is judged by itself.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "controller/resolve/gateways.hpp"
#include "controller/resolve/routes.hpp"

namespace pintle::resolve {

/// Attaches the route to the listeners its parentRefs select, whether these are served or not: attachedRoutes counts
/// them all the same (ListenerStatus.attachedRoutes).
class Attachment {
 public:
  Attachment(const Inputs& inputs, std::vector<JudgedGateway>& gateways, const BackendShelf& backends)
      : inputs_(inputs), gateways_(gateways), backends_(backends) {}

  struct Result {
    RouteReport report;
    RouteStanding standing = RouteStanding::Foreign;
  };
  [[nodiscard]] Result attach_route(const RouteSlot& slot);

 private:
  [[nodiscard]] JudgedGateway* find_gateway(std::string_view ns, std::string_view name);
  [[nodiscard]] bool allows_namespace(const JudgedGateway& gateway, const api::Listener& listener,
                                      const std::string& ns);
  void add_verdict(const RouteSlot& slot, ParentReport& report) const;
  void attach_to(JudgedGateway& gateway, const RouteSlot& slot, ParentReport& report,
                 std::vector<JudgedListener*>& attached);
  [[nodiscard]] const api::StringMap& labels_of(const std::string& ns);

  const Inputs& inputs_;
  std::vector<JudgedGateway>& gateways_;
  const BackendShelf& backends_;
  std::map<std::string, api::StringMap, std::less<>> labels_;
};

}  // namespace pintle::resolve
