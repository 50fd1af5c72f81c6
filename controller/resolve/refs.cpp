#include "controller/resolve/refs.hpp"

#include "controller/resolve/resolve.hpp"

namespace pintle::resolve {

Ref ref_to(api::Kind kind, std::string_view ns, std::string_view name) {
  return {std::string(api::to_string(kind)), std::string(ns), std::string(name)};
}

Ref every(api::Kind kind, std::string_view ns) { return ref_to(kind, ns, "*"); }

bool concerns(const Lookups& refs, const api::ObjectKey& changed) {
  switch (changed.kind) {
    case api::Kind::GatewayClass:
    case api::Kind::Gateway:
    case api::Kind::ListenerSet:
    case api::Kind::HTTPRoute:
    case api::Kind::GRPCRoute:
    case api::Kind::TLSRoute:
    case api::Kind::TCPRoute:
    case api::Kind::UDPRoute:
    case api::Kind::BackendTLSPolicy:
    case api::Kind::XBackendTrafficPolicy:
    case api::Kind::CustomResourceDefinition:
      return true;  // each of them is looked at
    default:
      return refs.contains(ref_to(changed.kind, changed.ns, changed.name)) ||
             refs.contains(every(changed.kind, changed.ns));
  }
}

}  // namespace pintle::resolve
