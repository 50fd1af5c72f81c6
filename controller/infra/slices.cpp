#include "controller/infra/slices.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controller/infra/metadata.hpp"
#include "controller/resolve/addresses.hpp"
#include "controller/resolve/service_names.hpp"

namespace pintle::infra {
namespace {

using nlohmann::json;

constexpr std::size_t most_endpoints = 1000;  // of an EndpointSlice
/// The slice controllers of the cluster keep their hands off what names another.
constexpr std::string_view slice_managed_by_label = "endpointslice.kubernetes.io/managed-by";

struct WantedSlice {
  std::string name;
  api::AddressType family = api::AddressType::IPv4;
  std::vector<api::Endpoint> endpoints;
  std::vector<api::EndpointPort> ports;
};

bool may_be_replica(const std::string& text) {
  runtime::SocketAddress address;
  return runtime::parse_ip(text, address) && resolve::find_refused_range(address, resolve::Settings{}) == nullptr;
}

enum class Which : std::uint8_t { Ready, All };

void add_replicas(const api::EndpointSlice& slice, Which which, std::vector<api::Endpoint>& into) {
  for (const api::Endpoint& endpoint : slice.endpoints) {
    const bool counts = which == Which::All || endpoint.ready;
    const bool stays = counts && !endpoint.terminating && !endpoint.addresses.empty();
    // Of several addresses consumers take the first.
    if (!stays || !may_be_replica(endpoint.addresses.front())) continue;
    api::Endpoint& made = into.emplace_back();
    made.addresses = {endpoint.addresses.front()};
    made.node_name = endpoint.node_name;
    made.zone = endpoint.zone;
  }
}

void sort_unique(std::vector<api::Endpoint>& endpoints) {
  std::ranges::sort(endpoints, {}, &api::Endpoint::addresses);
  const auto rest = std::ranges::unique(endpoints, {}, &api::Endpoint::addresses);
  endpoints.erase(rest.begin(), rest.end());
}

json to_json(const std::vector<api::Endpoint>& endpoints) {
  json list = json::array();
  for (const api::Endpoint& endpoint : endpoints) {
    json& made = list.emplace_back(json{{"addresses", endpoint.addresses},
                                        {"conditions", {{"ready", true}, {"serving", true}, {"terminating", false}}}});
    if (endpoint.node_name) made["nodeName"] = *endpoint.node_name;
    if (endpoint.zone) made["zone"] = *endpoint.zone;
  }
  return list;
}

json to_json(const std::vector<api::EndpointPort>& ports) {
  json list = json::array();
  for (const api::EndpointPort& port : ports) {
    json& made = list.emplace_back(json{{"name", port.name}, {"protocol", port.protocol}, {"port", *port.port}});
    if (port.app_protocol) made["appProtocol"] = *port.app_protocol;
  }
  return list;
}

std::vector<api::EndpointPort> to_endpoint_ports(const std::vector<api::ServicePort>& ports) {
  std::vector<api::EndpointPort> made;
  made.reserve(ports.size());
  for (const api::ServicePort& port : ports)
    if (const auto* target = std::get_if<std::int32_t>(&port.target_port))
      made.push_back({.name = port.name,
                      .protocol = port.protocol,
                      .port = static_cast<std::uint16_t>(*target),
                      .app_protocol = port.app_protocol});
  return made;
}

void add_wanted(const SliceWish& wish, api::AddressType family, std::map<std::string, WantedSlice>& wanted) {
  const bool v4 = family == api::AddressType::IPv4;
  const std::vector<api::Endpoint>& all = v4 ? wish.replicas.v4 : wish.replicas.v6;
  for (std::size_t from = 0; from < all.size(); from += most_endpoints) {
    const std::size_t number = from / most_endpoints;
    WantedSlice made;
    made.name = fmt::format("{}-pintle-{}", wish.service, v4 ? "ipv4" : "ipv6");
    if (number > 0) made.name += fmt::format("-{}", number + 1);
    made.family = family;
    const std::size_t to = std::min(all.size(), from + most_endpoints);
    made.endpoints.assign(all.begin() + static_cast<std::ptrdiff_t>(from),
                          all.begin() + static_cast<std::ptrdiff_t>(to));
    made.ports = to_endpoint_ports(wish.ports);
    wanted.emplace(made.name, std::move(made));
  }
}

Metadata metadata_of(const SliceWish& wish, const std::string& name) {
  return make_metadata(wish.gateway, name, wish.settings, Propagate::GatewayOnly,
                       {{std::string(api::service_name_label), wish.service},
                        {std::string(slice_managed_by_label), std::string(resolve::managed_by_pintle)}});
}

Action action_on(const SliceWish& wish, Verb verb, const std::string& name, const json& body) {
  return {.verb = verb,
          .object = {api::Kind::EndpointSlice, wish.gateway.metadata.ns, name},
          .cause = api::key_of(wish.gateway),
          .body = body.dump()};
}

Action make_slice(const SliceWish& wish, const WantedSlice& wanted) {
  return action_on(wish, Verb::Create, wanted.name,
                   {{"apiVersion", "discovery.k8s.io/v1"},
                    {"kind", "EndpointSlice"},
                    {"metadata", to_json(metadata_of(wish, wanted.name))},
                    {"addressType", wanted.family == api::AddressType::IPv4 ? "IPv4" : "IPv6"},
                    {"endpoints", to_json(wanted.endpoints)},
                    {"ports", to_json(wanted.ports)}});
}

void change_slice(const SliceWish& wish, const api::EndpointSlice& present, const WantedSlice& wanted,
                  std::vector<Action>& actions) {
  json body = json::object();
  json metadata = find_difference(present.metadata, metadata_of(wish, wanted.name));
  if (present.endpoints != wanted.endpoints) body["endpoints"] = to_json(wanted.endpoints);
  if (present.ports != wanted.ports) body["ports"] = to_json(wanted.ports);
  if (metadata.empty() && body.empty()) return;
  metadata.update(precondition(present.metadata));
  body["metadata"] = metadata;
  actions.push_back(action_on(wish, Verb::Patch, wanted.name, body));
}

}  // namespace

Replicas find_replicas(const store::ClusterSnapshot& snapshot, const Settings& settings) {
  Replicas found;
  for (const Which which : {Which::Ready, Which::All}) {
    for (const auto* slice : snapshot.find_endpoint_slices(settings.replicas_namespace, settings.replicas_service)) {
      if (slice->address_type == api::AddressType::IPv4) add_replicas(*slice, which, found.v4);
      if (slice->address_type == api::AddressType::IPv6) add_replicas(*slice, which, found.v6);
    }
    if (!found.v4.empty() || !found.v6.empty()) break;
  }
  sort_unique(found.v4);
  sort_unique(found.v6);
  return found;
}

void plan_slices(const SliceWish& wish, std::vector<Action>& actions) {
  std::map<std::string, WantedSlice> wanted;
  if (!wish.ports.empty()) {
    add_wanted(wish, api::AddressType::IPv4, wanted);
    add_wanted(wish, api::AddressType::IPv6, wanted);
  }
  for (const auto* present : wish.snapshot.find_endpoint_slices(wish.gateway.metadata.ns, wish.service)) {
    if (!resolve::is_made_for(present->metadata, wish.gateway, wish.settings.controller_name)) continue;
    const auto found = wanted.find(present->metadata.name);
    if (found != wanted.end())
      change_slice(wish, *present, found->second, actions);
    else
      actions.push_back(
          action_on(wish, Verb::Delete, present->metadata.name, {{"preconditions", precondition(present->metadata)}}));
    wanted.erase(present->metadata.name);
  }
  for (const auto& [name, slice] : wanted) actions.push_back(make_slice(wish, slice));
}

}  // namespace pintle::infra
