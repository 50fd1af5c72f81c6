#include "src/app/cli_controller.hpp"

#include "src/app/cli_values.hpp"

namespace pintle::app {
namespace {

void add_cluster(Flags& flags, ControllerOptions& o) {
  flags.group("Cluster");
  flags.value("--kubeconfig", o.kubeconfig, "FILE", "how to reach the API server", "$KUBECONFIG, else that of the pod");
  flags.value("--context", o.context, "NAME", "context of the kubeconfig", "its current one");
  flags.value("--controller-name", o.controller_name, "NAME", "GatewayClasses with this name are ours",
              "pintle.dev/gateway-controller");
  flags.repeated("--namespaces", into_list(o.namespaces), "NS", "follow these namespaces alone; may be repeated",
                 "all");
  flags.repeated("--secret-namespaces", into_list(o.secret_namespaces), "NS",
                 "read Secrets of these namespaces alone; may be repeated", "those followed");
  flags.choice<Election>("--leader-elect", o.election, {{"on", Election::On}, {"off", Election::Off}},
                         "off: this replica always writes; there must be no other", "on");
  flags.value("--lease-namespace", o.lease_namespace, "NS", "where the Lease is", "$POD_NAMESPACE");
  flags.value("--lease-name", o.lease_name, "NAME", "name of the Lease", "pintle-leader");
}

void add_reachability(Flags& flags, ControllerOptions& o) {
  flags.group("How Gateways are reached");
  flags.choice<resolve::GatewayMode>(
      "--gateway-mode", o.mode, {{"service", resolve::GatewayMode::Service}, {"direct", resolve::GatewayMode::Direct}},
      "service: a Service for each Gateway; direct: bound here, on its own ports", "service");
  flags.choice<resolve::ServiceType>("--service-type", o.service.type,
                                     {{"LoadBalancer", resolve::ServiceType::LoadBalancer},
                                      {"NodePort", resolve::ServiceType::NodePort},
                                      {"ClusterIP", resolve::ServiceType::ClusterIP}},
                                     "of the Service of a Gateway", "LoadBalancer");
  flags
      .parsed(
          "--service-annotation",
          [&o](const std::string& given) -> Result<void> {
            auto pair = parse_pair(given);
            if (!pair) return std::unexpected(std::move(pair.error()));
            o.service.annotations.insert(std::move(*pair));
            return {};
          },
          "KEY=VALUE", "on each of these Services; may be repeated")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  flags.choice<resolve::ExternalIps>(
      "--external-ips", o.service.external_ips,
      {{"allow", resolve::ExternalIps::Allow}, {"refuse", resolve::ExternalIps::Refuse}},
      "whether spec.addresses may become externalIPs: they draw traffic of any address here", "refuse");
  flags.value("--load-balancer-class", o.service.load_balancer_class, "NAME", "of these Services");
  flags.choice<TrafficPolicy>("--external-traffic-policy", o.service.external_traffic_policy,
                              {{"Cluster", TrafficPolicy::Cluster}, {"Local", TrafficPolicy::Local}},
                              "of these Services", "Cluster");
  flags.value("--replicas-service", o.replicas_service, "NS/NAME",
              "headless Service of our own pods: whose ready addresses the Services lead to");
  flags.parsed(
      "--port-range",
      [&o](const std::string& given) -> Result<void> {
        auto range = parse_port_range(given);
        if (!range) return std::unexpected(std::move(range.error()));
        o.ports = *range;
        return {};
      },
      "FIRST-LAST", "ports on our pods that the Services lead to", "20000-29999");
  flags.repeated("--address", into_addresses(o.addresses), "IP",
                 "direct: bind Gateways without spec.addresses here; '*' for all; may be repeated", "*");
  add_trust(flags, o);
}

}  // namespace

void add_controller(CLI::App& app, ControllerOptions& o) {
  Flags flags(app);
  add_cluster(flags, o);
  add_reachability(flags, o);
  add_running(flags, o);
  flags.value("--session-key-secret", o.session_key_secret, "NS/NAME",
              "Secret with the key of sessions (sessionPersistence), filled in if it is empty",
              "a key that ends with the process");
  flags.value("--state-dir", o.state_dir, "DIR", "where the last good configuration is kept for a restart", "none");
  add_telling(flags, o);
  flags.parsed("--health", into_admin(o.health, "off"), "IP:PORT", "livez, readyz, healthz and metrics, nothing else",
               "0.0.0.0:9802");
}

}  // namespace pintle::app
