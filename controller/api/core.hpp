// Kubernetes objects beside the Gateway API, reduced to the fields Pintle reads.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <pintle/base/secret.hpp>

#include "controller/api/object.hpp"

namespace pintle::api {

/// A port by number or by name (intstr.IntOrString).
using IntOrString = std::variant<std::int32_t, std::string>;

struct ServicePort {
  std::string name;
  std::string protocol{"TCP"};
  std::uint16_t port = 0;
  IntOrString target_port = std::int32_t{0};  ///< defaults to `port`
  std::optional<std::string> app_protocol;
  std::optional<std::uint16_t> node_port;
  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};
struct LoadBalancerIngress {
  std::string ip;
  std::string hostname;
  friend bool operator==(const LoadBalancerIngress&, const LoadBalancerIngress&) = default;
};
struct Service {
  static constexpr Kind kind = Kind::Service;
  ObjectMeta metadata;
  std::string type{"ClusterIP"};  ///< ClusterIP, NodePort, LoadBalancer, ExternalName
  std::string cluster_ip;         ///< "None" for a headless Service
  std::vector<std::string> cluster_ips;
  std::string external_name;
  StringMap selector;
  std::vector<ServicePort> ports;
  std::vector<std::string> external_ips;
  std::string load_balancer_ip;
  std::string load_balancer_class;
  std::string external_traffic_policy;                     ///< Cluster, Local; empty when the type has none
  std::vector<LoadBalancerIngress> load_balancer_ingress;  ///< of the status
  [[nodiscard]] bool is_headless() const noexcept { return cluster_ip == "None"; }
  friend bool operator==(const Service&, const Service&) = default;
};

enum class AddressType : std::uint8_t { IPv4, IPv6, FQDN, Unknown };
/// Conditions left out keep the meaning the API gives nil: ready is taken as true, serving as ready,
/// terminating as false.
struct Endpoint {
  std::vector<std::string> addresses;
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  std::optional<std::string> node_name;
  std::optional<std::string> zone;
  std::string target_name;  ///< name of targetRef, for people
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
struct EndpointPort {
  std::string name;
  std::string protocol{"TCP"};
  std::optional<std::uint16_t> port;  ///< nullopt: all ports
  std::optional<std::string> app_protocol;
  friend bool operator==(const EndpointPort&, const EndpointPort&) = default;
};
struct EndpointSlice {
  static constexpr Kind kind = Kind::EndpointSlice;
  ObjectMeta metadata;
  OpenEnum<AddressType> address_type;
  std::vector<Endpoint> endpoints;
  std::vector<EndpointPort> ports;
  /// Value of the label kubernetes.io/service-name; empty when the slice belongs to no Service.
  [[nodiscard]] std::string_view service_name() const noexcept;
  friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

/// Values are decoded from base64 and wiped when the last owner lets go (req 58).
struct Secret {
  static constexpr Kind kind = Kind::Secret;
  ObjectMeta metadata;
  std::string type{"Opaque"};
  std::map<std::string, pintle::Secret, std::less<>> data;
  [[nodiscard]] const pintle::Secret* find(std::string_view key) const noexcept;
  friend bool operator==(const Secret&, const Secret&) = default;
};

struct ConfigMap {
  static constexpr Kind kind = Kind::ConfigMap;
  ObjectMeta metadata;
  StringMap data;         ///< text
  StringMap binary_data;  ///< decoded from base64
  friend bool operator==(const ConfigMap&, const ConfigMap&) = default;
};

/// Its labels hold kubernetes.io/metadata.name always.
struct Namespace {
  static constexpr Kind kind = Kind::Namespace;
  ObjectMeta metadata;
  friend bool operator==(const Namespace&, const Namespace&) = default;
};

}  // namespace pintle::api
