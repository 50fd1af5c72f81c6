#include "controller/kube/resource.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace pintle::kube {
namespace {

using api::Kind;

constexpr std::array resources{
    Resource{Kind::GatewayClass, api::gateway_group, "v1", "gatewayclasses", Scope::Cluster},
    Resource{Kind::Gateway, api::gateway_group, "v1", "gateways"},
    Resource{Kind::ListenerSet, api::gateway_group, "v1", "listenersets"},
    Resource{Kind::HTTPRoute, api::gateway_group, "v1", "httproutes"},
    Resource{Kind::ReferenceGrant, api::gateway_group, "v1beta1", "referencegrants"},
    Resource{Kind::Service, api::core_group, "v1", "services"},
    Resource{Kind::EndpointSlice, api::discovery_group, "v1", "endpointslices"},
    Resource{Kind::Secret, api::core_group, "v1", "secrets"},
    Resource{Kind::ConfigMap, api::core_group, "v1", "configmaps"},
    Resource{Kind::Namespace, api::core_group, "v1", "namespaces", Scope::Cluster},
    Resource{Kind::GRPCRoute, api::gateway_group, "v1", "grpcroutes"},
    Resource{Kind::BackendTLSPolicy, api::gateway_group, "v1", "backendtlspolicies"},
    Resource{Kind::XBackendTrafficPolicy, api::experimental_group, "v1alpha1", "xbackendtrafficpolicies"},
    Resource{Kind::TLSRoute, api::gateway_group, "v1", "tlsroutes"},
    Resource{Kind::TCPRoute, api::gateway_group, "v1", "tcproutes"},
    Resource{Kind::UDPRoute, api::gateway_group, "v1", "udproutes"},
    Resource{Kind::CustomResourceDefinition, api::extensions_group, "v1", "customresourcedefinitions", Scope::Cluster,
             Detail::Metadata},
};

}  // namespace

std::span<const Resource> followed_resources() noexcept { return resources; }

const Resource& resource_of(api::Kind kind) noexcept { return *std::ranges::find(resources, kind, &Resource::kind); }

std::string escape(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string escaped;
  escaped.reserve(text.size());
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool unreserved = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
    if (unreserved) {
      escaped += letter;
    } else {
      escaped += '%';
      escaped += hex[byte >> 4U];
      escaped += hex[byte & 15U];
    }
  }
  return escaped;
}

std::string collection_path(const Resource& resource, std::string_view ns) {
  std::string path = resource.group.empty() ? fmt::format("/api/{}", resource.version)
                                            : fmt::format("/apis/{}/{}", resource.group, resource.version);
  if (!ns.empty()) path += fmt::format("/namespaces/{}", escape(ns));
  return fmt::format("{}/{}", path, resource.plural);
}

std::string object_path(const Resource& resource, std::string_view ns, std::string_view name,
                        std::string_view subresource) {
  std::string path = fmt::format("{}/{}", collection_path(resource, ns), escape(name));
  if (!subresource.empty()) path += fmt::format("/{}", subresource);
  return path;
}

}  // namespace pintle::kube
