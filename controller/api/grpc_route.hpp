// GRPCRoute of gateway.networking.k8s.io/v1, fields of the experimental channel included. What stands behind a match is
// that of an HTTPRoute.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/api/http_route.hpp"

namespace pintle::api {

/// At least one of service and method is given, as the schema demands.
struct GRPCMethodMatch {
  OpenEnum<ValueMatchType> type = ValueMatchType::Exact;
  std::optional<std::string> service;  ///< "helloworld.Greeter", or a pattern
  std::optional<std::string> method;
  friend bool operator==(const GRPCMethodMatch&, const GRPCMethodMatch&) = default;
};
/// All parts must hold.
struct GRPCRouteMatch {
  std::optional<GRPCMethodMatch> method;
  SharedList<HTTPHeaderMatch> headers;
  friend bool operator==(const GRPCRouteMatch&, const GRPCRouteMatch&) = default;
};

/// It has neither timeouts nor retry.
struct GRPCRouteRule : HTTPRuleParts {
  SharedList<GRPCRouteMatch> matches;  ///< any may hold; empty: every gRPC request
  friend bool operator==(const GRPCRouteRule&, const GRPCRouteRule&) = default;
};

struct GRPCRouteSpec {
  SharedList<ParentReference> parent_refs;
  SharedList<std::string> hostnames;  ///< lower case, maybe "*.example.com"; empty: those of the listener
  std::vector<GRPCRouteRule> rules;
  std::optional<OpenEnum<DefaultScope>> use_default_gateways;
  friend bool operator==(const GRPCRouteSpec&, const GRPCRouteSpec&) = default;
};

struct GRPCRoute {
  static constexpr Kind kind = Kind::GRPCRoute;
  ObjectMeta metadata;
  GRPCRouteSpec spec;
  RouteStatus status;
  friend bool operator==(const GRPCRoute&, const GRPCRoute&) = default;
};

}  // namespace pintle::api
