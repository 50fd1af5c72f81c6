// TLSRoute, TCPRoute and UDPRoute of gateway.networking.k8s.io/v1: connections, or flows of datagrams, to backends. All
// three have the same fields but for hostnames, which TLSRoute alone has.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/gateway.hpp"
#include "controller/api/object.hpp"
#include "controller/api/references.hpp"
#include "controller/api/status.hpp"

namespace pintle::api {

struct L4BackendRef {
  BackendObjectReference ref;
  std::int32_t weight = 1;
  friend bool operator==(const L4BackendRef&, const L4BackendRef&) = default;
};

struct L4RouteRule {
  std::optional<std::string> name;
  SharedList<L4BackendRef> backend_refs;
  friend bool operator==(const L4RouteRule&, const L4RouteRule&) = default;
};

struct L4RouteSpec {
  SharedList<ParentReference> parent_refs;
  SharedList<std::string> hostnames;  ///< TLSRoute: lower case, maybe "*.example.com"; matched with the SNI
  std::vector<L4RouteRule> rules;     ///< nothing tells them apart: only the first serves
  std::optional<OpenEnum<DefaultScope>> use_default_gateways;
  friend bool operator==(const L4RouteSpec&, const L4RouteSpec&) = default;
};

template <Kind K>
struct L4Route {
  static constexpr Kind kind = K;
  ObjectMeta metadata;
  L4RouteSpec spec;
  RouteStatus status;
  friend bool operator==(const L4Route&, const L4Route&) = default;
};
using TLSRoute = L4Route<Kind::TLSRoute>;
using TCPRoute = L4Route<Kind::TCPRoute>;
using UDPRoute = L4Route<Kind::UDPRoute>;

}  // namespace pintle::api
