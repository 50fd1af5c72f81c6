// What resolve() found out about each object, as data. The status module makes conditions of it once it is known what
// became of the configuration (finish_status). Ordered: the same objects give the same report.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <pintle/base/shared_list.hpp>

#include "controller/api/object.hpp"
#include "controller/api/references.hpp"
#include "controller/api/status.hpp"
#include "controller/resolve/model.hpp"

namespace pintle::resolve {

/// Problems of one condition. Empty: the condition has its good value. The first gives the reason, all give the
/// message.
using Problems = std::vector<Problem>;

struct ObjectId {
  api::ObjectKey key;
  std::string uid;
  std::int64_t generation = 0;
  friend bool operator==(const ObjectId&, const ObjectId&) = default;
};

struct ClassReport {
  ObjectId object;
  Problems accepted;
  std::string unsupported_version;              ///< not empty: the installed Gateway API is of one that we do not know
  std::string installed;                        ///< which one it is, and what is not offered for that
  std::vector<std::string> supported_features;  ///< sorted
};

struct ListenerReport {
  std::string name;
  std::uint16_t port = 0;
  runtime::Transport transport = runtime::Transport::Tcp;
  std::vector<api::RouteGroupKind> supported_kinds;
  std::int32_t attached_routes = 0;
  Problems accepted;
  std::optional<Problem> conflict;  ///< also stands in `accepted`
  Problems resolved_refs;
  std::optional<Problem> overlap;  ///< OverlappingTLSConfig; a warning
  std::vector<std::string> notes;  ///< what is not wrong but worth knowing; ends in the message of Accepted
  bool valid = false;              ///< accepted, and it has what it needs to serve
  bool served = false;             ///< it is in the Model
  std::string unplaced;            ///< Service mode, not empty: why its port has no number on the replicas
  std::vector<runtime::SocketAddress> sockets;  ///< of its port that its Gateway owns, port with the offset; if served
};

enum class AddressOrigin : std::uint8_t {
  Requested,  ///< of spec.addresses: each must work
  Default     ///< of the settings: those that work are taken
};
struct AssignedAddress {
  runtime::SocketAddress address;  ///< port 0
  AddressOrigin origin = AddressOrigin::Default;
};

enum class Standing : std::uint8_t {
  Judged,
  ClassPending  ///< its GatewayClass is not accepted: nothing of it is judged or served
};

/// A ListenerSet that names a Gateway of ours.
struct ListenerSetReport {
  ObjectId object;
  Problems accepted;
  std::vector<ListenerReport> listeners;  ///< in the order of the spec; none if the set is not allowed
};

struct GatewayReport {
  ObjectId object;
  Standing standing = Standing::Judged;
  Problems accepted;       ///< of the Gateway itself; listeners that are not valid are added by finish_status
  Problems resolved_refs;  ///< of the Gateway itself
  Problems programmed;     ///< AddressNotAssigned, AddressNotUsable: known before anything is bound
  std::vector<AssignedAddress> addresses;
  /// Service mode: what the Service says. Then `addresses` are those of this host that the target ports are bound on.
  std::optional<std::vector<api::GatewayStatusAddress>> published;
  std::uint16_t port_offset = 0;
  std::string insecure_validation;        ///< not empty: some listener lets in clients without a good certificate
  std::vector<ListenerReport> listeners;  ///< in the order of the spec
  std::vector<ListenerSetReport> sets;    ///< in the order in which their listeners come
  /// Of these sets those that are accepted; nullopt: it allows none, and none asks.
  std::optional<std::int32_t> attached_sets;
  std::vector<std::string> notes;
};

struct ParentReport {
  api::ParentReference ref;  ///< as in the spec
  bool pending = false;      ///< the Gateway's class is not accepted
  Problems accepted;
  Problems resolved_refs;
  Problems dropped;  ///< PartiallyInvalid: rules that are not served while others are
  std::vector<std::string> notes;
  friend bool operator==(const ParentReport&, const ParentReport&) = default;
};
/// Every HTTPRoute has one; without parents if none of its parents is ours.
struct RouteReport {
  ObjectId object;
  SharedList<ParentReport> parents;  ///< most routes say the same of theirs
  friend bool operator==(const RouteReport&, const RouteReport&) = default;
};
/// The same pointer as in the report before: nothing about the route is new.
using RouteReportPtr = std::shared_ptr<const RouteReport>;

struct StatusReport {
  std::string controller_name;
  std::vector<ClassReport> classes;
  std::vector<GatewayReport> gateways;
  /// Sets without a Gateway. What is said of them counts for those that were of a Gateway of ours a report before:
  /// nothing in a ListenerSet says whose it is.
  std::vector<ListenerSetReport> orphans;
  std::vector<RouteReportPtr> routes;    ///< by kind, namespace and name
  std::vector<RouteReportPtr> policies;  ///< of both kinds; their parents are the Gateways they are in force for
};

}  // namespace pintle::resolve
