// `pintle controller`: the objects of a Kubernetes cluster in, traffic served, statuses and Services written back,
// until told to stop. The wiring lives in controller.cpp.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "controller/resolve/settings.hpp"
#include "src/app/run_options.hpp"

namespace pintle::app {

enum class Election : std::uint8_t { On, Off };
enum class TrafficPolicy : std::uint8_t { Cluster, Local };

struct GatewayServiceOptions {
  resolve::ServiceType type = resolve::ServiceType::LoadBalancer;
  api::StringMap annotations;
  std::string load_balancer_class;
  TrafficPolicy external_traffic_policy = TrafficPolicy::Cluster;
  resolve::ExternalIps external_ips = resolve::ExternalIps::Refuse;
};

struct ControllerOptions : RunOptions {
  ControllerOptions() { health = "0.0.0.0:9802"; }

  std::string kubeconfig;                      ///< a file; empty: $KUBECONFIG, else the pod's own
  std::string context;                         ///< empty: the kubeconfig's current one
  std::vector<std::string> namespaces;         ///< empty: all
  std::vector<std::string> secret_namespaces;  ///< empty: those followed
  Election election = Election::On;
  std::string lease_namespace;  ///< empty: $POD_NAMESPACE
  std::string lease_name = "pintle-leader";
  resolve::GatewayMode mode = resolve::GatewayMode::Service;
  GatewayServiceOptions service;
  std::string replicas_service;  ///< "namespace/name"
  resolve::PortRange ports;
  std::vector<std::string> addresses;  ///< direct mode
  std::string session_key_secret;      ///< "namespace/name"; empty: a key of this run alone
  std::string state_dir;               ///< empty: nothing is kept
};

/// Blocks until drained by TERM or INT. Returns the exit code of the command.
[[nodiscard]] int run_controller(const ControllerOptions& options);

}  // namespace pintle::app
