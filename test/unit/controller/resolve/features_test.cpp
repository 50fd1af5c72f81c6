#include "controller/resolve/features.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/unit/controller/resolve/world.hpp"

namespace pintle::resolve {
namespace {

using testing::base_yaml;
using testing::World;

/// pkg/features of gateway-api v1.6.3, the names that concern the kinds of this version. The suite drops a name it does
/// not know without a word, and with it the tests of the right one.
constexpr std::string_view known[] = {
    "BackendTLSPolicy",
    "BackendTLSPolicySANValidation",
    "GRPCRoute",
    "GRPCRouteNamedRouteRule",
    "Gateway",
    "GatewayAddressEmpty",
    "GatewayBackendClientCertificate",
    "GatewayFrontendClientCertificateValidation",
    "GatewayFrontendClientCertificateValidationInsecureFallback",
    "GatewayHTTPListenerIsolation",
    "GatewayHTTPSListenerDetectMisdirectedRequests",
    "GatewayInfrastructure",
    "GatewayPort8080",
    "GatewayStaticAddresses",
    "HTTPRoute",
    "HTTPRoute303RedirectStatusCode",
    "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode",
    "HTTPRouteBackendProtocolH2C",
    "HTTPRouteBackendProtocolWebSocket",
    "HTTPRouteBackendRequestHeaderModification",
    "HTTPRouteBackendTimeout",
    "HTTPRouteCORS",
    "HTTPRouteDestinationPortMatching",
    "HTTPRouteHostRewrite",
    "HTTPRouteMethodMatching",
    "HTTPRouteNamedRouteRule",
    "HTTPRouteParentRefPort",
    "HTTPRoutePathRedirect",
    "HTTPRoutePathRewrite",
    "HTTPRoutePortRedirect",
    "HTTPRouteQueryParamMatching",
    "HTTPRouteRequestMirror",
    "HTTPRouteRequestMultipleMirrors",
    "HTTPRouteRequestPercentageMirror",
    "HTTPRouteRequestTimeout",
    "HTTPRouteResponseHeaderModification",
    "HTTPRouteRetry",
    "HTTPRouteRetryBackendTimeout",
    "HTTPRouteRetryConnectionError",
    "HTTPRouteSchemeRedirect",
    "ListenerSet",
    "ReferenceGrant",
    "TCPRoute",
    "TLSRoute",
    "TLSRouteModeMixed",
    "TLSRouteModeTerminate",
    "UDPRoute",
};

/// A definition of the Gateway API as the API server tells its metadata.
std::string definition(std::string_view plural, std::string_view version, std::string_view channel) {
  return fmt::format(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {}.gateway.networking.k8s.io
  annotations: {{gateway.networking.k8s.io/bundle-version: {}, gateway.networking.k8s.io/channel: {}}}
---)",
                     plural, version, channel);
}

constexpr std::string_view all_plurals[] = {"gatewayclasses",  "gateways",    "httproutes", "grpcroutes",
                                            "tlsroutes",       "tcproutes",   "udproutes",  "backendtlspolicies",
                                            "referencegrants", "listenersets"};

std::string definitions(std::string_view version, std::string_view channel, std::string_view but = {}) {
  std::string yaml;
  for (const std::string_view plural : all_plurals)
    if (plural != but) yaml += definition(plural, version, channel);
  return yaml;
}

Offer offer_of(const std::string& yaml, GatewayMode mode = GatewayMode::Service) {
  World world;
  world.apply(yaml);
  return judge_features(world.snapshot(), mode);
}

bool has(const Offer& offer, std::string_view feature) {
  return std::ranges::find(offer.features, feature) != offer.features.end();
}

TEST(Features, AreSortedUniqueAndKnownToTheSuite) {
  const auto names = std::views::transform(all_features(), &Feature::name);
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  for (const std::string_view name : names)
    EXPECT_NE(std::ranges::find(known, name), std::end(known)) << name << " is no feature of the suite";
}

TEST(Features, AFolderWithoutDefinitionsHasAllOfThem) {
  const Offer offer = offer_of("");
  EXPECT_EQ(offer.features.size(), all_features().size());
  EXPECT_EQ(offer.fault, "");
  EXPECT_FALSE(has(offer_of("", GatewayMode::Direct), "GatewayInfrastructure"));
}

TEST(Features, TheExperimentalChannelHasAllOfThem) {
  const Offer offer = offer_of(definitions("v1.6.3", "experimental"));
  EXPECT_EQ(offer.features.size(), all_features().size());
  EXPECT_EQ(offer.installed, "Gateway API v1.6.3, experimental channel, is installed");
}

TEST(Features, FieldsOfTheExperimentalChannelAreWithdrawnWithIt) {
  const Offer offer = offer_of(definitions("v1.6.3", "standard"));
  EXPECT_FALSE(has(offer, "HTTPRouteRetry"));
  EXPECT_TRUE(has(offer, "HTTPRouteCORS"));
  EXPECT_EQ(offer.installed,
            "Gateway API v1.6.3, standard channel, is installed; not offered, since their kinds or fields are not "
            "installed: HTTPRouteRetry, HTTPRouteRetryBackendTimeout, HTTPRouteRetryConnectionError");
}

TEST(Features, GoWithTheDefinitionOfTheirKind) {
  const Offer offer = offer_of(definitions("v1.6.3", "experimental", "tlsroutes"));
  EXPECT_FALSE(has(offer, "TLSRoute"));
  EXPECT_FALSE(has(offer, "TLSRouteModeMixed"));
  EXPECT_TRUE(has(offer, "TCPRoute"));
  EXPECT_NE(offer.installed.find("TLSRoute, TLSRouteModeMixed"), std::string::npos) << offer.installed;
}

TEST(Features, DefinitionsOfOthersSayNothing) {
  const Offer offer = offer_of(
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: shops.example.com}\n");
  EXPECT_EQ(offer.features.size(), all_features().size());
}

TEST(Features, AnUnknownVersionIsTold) {
  for (const auto& [version, told] : {std::pair{"v1.7.0", "is of v1.7.0"}, {"\"\"", "has no annotation"}}) {
    const Offer offer =
        offer_of(definitions("v1.6.3", "experimental", "tcproutes") + definition("tcproutes", version, "experimental"));
    EXPECT_NE(offer.fault.find(told), std::string::npos) << offer.fault;
    EXPECT_TRUE(has(offer, "TCPRoute"));
  }
}

TEST(Features, AClassCarriesWhatIsOffered) {
  World world;
  world.apply(base_yaml()).apply(definitions("v1.7.0", "standard"));
  const Resolution resolution = world.resolve();
  ASSERT_EQ(resolution.report.classes.size(), 1U);
  const ClassReport& report = resolution.report.classes[0];
  EXPECT_NE(report.unsupported_version.find("v1.7.0"), std::string::npos);
  EXPECT_EQ(report.supported_features, judge_features(world.snapshot(), world.settings.gateway_mode).features);
}

}  // namespace
}  // namespace pintle::resolve
