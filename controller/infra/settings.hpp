// What the person who starts Pintle decides about the Services of Gateways.
#pragma once
#include <string>

#include "controller/api/object.hpp"
#include "controller/resolve/gateway_service.hpp"
#include "controller/resolve/settings.hpp"

namespace pintle::infra {

/// Whether ports tell their protocol. Told, some cloud load balancers ask "/" over HTTP to see whether we live, and
/// take the 404 of a Gateway without a route there for death.
enum class AppProtocol : std::uint8_t { Omit, Tell };

struct Settings {
  std::string controller_name{resolve::default_controller_name};
  resolve::ServiceSettings service;
  /// The Service of the release whose ready endpoints are the replicas. Must not publish addresses that are not ready.
  std::string replicas_namespace;
  std::string replicas_service;
  api::StringMap annotations;           ///< on every Service, below those of the Gateway
  std::string load_balancer_class;      ///< taken when a Service is made: the API lets nobody change it
  std::string external_traffic_policy;  ///< Cluster, Local; empty: as the API sets it
  std::string ip_family_policy;         ///< as `load_balancer_class`: of new Services
  AppProtocol app_protocol = AppProtocol::Omit;
};

}  // namespace pintle::infra
