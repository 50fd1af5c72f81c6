"""gRPC as programs speak it: a client and a server of grpc-go, with the installed chart between them."""
import subprocess
import threading

from scene import SHOP, Scene, kubernetes, until

HOST = "calls.test"
MANIFESTS = """
apiVersion: v1
kind: Service
metadata: {{name: peer, namespace: {ns}}}
spec: {{ports: [{{name: grpc, port: 80, targetPort: {port}, appProtocol: kubernetes.io/h2c}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: peer-hand, namespace: {ns}, labels: {{kubernetes.io/service-name: peer, endpointslice.kubernetes.io/managed-by: hand}}}}
addressType: IPv4
endpoints: [{{addresses: [{address}], conditions: {{ready: true}}}}]
ports: [{{name: grpc, port: {port}, protocol: TCP}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {{name: calls, namespace: {ns}}}
spec:
  parentRefs: [{{name: shop}}]
  hostnames: [{host}]
  rules:
  - matches: [{{method: {{service: pintle.test.Peer}}}}]
    backendRefs: [{{name: peer, port: 80}}]
  - matches: [{{method: {{service: pintle.test.Gone}}}}]
    backendRefs: [{{name: gone, port: 80}}]
---
apiVersion: v1
kind: Service
metadata: {{name: gone, namespace: {ns}}}
spec: {{ports: [{{name: grpc, port: 80, appProtocol: kubernetes.io/h2c}}]}}
"""


class Grpc(Scene):
    def __init__(self, cluster):
        super().__init__(cluster)
        self.server = None

    def steps(self):
        return (self.a_call_has_metadata_in_front_and_behind, self.messages_are_large, self.calls_are_many_at_once, self.a_stream_goes_both_ways,
                self.a_stream_is_read_late, self.each_status_comes_whole, self.a_cancel_is_passed_on, self.a_deadline_is_kept,
                self.no_route_is_unimplemented, self.no_backend_is_unavailable, self.a_stream_outlives_changes)

    def command(self, *arguments):
        return self.cluster.command(["grpc-peer", *arguments])

    def start(self):
        """The chart, a Gateway, the server on the node, its route."""
        self.begin()
        self.install()
        self.server = subprocess.Popen(self.command("server", f"{kubernetes.NODE}:0"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       env=kubernetes.environment(self.cluster.run))
        port = int(self.server.stdout.readline())
        self.make_gateway("shop")
        self.apply(MANIFESTS.format(ns=SHOP, port=port, address=kubernetes.NODE, host=HOST))
        self.await_programmed("shop")
        self.address = f"{self.address_of('shop')}:80"
        until(lambda: self.ask("unary").returncode == 0, lambda: f"no call goes through: {self.ask('unary').stderr}")

    def leave(self):
        if self.server:
            self.server.communicate(timeout=10)
            self.server = None
        super().leave()

    def ask(self, case):
        return self.cluster.output("grpc-peer", "client", self.address, HOST, case)

    def try_case(self, case):
        if self.server is None:
            self.start()
        done = self.ask(case)
        assert done.returncode == 0, done.stderr.strip()
        return done.stdout.strip()

    def a_call_has_metadata_in_front_and_behind(self):
        return self.try_case("unary")

    def messages_are_large(self):
        return self.try_case("large")

    def calls_are_many_at_once(self):
        return self.try_case("many")

    def a_stream_goes_both_ways(self):
        return self.try_case("stream")

    def a_stream_is_read_late(self):
        return self.try_case("flood")

    def each_status_comes_whole(self):
        return self.try_case("fail")

    def a_cancel_is_passed_on(self):
        return self.try_case("cancel")

    def a_deadline_is_kept(self):
        return self.try_case("deadline")

    def no_route_is_unimplemented(self):
        return self.try_case("no-route")

    def no_backend_is_unavailable(self):
        return self.try_case("no-backend")

    def a_stream_outlives_changes(self):
        """While it goes on its route changes, and others come."""
        told = []
        client = threading.Thread(target=lambda: told.append(self.ask("long")))
        client.start()
        changes = 0
        while client.is_alive():
            self.kubectl("-n", SHOP, "annotate", "grpcroute", "calls", f"turn={changes}", "--overwrite")
            self.make_route(f"r-{changes % 5}", f"/r-{changes}", "gone")
            changes += 1
            client.join(0.5)
        assert told[0].returncode == 0, told[0].stderr.strip()
        return f"{told[0].stdout.strip()} through {2 * changes} changes"
