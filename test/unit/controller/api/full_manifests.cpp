#include "test/unit/controller/api/objects.hpp"

namespace pintle::api::test {

const std::vector<std::string_view> full_manifests = {
    R"(
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: one, labels: {a: b}}
spec:
  controllerName: example.com/controller
  description: text
  parametersRef: {group: example.com, kind: Settings, name: p, namespace: near}
status:
  conditions:
  - {type: Accepted, status: "True", observedGeneration: 3, lastTransitionTime: "2026-01-01T00:00:00Z", reason: Ok, message: m}
  supportedFeatures: [{name: Gateway}]
)",
    R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: one
  namespace: near
  annotations: {a: b}
  ownerReferences: [{apiVersion: v1, kind: Owner, name: o, uid: u, controller: true}]
  finalizers: [example.com/keep]
spec:
  gatewayClassName: one
  defaultScope: All
  addresses: [{type: Hostname, value: a.example}]
  infrastructure:
    labels: {a: b}
    annotations: {c: d}
    parametersRef: {group: example.com, kind: Settings, name: p}
  allowedListeners: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}}
  tls:
    backend: {clientCertificateRef: {name: client, namespace: far}}
    frontend:
      default: {validation: {mode: AllowInsecureFallback, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca, namespace: far}]}}
      perPort:
      - {port: 8443, tls: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: other}]}}}
  listeners:
  - name: https
    hostname: a.example
    port: 443
    protocol: HTTPS
    tls:
      mode: Terminate
      certificateRefs: [{name: c, namespace: far}]
      options: {example.com/option: v}
    allowedRoutes:
      kinds: [{group: gateway.networking.k8s.io, kind: HTTPRoute}]
      namespaces:
        from: Selector
        selector: {matchExpressions: [{key: a, operator: In, values: [b, c]}]}
status:
  addresses: [{type: IPAddress, value: 192.0.2.1}]
  attachedListenerSets: 2
  listeners:
  - name: https
    attachedRoutes: 1
    supportedKinds: [{kind: HTTPRoute}]
    conditions:
    - {type: Accepted, status: "True", lastTransitionTime: "2026-01-01T00:00:00Z", reason: Ok, message: m}
)",
    R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: one, namespace: near}
spec:
  useDefaultGateways: All
  parentRefs: [{name: one, namespace: far, sectionName: https, port: 443}]
  hostnames: [a.example]
  rules:
  - name: first
    matches:
    - path: {type: PathPrefix, value: /a}
      method: GET
      headers: [{name: x-a, value: b, type: RegularExpression}]
      queryParams: [{name: q, value: c, type: Exact}]
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: x-set, value: a}], add: [{name: x-add, value: b}], remove: [x-remove]}
    - type: RequestMirror
      requestMirror: {backendRef: {name: mirror, port: 80, namespace: far}, fraction: {numerator: 1, denominator: 10}}
    - type: CORS
      cors: {allowOrigins: ["https://a.example"], allowMethods: [GET], allowHeaders: [x-a], exposeHeaders: [x-b], allowCredentials: true, maxAge: 9}
    - type: ExternalAuth
      externalAuth:
        protocol: HTTP
        backendRef: {name: auth, port: 80}
        http: {path: /check, allowedHeaders: [x-a], allowedResponseHeaders: [x-b]}
        forwardBody: {maxSize: 7}
    - type: ExtensionRef
      extensionRef: {group: example.com, kind: Extra, name: e}
    - type: URLRewrite
      urlRewrite: {hostname: b.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}
    backendRefs:
    - name: backend
      namespace: far
      port: 80
      weight: 5
      filters:
      - type: ResponseHeaderModifier
        responseHeaderModifier: {set: [{name: x-c, value: d}]}
    timeouts: {request: 10s, backendRequest: 5s}
    retry: {codes: [503], attempts: 2, backoff: 100ms}
    sessionPersistence: {sessionName: s, type: Cookie, absoluteTimeout: 1h, cookieConfig: {lifetimeType: Permanent}}
  - filters:
    - type: RequestRedirect
      requestRedirect: {scheme: https, hostname: c.example, port: 8443, statusCode: 301, path: {type: ReplaceFullPath, replaceFullPath: /c}}
status:
  parents:
  - parentRef: {name: one}
    controllerName: example.com/controller
    conditions:
    - {type: Accepted, status: "False", lastTransitionTime: "2026-01-01T00:00:00Z", reason: Refused, message: m}
)",
    R"(
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: one, namespace: near}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: far}]
  to: [{group: "", kind: Service, name: s}]
)",
    R"(
apiVersion: v1
kind: Service
metadata: {name: one, namespace: near}
spec:
  type: LoadBalancer
  clusterIP: 10.0.0.1
  clusterIPs: [10.0.0.1]
  selector: {a: b}
  externalIPs: [192.0.2.9]
  loadBalancerClass: example.com/class
  externalTrafficPolicy: Local
  ports: [{name: http, protocol: TCP, port: 80, targetPort: web, appProtocol: http, nodePort: 30080}]
status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}
)",
    R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: one, namespace: near, labels: {kubernetes.io/service-name: backend}}
addressType: IPv4
endpoints:
- addresses: [10.0.0.2]
  conditions: {ready: true, serving: false, terminating: true}
  nodeName: node
  zone: z
  targetRef: {kind: Pod, name: pod, namespace: near}
  hostname: h
ports: [{name: http, protocol: TCP, port: 8080, appProtocol: http}]
)",
    R"(
apiVersion: v1
kind: Secret
metadata: {name: one, namespace: near}
type: kubernetes.io/tls
data: {tls.crt: YQ==, empty: null}
)",
    R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: one, namespace: near}
data: {ca.crt: text}
binaryData: {b: Yg==}
)",
    R"(
apiVersion: v1
kind: Namespace
metadata: {name: one}
)",
    R"(
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: one, namespace: near}
spec: {}
)",
    R"(
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: one, namespace: near}
spec:
  parentRef: {group: gateway.networking.k8s.io, kind: Gateway, name: one, namespace: far}
  listeners:
  - name: https
    hostname: b.example
    port: 443
    protocol: HTTPS
    tls: {mode: Terminate, certificateRefs: [{name: c, namespace: far}]}
    allowedRoutes: {namespaces: {from: All}, kinds: [{kind: HTTPRoute}]}
status:
  conditions:
  - {type: Accepted, status: "True", lastTransitionTime: "2026-01-01T00:00:00Z", reason: Ok, message: m}
  listeners:
  - name: https
    attachedRoutes: 3
    supportedKinds: [{kind: HTTPRoute}]
    conditions:
    - {type: Programmed, status: "True", lastTransitionTime: "2026-01-01T00:00:00Z", reason: Ok, message: m}
)",
};

}  // namespace pintle::api::test
