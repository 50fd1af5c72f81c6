// The texts of examples/quickstart; a test keeps both equal.
#include "src/app/quickstart.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace pintle::app {
namespace {

constexpr std::string_view gateway_yaml =
    R"yaml(# Where traffic comes in: plain HTTP on 80, HTTPS on 443. `pintle demo` adds 8000 to both, so that it needs no privilege;
# `pintle serve` does with --port-offset 8000.
# The Secret demo-tls does not exist: `--tls internal` gives the listener a certificate of the own CA instead.
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata:
  name: pintle
spec:
  controllerName: pintle.dev/gateway-controller
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: demo
  namespace: default
spec:
  gatewayClassName: pintle
  listeners:
    - name: http
      protocol: HTTP
      port: 80
    - name: https
      protocol: HTTPS
      port: 443
      hostname: "*.localhost"
      tls:
        certificateRefs:
          - name: demo-tls
)yaml";

constexpr std::string_view backends_yaml =
    R"yaml(# What answers: two Services. In a cluster the EndpointSlices are made from running pods; here they are written by hand.
# `pintle demo` plays both backends on these ports.
apiVersion: v1
kind: Service
metadata:
  name: shop-v1
  namespace: default
spec:
  ports:
    - name: http
      port: 80
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: shop-v1-1
  namespace: default
  labels:
    kubernetes.io/service-name: shop-v1
addressType: IPv4
ports:
  - name: http
    port: 18081
endpoints:
  - addresses: ["127.0.0.1"]
    conditions:
      ready: true
---
apiVersion: v1
kind: Service
metadata:
  name: shop-v2
  namespace: default
spec:
  ports:
    - name: http
      port: 80
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: shop-v2-1
  namespace: default
  labels:
    kubernetes.io/service-name: shop-v2
addressType: IPv4
ports:
  - name: http
    port: 18082
endpoints:
  - addresses: ["127.0.0.1"]
    conditions:
      ready: true
)yaml";

constexpr std::string_view shop_yaml =
    R"yaml(# A canary: requests with the header go to version 2, of all others nine in ten go to version 1.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: shop
  namespace: default
spec:
  parentRefs:
    - name: demo
  hostnames:
    - shop.localhost
  rules:
    - matches:
        - headers:
            - name: x-canary
              value: "yes"
      backendRefs:
        - name: shop-v2
          port: 80
    - matches:
        - path:
            type: PathPrefix
            value: /
      backendRefs:
        - name: shop-v1
          port: 80
          weight: 90
        - name: shop-v2
          port: 80
          weight: 10
)yaml";

constexpr std::string_view old_yaml = R"yaml(# A host that moved: the path and the port stay, the host changes.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: old
  namespace: default
spec:
  parentRefs:
    - name: demo
  hostnames:
    - old.localhost
  rules:
    - filters:
        - type: RequestRedirect
          requestRedirect:
            hostname: shop.localhost
            statusCode: 301
)yaml";

}  // namespace

const std::vector<QuickstartFile>& quickstart_files() {
  static const std::vector<QuickstartFile> files{
      {"10-gateway.yaml", gateway_yaml},
      {"20-backends.yaml", backends_yaml},
      {"30-shop.yaml", shop_yaml},
      {"40-old.yaml", old_yaml},
  };
  return files;
}

Result<void> write_quickstart(const std::string& folder) {
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  if (fault)
    return make_error(
        ErrorCode::PermissionDenied,
        fmt::format("cannot make the folder {}: {}; choose another with --folder DIR", folder, fault.message()));
  for (const QuickstartFile& file : quickstart_files()) {
    const std::filesystem::path path = std::filesystem::path(folder) / file.name;
    if (std::filesystem::exists(path, fault)) continue;
    std::ofstream out(path, std::ios::binary);
    out << file.text;
    out.close();
    if (!out) return make_error(ErrorCode::PermissionDenied, fmt::format("cannot write {}", path.string()));
  }
  return {};
}

}  // namespace pintle::app
