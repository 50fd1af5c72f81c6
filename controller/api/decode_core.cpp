#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

constexpr std::array<EnumWord<AddressType>, 3> address_types{
    {{"IPv4", AddressType::IPv4}, {"IPv6", AddressType::IPv6}, {"FQDN", AddressType::FQDN}}};

bool is_port_protocol(std::string_view word) noexcept { return word == "TCP" || word == "UDP" || word == "SCTP"; }
bool is_service_type(std::string_view word) noexcept {
  return word == "ClusterIP" || word == "NodePort" || word == "LoadBalancer" || word == "ExternalName";
}
constexpr TextRule port_protocol_rule{.accepts = is_port_protocol, .id = "GW0305", .wanted = "one of TCP, UDP, SCTP"};
constexpr TextRule port_name_rule{.accepts = is_dns_label,
                                  .min = 1,
                                  .max = 63,
                                  .id = "GW0301",
                                  .wanted = "a port name: lower case letters, digits and '-'"};

IntOrString read_int_or_string(const Field& field) {
  if (field.value().type == Value::Type::String) return field.value().text;
  return static_cast<std::int32_t>(read_number(field, {.min = 0, .max = 65535}));
}

ServicePort read_service_port(const Field& field) {
  ServicePort out;
  Fields fields(field);
  const auto name = fields.find("name");
  if (name && !name->value().text.empty()) out.name = read_text(*name, port_name_rule);
  out.protocol = text_or(fields, "protocol", port_protocol_rule, "TCP");
  if (const auto port = fields.require("port")) out.port = read_port(*port);
  const auto target = fields.find("targetPort");
  out.target_port = target ? read_int_or_string(*target) : IntOrString(std::int32_t{out.port});
  out.app_protocol = optional_text(fields, "appProtocol");
  if (const auto node = fields.find("nodePort")) {
    const auto number = static_cast<std::uint16_t>(read_number(*node, {.min = 0, .max = 65535}));
    if (number != 0) out.node_port = number;
  }
  fields.finish();
  return out;
}

void read_service_spec(const Field& field, Service& out) {
  Fields fields(field);
  out.type = text_or(
      fields, "type",
      {.accepts = is_service_type, .id = "GW0305", .wanted = "one of ClusterIP, NodePort, LoadBalancer, ExternalName"},
      "ClusterIP");
  out.cluster_ip = text_or(fields, "clusterIP", {}, "");
  out.cluster_ips = text_list(fields, "clusterIPs", {});
  if (out.cluster_ip.empty() && !out.cluster_ips.empty()) out.cluster_ip = out.cluster_ips.front();
  out.external_name = text_or(fields, "externalName", {}, "");
  if (const auto selector = fields.find("selector")) out.selector = read_string_map(*selector);
  if (const auto ports = fields.find("ports")) {
    out.ports = read_list<ServicePort>(*ports, {}, read_service_port);
    if (out.ports.size() > 1) {
      check_unique(
          *ports, out.ports, [](const ServicePort& one) -> std::string_view { return one.name; }, "a port name");
    }
  }
  const bool needs_ports = out.type != "ExternalName" && !out.is_headless();
  if (needs_ports && out.ports.empty())
    field.report_value({.id = "GW0202", .message = "a Service must have ports", .fix = "add ports"});
  out.external_ips = text_list(fields, "externalIPs", {});
  out.load_balancer_ip = text_or(fields, "loadBalancerIP", {}, "");
  out.load_balancer_class = text_or(fields, "loadBalancerClass", {}, "");
  out.external_traffic_policy = text_or(fields, "externalTrafficPolicy", {}, "");
  fields.ignore({"allocateLoadBalancerNodePorts", "healthCheckNodePort", "internalTrafficPolicy", "ipFamilies",
                 "ipFamilyPolicy", "loadBalancerSourceRanges", "publishNotReadyAddresses", "sessionAffinity",
                 "sessionAffinityConfig", "trafficDistribution"});
  fields.finish();
}

std::vector<LoadBalancerIngress> read_ingress(const Field& status) {
  Fields fields(status);
  const auto balancer = fields.find("loadBalancer");
  if (!balancer) return {};
  Fields parts(*balancer);
  return list_of<LoadBalancerIngress>(parts, "ingress", {}, [](const Field& item) {
    LoadBalancerIngress one;
    Fields members(item);
    one.ip = text_or(members, "ip", {}, "");
    one.hostname = text_or(members, "hostname", {}, "");
    return one;
  });
}

