#include "controller/infra/service.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "controller/infra/metadata.hpp"

namespace pintle::infra {
namespace {

using nlohmann::json;
using resolve::ServiceType;

/// Which of the addresses of a Service we asked for: others are left alone.
constexpr std::string_view addresses_note = "pintle.dev/requested-addresses";

std::optional<std::string> find_app_protocol(const resolve::WantedPorts& wanted, resolve::ListenerPort port) {
  const auto found = wanted.find(port);
  if (found == wanted.end()) return std::nullopt;
  if (found->second == "HTTP") return "http";
  if (found->second == "HTTPS") return "https";
  return std::nullopt;
}

Metadata metadata_of(const ServiceWish& wish) {
  Metadata made = make_metadata(*wish.exposure.gateway, wish.name, wish.settings, Propagate::GatewayAndSettings);
  const auto& requested = wish.exposure.requested;
  if (!requested.empty()) made.annotations.emplace(addresses_note, fmt::format("{}", fmt::join(requested, ",")));
  return made;
}

json to_json(const api::ServicePort& port) {
  json made{{"name", port.name}, {"protocol", port.protocol}, {"port", port.port}};
  made["targetPort"] = *std::get_if<std::int32_t>(&port.target_port);
  if (port.app_protocol) made["appProtocol"] = *port.app_protocol;
  if (port.node_port) made["nodePort"] = *port.node_port;
  return made;
}

json to_json(const std::vector<api::ServicePort>& ports) {
  json list = json::array();
  for (const api::ServicePort& port : ports) list.push_back(to_json(port));
  return list;
}

void add_requested(json& spec, const std::vector<std::string>& requested, ServiceType type) {
  if (requested.empty()) return;
  switch (type) {
    case ServiceType::ClusterIP:
      spec["clusterIP"] = requested.front();
      spec["clusterIPs"] = requested;
      if (requested.size() > 1) spec["ipFamilyPolicy"] = "RequireDualStack";
      return;
    case ServiceType::LoadBalancer:
      spec["loadBalancerIP"] = requested.front();
      return;
    case ServiceType::NodePort:
      spec["externalIPs"] = requested;
      return;
  }
}

Action make_service(const ServiceWish& wish) {
  const Settings& settings = wish.settings;
  json spec{{"type", resolve::to_string(settings.service.type)}, {"ports", to_json(wish.ports)}};
  if (!settings.ip_family_policy.empty()) spec["ipFamilyPolicy"] = settings.ip_family_policy;
  if (settings.service.type != ServiceType::ClusterIP && !settings.external_traffic_policy.empty())
    spec["externalTrafficPolicy"] = settings.external_traffic_policy;
  if (settings.service.type == ServiceType::LoadBalancer && !settings.load_balancer_class.empty())
    spec["loadBalancerClass"] = settings.load_balancer_class;
  add_requested(spec, wish.exposure.requested, settings.service.type);
  const Metadata metadata = metadata_of(wish);
  const json body{{"apiVersion", "v1"}, {"kind", "Service"}, {"metadata", to_json(metadata)}, {"spec", spec}};
  return {.verb = Verb::Create,
          .object = {api::Kind::Service, metadata.ns, metadata.name},
          .cause = api::key_of(*wish.exposure.gateway),
          .body = body.dump()};
}

bool holds(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

bool needs_other_cluster_address(const ServiceWish& wish) {
  if (wish.settings.service.type != ServiceType::ClusterIP) return false;
  const api::Service& present = *wish.exposure.service;
  return std::ranges::any_of(wish.exposure.requested, [&present](const std::string& address) {
    return address != present.cluster_ip && !holds(present.cluster_ips, address);
  });
}

/// The ports as wanted, with what the cluster or others have added to those that stay.
std::vector<api::ServicePort> keep_foreign(std::vector<api::ServicePort> ports, const ServiceWish& wish) {
  const bool has_node_ports = wish.settings.service.type != ServiceType::ClusterIP;
  for (api::ServicePort& port : ports)
    for (const api::ServicePort& held : wish.exposure.service->ports) {
      if (held.port != port.port || held.protocol != port.protocol) continue;
      if (has_node_ports) port.node_port = held.node_port;
      if (!port.app_protocol) port.app_protocol = held.app_protocol;
    }
  return ports;
}

void add_address_difference(json& spec, const ServiceWish& wish) {
  const api::Service& present = *wish.exposure.service;
  const auto& requested = wish.exposure.requested;
  const std::vector<std::string> noted = read_list(present.metadata, addresses_note);
  const ServiceType type = wish.settings.service.type;
  if (type == ServiceType::LoadBalancer && !requested.empty()) {
    if (present.load_balancer_ip != requested.front()) spec["loadBalancerIP"] = requested.front();
  } else if (!present.load_balancer_ip.empty() && holds(noted, present.load_balancer_ip)) {
    spec["loadBalancerIP"] = nullptr;
  }
  std::vector<std::string> external = present.external_ips;
  const bool external_wanted = type == ServiceType::NodePort;
  std::erase_if(external,
                [&](const std::string& ip) { return holds(noted, ip) && !(external_wanted && holds(requested, ip)); });
  if (external_wanted)
    for (const std::string& ip : requested)
      if (!holds(external, ip)) external.push_back(ip);
  if (external != present.external_ips) spec["externalIPs"] = external;
}

json find_spec_difference(const ServiceWish& wish) {
  const api::Service& present = *wish.exposure.service;
  const Settings& settings = wish.settings;
  json spec = json::object();
  const std::string_view type = resolve::to_string(settings.service.type);
  if (present.type != type) {
    spec["type"] = type;
    if (settings.service.type == ServiceType::LoadBalancer && !settings.load_balancer_class.empty())
      spec["loadBalancerClass"] = settings.load_balancer_class;
  }
  const std::vector<api::ServicePort> ports = keep_foreign(wish.ports, wish);
  if (present.ports != ports) spec["ports"] = to_json(ports);
  // With a selector the cluster would put other pods beside our slices.
  if (!present.selector.empty()) spec["selector"] = nullptr;
  const std::string& policy = settings.external_traffic_policy;
  if (settings.service.type != ServiceType::ClusterIP && !policy.empty() && present.external_traffic_policy != policy)
    spec["externalTrafficPolicy"] = policy;
  add_address_difference(spec, wish);
  return spec;
}

}  // namespace

std::vector<api::ServicePort> make_ports(const resolve::Exposure& exposure, const Settings& settings) {
  std::vector<api::ServicePort> ports;
  for (const auto& [listener, target] : exposure.target_ports) {
    const bool udp = listener.transport == resolve::Transport::Udp;
    api::ServicePort& made = ports.emplace_back();
    made.name = fmt::format("port-{}{}", listener.port, udp ? "-udp" : "");
    made.protocol = runtime::to_string(listener.transport);
    made.port = listener.port;
    made.target_port = std::int32_t{target};
    if (settings.app_protocol == AppProtocol::Tell) made.app_protocol = find_app_protocol(exposure.wanted, listener);
  }
  return ports;
}

std::optional<Action> plan_service(const ServiceWish& wish) {
  if (wish.exposure.service == nullptr) return make_service(wish);
  const api::ObjectMeta& present = wish.exposure.service->metadata;
  if (present.deletion_timestamp) return std::nullopt;  // it goes; then there is none, and one is made
  Action action{.verb = Verb::Patch,
                .object = api::key_of(*wish.exposure.service),
                .cause = api::key_of(*wish.exposure.gateway),
                .body = {}};
  if (needs_other_cluster_address(wish)) {
    action.verb = Verb::Delete;
    action.body = json{{"preconditions", precondition(present)}}.dump();
    return action;
  }
  json metadata = find_difference(present, metadata_of(wish));
  const json spec = find_spec_difference(wish);
  if (metadata.empty() && spec.empty()) return std::nullopt;
  metadata.update(precondition(present));
  json body{{"metadata", metadata}};
  if (!spec.empty()) body["spec"] = spec;
  action.body = body.dump();
  return action;
}

}  // namespace pintle::infra
