// Service mode: what the Services of our Gateways say. Each Gateway has one, made by the leader (infra); here every
// replica reads from it where it listens and under which addresses the Gateway is reached.
//   client -> address of the Service : listener port -> slice endpoint (a replica) : target port -> our socket
//  - guarantees: pure; a target port belongs to one (Gateway, port) alone, whatever is written into Services by hand
//    (req 67); of the numbers only those of the settings' range count.
//  - leaves to others: making and changing Services and slices (infra), binding.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "controller/api/core.hpp"
#include "controller/api/gateway.hpp"
#include "controller/resolve/listener_sets.hpp"
#include "controller/resolve/model.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

using runtime::Transport;

/// The port on our pods that stands behind each.
using TargetPorts = std::map<ListenerPort, std::uint16_t>;

enum class ServiceType : std::uint8_t { ClusterIP, NodePort, LoadBalancer };
[[nodiscard]] std::string_view to_string(ServiceType type) noexcept;

/// externalIPs draw traffic of any address to us: a Gateway's author must not get by us what the cluster may refuse him
/// (CVE-2020-8554), so an administrator has to allow them.
enum class ExternalIps : std::uint8_t { Refuse, Allow };

struct PortRange {
  std::uint16_t first = 20000;
  std::uint16_t last = 29999;  ///< below node ports and ephemeral ports
  [[nodiscard]] std::uint32_t size() const noexcept { return 1U + last - first; }
};

struct ServiceSettings {
  ServiceType type = ServiceType::LoadBalancer;
  PortRange target_ports;
  std::set<std::uint16_t> reserved_ports;   ///< of the range, never given: the admin port
  std::vector<std::string> node_addresses;  ///< published for NodePort; without them the cluster address is
  ExternalIps external_ips = ExternalIps::Refuse;
};

/// Where the search for a free target port begins. By the uid, which nobody can choose.
[[nodiscard]] std::uint16_t preferred_port(const api::Gateway& gateway, ListenerPort port, PortRange range) noexcept;

struct Exposure {
  const api::Gateway* gateway = nullptr;
  const api::Service* service = nullptr;  ///< nullptr: not made yet. May be on its way out (deletion_timestamp)
  WantedPorts wanted;                     ///< of its listeners and those of its ListenerSets
  TargetPorts target_ports;               ///< of the wanted ports; one that lacks waits for the leader
  std::vector<std::string> requested;     ///< values of spec.addresses that can be asked for
  std::vector<api::GatewayStatusAddress> addresses;  ///< of the status: those of the Service
  Problems accepted;                                 ///< UnsupportedAddress
  Problems unusable;                                 ///< AddressNotUsable, whatever the Service says
  Problems pending;  ///< AddressNotAssigned, or AddressNotUsable as the Service's status shows
};

struct ExposeInput {
  const store::ClusterSnapshot& snapshot;
  std::span<const api::Gateway* const> gateways;  ///< all that are ours
  std::string_view controller_name;
  const ServiceSettings& settings;
};
/// In the order of the Gateways. What was looked up, found or not, is added to `refs`.
[[nodiscard]] std::vector<Exposure> expose_gateways(const ExposeInput& input, RefSet& refs);

/// LoadBalancer: what its status names. NodePort: the nodes if they are known, else as ClusterIP: the addresses of the
/// cluster. And in each case externalIPs.
[[nodiscard]] std::vector<api::GatewayStatusAddress> service_addresses(const api::Service& service,
                                                                       const ServiceSettings& settings);

}  // namespace pintle::resolve
