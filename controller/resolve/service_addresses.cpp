#include "controller/resolve/service_addresses.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/api/document.hpp"
#include "controller/resolve/addresses.hpp"
#include "controller/resolve/age.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

constexpr std::size_t most_addresses = 16;  // of GatewayStatus.addresses

std::string ip_text(const runtime::SocketAddress& address) {
  const std::string text = runtime::to_string(address);
  return address.v6 ? text.substr(1, text.rfind(']') - 1) : text.substr(0, text.rfind(':'));
}

void add(std::vector<api::GatewayStatusAddress>& list, std::string type, const std::string& value) {
  api::GatewayStatusAddress made{.type = std::move(type), .value = value};
  if (value.empty() || list.size() == most_addresses || std::ranges::find(list, made) != list.end()) return;
  list.push_back(std::move(made));
}

/// What one Gateway asks for.
class Request {
 public:
  Request(Exposure& exposure, const ServiceSettings& settings, std::map<std::string, const api::Gateway*>& owners)
      : exposure_(exposure), settings_(settings), owners_(owners) {}

  void judge() {
    const auto& wanted = exposure_.gateway->spec.addresses;
    for (std::size_t at = 0; at < wanted.size(); ++at) judge(wanted[at], fmt::format("spec.addresses[{}]", at));
  }

 private:
  void judge(const api::GatewayAddress& wanted, const std::string& field) {
    if (wanted.type != "IPAddress") {
      exposure_.accepted.push_back(
          {field + ".type", std::string(reason::unsupported_address),
           fmt::format("address type {} is not supported; use IPAddress", api::quote(wanted.type))});
      return;
    }
    if (!wanted.value || wanted.value->empty()) return;  // any address: the Service gets one
    if (auto fault = take(*wanted.value))
      exposure_.unusable.push_back({field + ".value", std::string(reason::address_not_usable), std::move(*fault)});
  }

  /// nullopt when it can be asked for, else why not.
  std::optional<std::string> take(const std::string& value) {
    runtime::SocketAddress address;
    if (!runtime::parse_ip(value, address)) return fmt::format("{} is not an IP address", api::quote(value));
    address = unmap_v4(address);
    if (const char* range = find_refused_range(address, Settings{})) return fmt::format("{} is {}", value, range);
    const std::string text = ip_text(address);
    if (std::ranges::find(exposure_.requested, text) != exposure_.requested.end()) return std::nullopt;
    if (auto full = find_lack_of_room(address)) return full;
    const auto [owner, fresh] = owners_.try_emplace(text, exposure_.gateway);
    if (!fresh)
      return fmt::format("{} belongs to Gateway {}/{}, which comes first", text, owner->second->metadata.ns,
                         owner->second->metadata.name);
    exposure_.requested.push_back(text);
    (address.v6 ? v6_ : v4_) = true;
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::string> find_lack_of_room(const runtime::SocketAddress& address) const {
    switch (settings_.type) {
      case ServiceType::ClusterIP:
        if (!(address.v6 ? v6_ : v4_)) return std::nullopt;
        return "a Service of type ClusterIP has one address of each IP version; name one";
      case ServiceType::LoadBalancer:
        if (exposure_.requested.empty()) return std::nullopt;
        return "a Service of type LoadBalancer can be asked for one address; name one";
      case ServiceType::NodePort:
        if (settings_.external_ips == ExternalIps::Allow) return std::nullopt;
        return "a Service of type NodePort gets a requested address as external IP, which the settings do not allow";
    }
    return std::nullopt;
  }

  Exposure& exposure_;
  const ServiceSettings& settings_;
  std::map<std::string, const api::Gateway*>& owners_;
  bool v4_ = false;
  bool v6_ = false;
};

bool is_requested(const Exposure& exposure, const api::GatewayStatusAddress& address) {
  return std::ranges::find(exposure.requested, address.value) != exposure.requested.end();
}

std::string describe(const api::Service& service) {
  return fmt::format("Service {}/{}", service.metadata.ns, service.metadata.name);
}

void add_pending(Exposure& exposure, std::string_view reason, std::string message) {
  exposure.pending.push_back({"spec.addresses", std::string(reason), std::move(message)});
}

void read_service(Exposure& exposure, const ServiceSettings& settings) {
  if (exposure.service == nullptr) {
    if (exposure.accepted.empty() && exposure.unusable.empty())
      add_pending(exposure, reason::address_not_assigned, "the Service of the Gateway is not made yet");
    return;
  }
  const api::Service& service = *exposure.service;
  exposure.addresses = service_addresses(service, settings);
  if (exposure.addresses.empty()) {
    add_pending(exposure, reason::address_not_assigned,
                service.type == "LoadBalancer"
                    ? describe(service) +
                          " has no address yet: a load balancer controller of the cluster gives it; "
                          "without one choose another Service type"
                    : describe(service) + " has no address yet");
    return;
  }
  if (exposure.requested.empty()) return;
  const auto wanted = [&exposure](const api::GatewayStatusAddress& one) { return is_requested(exposure, one); };
  if (std::ranges::any_of(exposure.addresses, wanted)) {
    std::erase_if(exposure.addresses, std::not_fn(wanted));
    return;
  }
  std::vector<std::string_view> given;
  given.reserve(exposure.addresses.size());
  for (const api::GatewayStatusAddress& one : exposure.addresses) given.push_back(one.value);
  const bool decided = service.type == "LoadBalancer" && service.load_balancer_ip == exposure.requested.front();
  add_pending(exposure, decided ? reason::address_not_usable : reason::address_not_assigned,
              fmt::format("{} was asked for, but {} has {}", fmt::join(exposure.requested, ", "), describe(service),
                          fmt::join(given, ", ")));
}

}  // namespace

void judge_addresses(std::vector<Exposure>& exposures, const ServiceSettings& settings) {
  std::vector<Exposure*> order;
  order.reserve(exposures.size());
  for (Exposure& exposure : exposures) order.push_back(&exposure);
  std::ranges::sort(order, {}, [](const Exposure* one) {
    const api::ObjectMeta& metadata = one->gateway->metadata;
    return std::tuple(birth_of(metadata), std::string_view(metadata.ns), std::string_view(metadata.name));
  });
  std::map<std::string, const api::Gateway*> owners;
  for (Exposure* exposure : order) Request(*exposure, settings, owners).judge();
  for (Exposure& exposure : exposures) read_service(exposure, settings);
}

std::vector<api::GatewayStatusAddress> service_addresses(const api::Service& service, const ServiceSettings& settings) {
  std::vector<api::GatewayStatusAddress> list;
  if (service.type == "LoadBalancer") {
    for (const api::LoadBalancerIngress& ingress : service.load_balancer_ingress) {
      add(list, "IPAddress", ingress.ip);
      if (ingress.ip.empty()) add(list, "Hostname", ingress.hostname);
    }
  } else if (service.type == "NodePort" && !settings.node_addresses.empty()) {
    for (const std::string& node : settings.node_addresses) add(list, "IPAddress", node);
  } else if (!service.is_headless()) {
    add(list, "IPAddress", service.cluster_ip);
    for (const std::string& ip : service.cluster_ips) add(list, "IPAddress", ip);
  }
  for (const std::string& ip : service.external_ips) add(list, "IPAddress", ip);
  return list;
}

}  // namespace pintle::resolve
