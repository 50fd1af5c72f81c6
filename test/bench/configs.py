"""What each contender is told: equal work. All forward Host, add X-Forwarded-For and -Proto, keep upstream connections,
write no access log and no temporary file."""

NGINX = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi; uwsgi_temp_path {folder}/nginx-uwsgi; scgi_temp_path {folder}/nginx-scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_max_body_size 0;
  client_body_buffer_size 16k;
  upstream backend {{
    server 127.0.0.1:{backend};
    keepalive 1024;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{plain} reuseport backlog=4096;
    listen 127.0.0.1:{h2} http2 reuseport backlog=4096;
    listen 127.0.0.1:{tls} ssl reuseport backlog=4096;
    ssl_certificate {folder}/tls.crt;
    ssl_certificate_key {folder}/tls.key;
    ssl_protocols TLSv1.3;
    ssl_session_cache off;
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_request_buffering off;
      proxy_buffer_size 16k;
      proxy_buffers 8 16k;
      proxy_max_temp_file_size 0;
    }}
  }}
}}
"""

HAPROXY = """\
global
  nbthread 1
  maxconn 9000
  ssl-default-bind-options ssl-min-ver TLSv1.3
  tune.ssl.cachesize 0
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 300s
frontend bench
  bind 127.0.0.1:{plain} backlog 4096
  bind 127.0.0.1:{h2} proto h2 backlog 4096
  bind 127.0.0.1:{tls} ssl crt {folder}/tls.pem backlog 4096
  option forwardfor
  http-request set-header X-Forwarded-Proto http unless {{ ssl_fc }}
  http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
  default_backend backend
backend backend
  http-reuse always
  server one 127.0.0.1:{backend} pool-max-conn 1024
"""

GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {{name: pintle}}
spec: {{controllerName: pintle.dev/gateway-controller}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: bench, namespace: default}}
spec:
  gatewayClassName: pintle
  listeners:
    - {{name: http, protocol: HTTP, port: {plain}}}
    - name: https
      protocol: HTTPS
      port: {tls}
      tls: {{certificateRefs: [{{name: bench-tls}}]}}
---
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {{name: bench-tls, namespace: default}}
data:
  tls.crt: {certificate}
  tls.key: {key}
---
apiVersion: v1
kind: Service
metadata: {{name: backend, namespace: default}}
spec: {{ports: [{{name: http, port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: backend-1
  namespace: default
  labels: {{kubernetes.io/service-name: backend}}
addressType: IPv4
ports: [{{name: http, port: {backend}}}]
endpoints: [{{addresses: ["127.0.0.1"], conditions: {{ready: true}}}}]
"""

ROUTE = """\
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: default}}
spec:
  parentRefs: [{{name: bench}}]
  hostnames: [{host}]
  rules:
    - matches: [{{path: {{type: PathPrefix, value: {path}}}}}]
      backendRefs: [{{name: backend, port: 80}}]
"""

HOST = "localhost"  # what wrk resolves and sends as server name
ROUTES_PER_HOST = 100
ROUTES_PER_FILE = 1000


def route(name, host, path):
    return ROUTE.format(name=name, host=host, path=path)


def numbered_host(number):
    return f"app-{number // ROUTES_PER_HOST}.bench.test"


def numbered_path(number):
    return f"/r/{number}"


def write_manifests(folder, gateway_values, count):
    """A Gateway, a backend, a route for `localhost`, and `count` numbered ones: 100 paths a host, 1,000 routes a file."""
    folder.mkdir()
    (folder / "10-gateway.yaml").write_text(GATEWAY.format(**gateway_values))
    (folder / "20-localhost.yaml").write_text(route("localhost", HOST, "/"))
    for first in range(0, count, ROUTES_PER_FILE):
        numbers = range(first, min(first + ROUTES_PER_FILE, count))
        text = "".join(route(f"r-{n}", numbered_host(n), numbered_path(n)) for n in numbers)
        (folder / f"30-routes-{first:06}.yaml").write_text(text)
