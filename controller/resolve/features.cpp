#include "controller/resolve/features.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace pintle::resolve {
namespace {

constexpr std::string_view known_versions = "v1.6.";
/// Of the names of the Gateway API's definitions.
constexpr std::string_view group_suffix = ".gateway.networking.k8s.io";

constexpr Feature features[] = {
    {"BackendTLSPolicy", "backendtlspolicies"},
    {"BackendTLSPolicySANValidation", "backendtlspolicies"},
    {"GRPCRoute", "grpcroutes"},
    {"GRPCRouteNamedRouteRule", "grpcroutes"},
    {"Gateway", "gateways"},
    {"GatewayAddressEmpty", "gateways"},
    {"GatewayBackendClientCertificate", "gateways"},
    {"GatewayFrontendClientCertificateValidation", "gateways"},
    {"GatewayFrontendClientCertificateValidationInsecureFallback", "gateways"},
    {"GatewayHTTPListenerIsolation", "gateways"},
    {"GatewayHTTPSListenerDetectMisdirectedRequests", "gateways"},
    {"GatewayInfrastructure", "gateways", Channel::Standard, GatewayMode::Service},
    {"GatewayPort8080", "gateways"},
    {"GatewayStaticAddresses", "gateways"},
    {"HTTPRoute", "httproutes"},
    {"HTTPRoute303RedirectStatusCode", "httproutes"},
    {"HTTPRoute307RedirectStatusCode", "httproutes"},
    {"HTTPRoute308RedirectStatusCode", "httproutes"},
    {"HTTPRouteBackendProtocolH2C", "httproutes"},
    {"HTTPRouteBackendProtocolWebSocket", "httproutes"},
    {"HTTPRouteBackendRequestHeaderModification", "httproutes"},
    {"HTTPRouteBackendTimeout", "httproutes"},
    {"HTTPRouteCORS", "httproutes"},
    {"HTTPRouteDestinationPortMatching", "httproutes"},
    {"HTTPRouteHostRewrite", "httproutes"},
    {"HTTPRouteMethodMatching", "httproutes"},
    {"HTTPRouteNamedRouteRule", "httproutes"},
    {"HTTPRouteParentRefPort", "httproutes"},
    {"HTTPRoutePathRedirect", "httproutes"},
    {"HTTPRoutePathRewrite", "httproutes"},
    {"HTTPRoutePortRedirect", "httproutes"},
    {"HTTPRouteQueryParamMatching", "httproutes"},
    {"HTTPRouteRequestMirror", "httproutes"},
    {"HTTPRouteRequestMultipleMirrors", "httproutes"},
    {"HTTPRouteRequestPercentageMirror", "httproutes"},
    {"HTTPRouteRequestTimeout", "httproutes"},
    {"HTTPRouteResponseHeaderModification", "httproutes"},
    {"HTTPRouteRetry", "httproutes", Channel::Experimental},
    {"HTTPRouteRetryBackendTimeout", "httproutes", Channel::Experimental},
    {"HTTPRouteRetryConnectionError", "httproutes", Channel::Experimental},
    {"HTTPRouteSchemeRedirect", "httproutes"},
    {"ListenerSet", "listenersets"},
    {"ReferenceGrant", "referencegrants"},
    {"TCPRoute", "tcproutes"},
    {"TLSRoute", "tlsroutes"},
    {"TLSRouteModeMixed", "tlsroutes"},
    {"TLSRouteModeTerminate", "tlsroutes"},
    {"UDPRoute", "udproutes"},
};

/// What the definitions in the cluster say of the Gateway API there.
struct Installed {
  bool known = false;  ///< there are some: the kinds that have none are absent
  std::set<std::string_view> plurals;
  bool experimental = true;
  std::set<std::string> versions;
  std::string fault;  ///< of the first that is of no version we know
};

[[nodiscard]] std::string_view annotation_of(const api::ObjectMeta& metadata, std::string_view name) {
  const auto found = metadata.annotations.find(name);
  return found == metadata.annotations.end() ? std::string_view() : std::string_view(found->second);
}

[[nodiscard]] Installed find_installed(const store::ClusterSnapshot& snapshot) {
  Installed out;
  for (const auto& definition : snapshot.all<api::CustomResourceDefinition>()) {
    const std::string_view name = definition.metadata.name;
    if (!name.ends_with(group_suffix)) continue;
    const std::string_view plural = name.substr(0, name.size() - group_suffix.size());
    out.known = true;
    out.plurals.insert(plural);
    const std::string_view version = annotation_of(definition.metadata, api::bundle_version_annotation);
    if (!version.empty()) out.versions.emplace(version);
    if (!version.starts_with(known_versions) && out.fault.empty())
      out.fault = version.empty()
                      ? fmt::format("the definition {} has no annotation {}", name, api::bundle_version_annotation)
                      : fmt::format("the definition {} is of {}", name, version);
    if (plural == "httproutes")
      out.experimental = annotation_of(definition.metadata, api::channel_annotation) != "standard";
  }
  return out;
}

[[nodiscard]] bool is_offered(const Feature& feature, const Installed& installed) {
  if (!installed.known) return true;
  if (feature.channel == Channel::Experimental && !installed.experimental) return false;
  return installed.plurals.contains(feature.definition);
}

}  // namespace

std::span<const Feature> all_features() noexcept { return features; }

bool is_looked_at(const api::ObjectKey& key) noexcept {
  return key.kind != api::Kind::CustomResourceDefinition || key.name.ends_with(group_suffix);
}

Offer judge_features(const store::ClusterSnapshot& snapshot, GatewayMode mode) {
  const Installed installed = find_installed(snapshot);
  Offer offer;
  std::vector<std::string> withdrawn;
  for (const Feature& feature : features) {
    if (feature.mode && *feature.mode != mode) continue;
    (is_offered(feature, installed) ? offer.features : withdrawn).emplace_back(feature.name);
  }
  if (!installed.fault.empty())
    offer.fault = fmt::format(
        "{}, and v1.6 is what is read: what both have in common is served; install the "
        "definitions of v1.6",
        installed.fault);
  offer.installed =
      installed.versions.empty()
          ? std::string("Gateway API v1.6 is what is read: unknown fields and versions are findings")
          : fmt::format("Gateway API {}, {} channel, is installed", fmt::join(installed.versions, " and "),
                        installed.experimental ? "experimental" : "standard");
  if (!withdrawn.empty())
    offer.installed +=
        fmt::format("; not offered, since their kinds or fields are not installed: {}", fmt::join(withdrawn, ", "));
  return offer;
}

}  // namespace pintle::resolve
