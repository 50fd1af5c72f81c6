#include "controller/resolve/backends.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/api/document.hpp"
#include "controller/resolve/addresses.hpp"
#include "controller/resolve/grants.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

constexpr std::string_view websocket_protocol = "kubernetes.io/ws";
constexpr std::string_view secure_websocket_protocol = "kubernetes.io/wss";
constexpr std::string_view http2_protocol = "kubernetes.io/h2c";

/// A service name of IANA, which knows no case (RFC 6335 section 5.1).
bool is_named(const std::optional<std::string>& app_protocol, std::string_view lower_case) noexcept {
  return app_protocol && std::ranges::equal(*app_protocol, lower_case, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

/// What a Service port says about itself (GEP-1911).
bool is_supported(const std::optional<std::string>& app_protocol, api::Kind route) noexcept {
  if (!app_protocol || app_protocol->empty() || is_named(app_protocol, "http") || is_named(app_protocol, "https"))
    return true;
  const bool websocket = *app_protocol == websocket_protocol || *app_protocol == secure_websocket_protocol;
  return *app_protocol == http2_protocol || (websocket && route == api::Kind::HTTPRoute);
}

/// A backend that wants TLS, and nobody said whom to trust: nothing is sent to it, least of all in the clear.
std::shared_ptr<const runtime::UpstreamTls> tls_without_policy(const BackendKey& key, std::string_view app_protocol) {
  runtime::UpstreamTls tls;
  tls.fault = fmt::format("port {} of Service {}/{} is {}; name a BackendTLSPolicy for it", key.port, key.namespace_,
                          key.service, app_protocol);
  return std::make_shared<const runtime::UpstreamTls>(std::move(tls));
}

std::optional<Problem> find_kind_fault(const api::BackendObjectReference& ref) {
  if (ref.group.empty() && ref.kind == "Service") return std::nullopt;
  return Problem{
      ".kind", std::string(reason::invalid_kind),
      fmt::format("{}{}{} cannot be a backend; refer to a Service", ref.group, ref.group.empty() ? "" : "/", ref.kind)};
}

std::optional<Problem> find_grant_fault(const BackendContext& context, const Referrer& from,
                                        const api::BackendObjectReference& ref, RefSet& refs) {
  const Reference reference = reference_of(from, ref);
  if (is_permitted(context.snapshot, reference, refs)) return std::nullopt;
  return Problem{".namespace", std::string(reason::ref_not_permitted), describe_missing_grant(reference)};
}

std::string list_ports(const api::Service& service) {
  if (service.ports.empty()) return "none";
  std::vector<std::uint16_t> ports;
  ports.reserve(service.ports.size());
  for (const api::ServicePort& port : service.ports) ports.push_back(port.port);
  return fmt::format("{} {}", ports.size() == 1 ? "only port" : "ports", fmt::join(ports, ", "));
}

const api::ServicePort* find_port(const api::Service& service, const BackendKey& key) noexcept {
  // One number may stand for TCP and UDP.
  const auto is_it = [&key](const api::ServicePort& port) {
    return port.port == key.port && port.protocol == to_string(key.transport);
  };
  if (const auto meant = std::ranges::find_if(service.ports, is_it); meant != service.ports.end()) return &*meant;
  const auto any = std::ranges::find(service.ports, key.port, &api::ServicePort::port);
  return any == service.ports.end() ? nullptr : &*any;
}

std::optional<Problem> find_service_fault(const api::Service* service, const BackendKey& key, api::Kind route) {
  const auto missing = [](std::string field, std::string message) {
    return Problem{std::move(field), std::string(reason::backend_not_found), std::move(message)};
  };
  if (service == nullptr)
    return missing(".name", fmt::format("Service {}/{} does not exist", key.namespace_, key.service));
  // Its name would be looked up outside of any namespace's rules (CVE-2021-25740).
  if (service->type == "ExternalName")
    return Problem{".kind", std::string(reason::invalid_kind),
                   fmt::format("Service {}/{} is of type ExternalName, which is never served; use a Service with "
                               "EndpointSlices",
                               key.namespace_, key.service)};
  const api::ServicePort* port = find_port(*service, key);
  if (port == nullptr)
    return missing(".port", fmt::format("Service {}/{} has no port {}; it has {}", key.namespace_, key.service,
                                        key.port, list_ports(*service)));
  const auto refuse = [&](std::string what) {
    return Problem{".port", std::string(reason::unsupported_protocol),
                   fmt::format("port {} of Service {}/{} {}", key.port, key.namespace_, key.service, what)};
  };
  if (port->protocol != to_string(key.transport))
    return refuse(fmt::format("is of protocol {}; {} needs {}", port->protocol,
                              route == api::Kind::HTTPRoute ? "HTTP" : api::to_string(route),
                              to_string(key.transport)));
  // What a connection carries is none of our concern.
  const bool passes_bytes =
      route == api::Kind::TLSRoute || route == api::Kind::TCPRoute || route == api::Kind::UDPRoute;
  if (!passes_bytes && !is_supported(port->app_protocol, route))
    return refuse(fmt::format("has appProtocol {}, which is not supported for {}s; use none, http, https{} or {}",
                              api::quote(*port->app_protocol), api::to_string(route),
                              route == api::Kind::HTTPRoute
                                  ? fmt::format(", {}, {}", websocket_protocol, secure_websocket_protocol)
                                  : std::string(),
                              http2_protocol));
  return std::nullopt;
}

/// Endpoints of one kind: all that are ready, or all that serve.
struct Found {
  std::vector<runtime::SocketAddress> ready;
  std::vector<runtime::SocketAddress> serving;
};

/// The port of a slice that belongs to the Service's port: they have the same name (EndpointPort.name).
std::optional<std::uint16_t> find_slice_port(const api::EndpointSlice& slice, const api::ServicePort& port) {
  for (const api::EndpointPort& one : slice.ports) {
    if (one.name != port.name || one.protocol != port.protocol) continue;
    if (one.port) return one.port;
    // No number means every port: the target port, if that is a number.
    const auto* target = std::get_if<std::int32_t>(&port.target_port);
    if (target == nullptr || *target < 0 || *target > 65535) return std::nullopt;
    return *target == 0 ? port.port : static_cast<std::uint16_t>(*target);
  }
  return std::nullopt;
}

void collect(const BackendContext& context, const api::EndpointSlice& slice, std::uint16_t port, Found& found,
             std::vector<std::string>& notes) {
  // A name would have to be resolved: FQDN slices are left out, as kube-proxy does.
  if (slice.address_type != api::AddressType::IPv4 && slice.address_type != api::AddressType::IPv6) return;
  for (const api::Endpoint& endpoint : slice.endpoints) {
    runtime::SocketAddress address;
    // Addresses of one endpoint are alike, and consumers take the first (EndpointSlice API).
    if (endpoint.addresses.empty() || !runtime::parse_ip(endpoint.addresses.front(), address)) continue;
    address = unmap_v4(address);
    address.port = port;
    if (const char* range = find_refused_range(address, context.settings)) {
      notes.push_back(fmt::format("endpoint {} of EndpointSlice {}/{} is {} and is left out",
                                  runtime::to_string(address), slice.metadata.ns, slice.metadata.name, range));
      continue;
    }
    if (endpoint.ready)
      found.ready.push_back(address);
    else if (endpoint.serving)
      found.serving.push_back(address);
  }
}

std::string show(const BackendKey& key) {
  return fmt::format("{}/{}:{}{}", key.namespace_, key.service, key.port,
                     key.transport == runtime::Transport::Udp ? "/udp" : "");
}

/// Written without a transport: the one its routes ask for is meant.
const runtime::SocketAddress* find_override(const Settings& settings, BackendKey key) {
  key.transport = runtime::Transport::Tcp;
  key.protocol = runtime::BackendProtocol::Http1;
  const auto found = settings.backend_overrides.find(key);
  return found == settings.backend_overrides.end() ? nullptr : &found->second;
}

/// Of a Service that is overridden by the command line the port has no name.
const JudgedPolicy* find_policy(const BackendContext& context, const BackendKey& key, const api::ServicePort* port) {
  return context.policies.find(key.namespace_, key.service, port == nullptr ? std::string_view() : port->name);
}

}  // namespace

BackendVerdict judge_backend(const BackendContext& context, const Referrer& from,
                             const api::BackendObjectReference& ref, RefSet& refs) {
  const std::string_view target = ref.ns ? std::string_view(*ref.ns) : from.ns;
  BackendVerdict verdict;
  verdict.name = fmt::format("{}/{}", target, ref.name);
  if (ref.port) verdict.name += fmt::format(":{}", *ref.port);
  verdict.problem = find_kind_fault(ref);
  if (!verdict.problem) verdict.problem = find_grant_fault(context, from, ref, refs);
  if (verdict.problem) return verdict;
  refs.insert(ref_to(api::Kind::Service, target, ref.name));
  if (!ref.port) {
    verdict.problem = Problem{".port", std::string(reason::backend_not_found),
                              fmt::format("the reference to Service {} has no port", verdict.name)};
    return verdict;
  }
  BackendKey key{std::string(target), ref.name, *ref.port};
  if (from.kind == api::Kind::UDPRoute) key.transport = runtime::Transport::Udp;
  if (from.kind == api::Kind::GRPCRoute) key.protocol = runtime::BackendProtocol::Http2;
  if (find_override(context.settings, key) == nullptr)
    verdict.problem = find_service_fault(context.snapshot.find<api::Service>(target, ref.name), key, from.kind);
  if (verdict.problem) return verdict;
  if (const JudgedTrafficPolicy* policy = context.traffic.find(target, ref.name)) verdict.session = policy->session;
  verdict.backend = std::move(key);
  return verdict;
}

BackendEndpoints find_endpoints(const BackendContext& context, const BackendKey& key) {
  auto backend = std::make_shared<runtime::Backend>();
  BackendEndpoints made;
  backend->name = show(key);
  backend->protocol = key.protocol;
  const auto* service = context.snapshot.find<api::Service>(key.namespace_, key.service);
  const api::ServicePort* port = service == nullptr ? nullptr : find_port(*service, key);
  if (const JudgedPolicy* policy = find_policy(context, key, port)) backend->tls = policy->tls;
  if (const JudgedTrafficPolicy* policy = context.traffic.find(key.namespace_, key.service))
    backend->retries = policy->retries;
  if (port != nullptr) {
    const bool secure_websocket = port->app_protocol == secure_websocket_protocol;
    if (!backend->tls && (secure_websocket || is_named(port->app_protocol, "https")))
      backend->tls = tls_without_policy(key, secure_websocket ? secure_websocket_protocol : "https");
    backend->websocket = secure_websocket || port->app_protocol == websocket_protocol;
    const bool undeclared = !port->app_protocol || port->app_protocol->empty() || is_named(port->app_protocol, "https");
    if (port->app_protocol == http2_protocol)
      backend->protocol = runtime::BackendProtocol::Http2;
    else if (backend->tls && undeclared && backend->protocol == runtime::BackendProtocol::Http1)
      backend->protocol = runtime::BackendProtocol::Negotiated;
  }
  if (const runtime::SocketAddress* other = find_override(context.settings, key)) {
    backend->endpoints.push_back(*other);
  } else if (port != nullptr) {
    Found found;
    for (const api::EndpointSlice* slice : context.snapshot.find_endpoint_slices(key.namespace_, key.service))
      if (const auto number = find_slice_port(*slice, *port)) collect(context, *slice, *number, found, made.notes);
    backend->endpoints = std::move(found.ready.empty() ? found.serving : found.ready);
    std::ranges::sort(backend->endpoints);
    const auto repeated = std::ranges::unique(backend->endpoints);
    backend->endpoints.erase(repeated.begin(), repeated.end());
  }
  for (runtime::SocketAddress& endpoint : backend->endpoints) endpoint.transport = key.transport;
  made.backend = std::move(backend);
  return made;
}

}  // namespace pintle::resolve