Endpoint read_endpoint(const Field& field) {
  Endpoint out;
  Fields fields(field);
  if (const auto addresses = fields.require("addresses")) {
    out.addresses =
        read_list<std::string>(*addresses, {.min = 1, .max = 100}, [](const Field& item) { return read_text(item); });
  }
  if (const auto conditions = fields.find("conditions")) {
    Fields parts(*conditions);
    if (const auto ready = parts.find("ready")) out.ready = read_bool(*ready);
    const auto serving = parts.find("serving");
    out.serving = serving ? read_bool(*serving) : out.ready;
    if (const auto terminating = parts.find("terminating")) out.terminating = read_bool(*terminating);
    parts.finish();
  }
  out.node_name = optional_text(fields, "nodeName");
  out.zone = optional_text(fields, "zone");
  if (const auto target = fields.find("targetRef")) {
    Fields parts(*target);
    out.target_name = text_or(parts, "name", {}, "");
  }
  fields.ignore({"hostname", "hints", "deprecatedTopology"});
  fields.finish();
  return out;
}

EndpointPort read_endpoint_port(const Field& field) {
  EndpointPort out;
  Fields fields(field);
  out.name = text_or(fields, "name", {}, "");
  out.protocol = text_or(fields, "protocol", port_protocol_rule, "TCP");
  out.port = optional_port(fields, "port");
  out.app_protocol = optional_text(fields, "appProtocol");
  fields.finish();
  return out;
}

void check_addresses_of(const Field& list, const EndpointSlice& slice) {
  for (std::size_t at = 0; at < slice.endpoints.size(); ++at) {
    for (const std::string& address : slice.endpoints[at].addresses) {
      const bool six = address.contains(':');
      const bool fits = slice.address_type == AddressType::FQDN
                            ? is_dns_subdomain(address)
                            : is_ip_address(address) && six == (slice.address_type == AddressType::IPv6);
      if (!fits && !slice.address_type.is_unknown()) {
        list.item(at).report({.id = "GW0317",
                              .message = fmt::format("{} is not an address of the slice's addressType", quote(address)),
                              .fix = {}});
      }
    }
  }
}

/// base64 values of a Secret or a ConfigMap's binaryData. A wrong value is named, never shown (req 58).
template <class Put>
void read_base64_map(const Field& field, Put put) {
  if (field.value().type != Value::Type::Mapping) return field.report_type("an object");
  for (const Member& member : field.value().members) {
    const Field at = field.member(member, true);
    if (at.is_null()) {
      put(member.key, std::string());
      continue;
    }
    if (member.value.type != Value::Type::String) {
      at.report({.id = "GW0203",
                 .message = fmt::format("must be a string, not {}", to_string(member.value.type)),
                 .fix = "put it in quotes"});
      continue;
    }
    auto bytes = decode_base64(member.value.text);
    if (!bytes) {
      at.report(
          {.id = "GW0313", .message = "is not base64", .fix = "encode the value, or put it under stringData as it is"});
      continue;
    }
    put(member.key, std::move(*bytes));
  }
}

}  // namespace

void read_service(Fields& root, const Field& /*field*/, Service& out) {
  if (const auto spec = root.require("spec")) read_service_spec(*spec, out);
  if (const auto status = root.find("status")) out.load_balancer_ingress = read_ingress(*status);
}

void read_endpoint_slice(Fields& root, const Field& /*field*/, EndpointSlice& out) {
  if (const auto type = root.require("addressType")) out.address_type = read_enum<AddressType>(*type, address_types);
  if (const auto endpoints = root.find("endpoints")) {
    out.endpoints = read_list<Endpoint>(*endpoints, {.max = 1000}, read_endpoint);
    if (endpoints->strict()) check_addresses_of(*endpoints, out);
  }
  out.ports = list_of<EndpointPort>(root, "ports", {.max = 20000}, read_endpoint_port);
}

void read_secret(Fields& root, const Field& /*field*/, Secret& out) {
  out.type = text_or(root, "type", {}, "Opaque");
  if (const auto data = root.find("data")) {
    read_base64_map(*data, [&](const std::string& key, std::string bytes) {
      out.data.insert_or_assign(key, pintle::Secret(std::move(bytes)));
    });
  }
  if (const auto plain = root.find("stringData")) {
    // merged over data, as the API server does on write
    for (auto& [key, text] : read_string_map(*plain)) out.data.insert_or_assign(key, pintle::Secret(std::move(text)));
  }
  root.ignore({"immutable"});
}

void read_config_map(Fields& root, const Field& /*field*/, ConfigMap& out) {
  if (const auto data = root.find("data")) out.data = read_string_map(*data);
  if (const auto binary = root.find("binaryData")) {
    read_base64_map(*binary, [&](const std::string& key, std::string bytes) {
      out.binary_data.insert_or_assign(key, std::move(bytes));
    });
  }
  root.ignore({"immutable"});
}

void read_namespace(Fields& root, const Field& /*field*/, Namespace& out) {
  root.ignore({"spec", "status"});
  // the API server sets it on every namespace
  StringMap labels = out.metadata.labels.copy();
  labels.insert_or_assign(std::string(namespace_name_label), out.metadata.name);
  out.metadata.labels = std::move(labels);
}

}  // namespace pintle::api
