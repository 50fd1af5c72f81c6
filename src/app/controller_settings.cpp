#include "src/app/controller_settings.hpp"

#include <array>
#include <cstdlib>
#include <unistd.h>

#include <fmt/format.h>

#include "controller/kube/in_cluster.hpp"
#include "controller/kube/kubeconfig.hpp"
#include "src/app/cli_values.hpp"

namespace pintle::app {
namespace {

[[nodiscard]] std::string variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread is started
  return value == nullptr ? std::string() : std::string(value);
}

/// Ports of ours that no Gateway may get.
[[nodiscard]] std::set<std::uint16_t> own_ports(const ControllerOptions& options) {
  std::set<std::uint16_t> ports;
  for (const std::string& where : {options.admin, options.health})
    if (const auto address = parse_address_and_port(where)) ports.insert(address->port);
  return ports;
}

}  // namespace

Pod find_pod() {
  Pod pod{.name = variable("POD_NAME"), .ns = variable("POD_NAMESPACE"), .uid = variable("POD_UID")};
  if (!pod.name.empty()) return pod;
  std::array<char, 256> host{};
  pod.name = ::gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "pintle";
  return pod;
}

Result<ObjectPlace> split_name(std::string_view flag, const std::string& given) {
  const std::size_t slash = given.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == given.size())
    return make_error(ErrorCode::InvalidArgument, fmt::format("{} '{}' is not NAMESPACE/NAME", flag, given));
  return ObjectPlace{.ns = given.substr(0, slash), .name = given.substr(slash + 1)};
}

Result<kube::Connection> find_connection(const ControllerOptions& options) {
  const kube::PodPlaces places = kube::find_pod_places();
  if (options.kubeconfig.empty() && kube::is_in_cluster(places)) return kube::read_in_cluster(places);
  const std::string named = variable("KUBECONFIG");
  const std::string chosen = kube::choose_kubeconfig(options.kubeconfig, named, variable("HOME"));
  if (chosen.empty())
    return make_error(ErrorCode::NoSuchFile,
                      "no cluster: this is no pod (KUBERNETES_SERVICE_HOST is not set), and there is no kubeconfig; "
                      "give --kubeconfig FILE, or serve a folder without a cluster: pintle serve --config DIR");
  auto read = kube::read_kubeconfig({.paths = chosen, .context = options.context});
  if (read || (read.error().code != ErrorCode::NoSuchFile && read.error().code != ErrorCode::PermissionDenied))
    return read;
  const std::string_view why = !options.kubeconfig.empty() ? "--kubeconfig names it"
                               : !named.empty()            ? "$KUBECONFIG names it"
                                                           : "this is no pod, so it was looked for";
  read.error().context +=
      fmt::format("; {}. Give --kubeconfig FILE, or serve a folder without a cluster: pintle serve --config DIR", why);
  return read;
}

Result<infra::Settings> infra_settings(const ControllerOptions& options) {
  infra::Settings settings;
  settings.controller_name = options.controller_name;
  settings.service.type = options.service.type;
  settings.service.target_ports = options.ports;
  settings.service.reserved_ports = own_ports(options);
  settings.service.external_ips = options.service.external_ips;
  settings.annotations = options.service.annotations;
  settings.load_balancer_class = options.service.load_balancer_class;
  settings.external_traffic_policy =
      options.service.external_traffic_policy == TrafficPolicy::Local ? "Local" : "Cluster";
  if (options.mode == resolve::GatewayMode::Direct) return settings;
  auto place = split_name("--replicas-service", options.replicas_service);
  if (!place) {
    place.error().context +=
        ": service mode leads Gateways to the ready pods of that Service; without one, use --gateway-mode direct";
    return std::unexpected(std::move(place.error()));
  }
  settings.replicas_namespace = std::move(place->ns);
  settings.replicas_service = std::move(place->name);
  return settings;
}

reconcile::Settings controller_settings(const ControllerOptions& options, const infra::Settings& infra) {
  reconcile::Settings settings;
  settings.resolve.controller_name = options.controller_name;
  settings.resolve.gateway_mode = options.mode;
  settings.resolve.service = infra.service;
  settings.resolve.default_addresses = resolve::any_addresses();
  if (!options.addresses.empty()) settings.resolve.default_addresses = bind_addresses(options.addresses);
  return settings;
}

}  // namespace pintle::app
