"""The life of a release: install, `helm test`, an upgrade under load, the end; and whether it used the rights it has."""
import collections
import json
import pathlib
import signal
import sys
import time

from scene import HOST, NAMESPACE, RELEASE, ROOT, SHOP, Load, Scene, until

sys.path.insert(0, str(ROOT / "test/deploy"))
import rights  # noqa: E402

NOTICE = 0.5  # seconds in which a client has surely read that its connection was reset

# Granted and not used by a life without trouble.
RARE = {
    **{("gateway.networking.k8s.io", kind, "get"): "only a conflict of two writers asks for it"
       for kind in ("gatewayclasses", "gateways", "listenersets", "httproutes", "grpcroutes", "tlsroutes", "tcproutes", "udproutes",
                    "backendtlspolicies")},
    ("gateway.networking.x-k8s.io", "xbackendtrafficpolicies", "get"): "only a conflict of two writers asks for it",
    ("", "services", "delete"): "only a Gateway that asks for another cluster address",
    ("events.k8s.io", "events", "patch"): "only an Event that comes again",
    ("discovery.k8s.io", "endpointslices", "delete"): "only more than a thousand replicas, or a family of addresses that goes",
}
# One object of each kind whose status is written, beside the Gateway shop and its HTTPRoutes.
EVERY_KIND = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: kinds, namespace: {ns}}}
spec:
  gatewayClassName: pintle
  allowedListeners: {{namespaces: {{from: Same}}}}
  listeners:
  - {{name: http, port: 80, protocol: HTTP}}
  - {{name: tls, port: 443, protocol: TLS, tls: {{mode: Passthrough}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: kinds, namespace: {ns}}}
spec:
  parentRef: {{name: kinds}}
  listeners:
  - {{name: http, port: 8080, protocol: HTTP}}
  - {{name: tcp, port: 9000, protocol: TCP}}
  - {{name: udp, port: 9000, protocol: UDP}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: kinds, namespace: {ns}}}
spec:
  parentRefs: [{{kind: ListenerSet, name: kinds, sectionName: http}}]
  rules: [{{backendRefs: [{{name: a, port: 80}}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {{name: kinds, namespace: {ns}}}
spec:
  parentRefs: [{{name: kinds, sectionName: http}}]
  hostnames: [grpc.test]
  rules: [{{backendRefs: [{{name: secured, port: 80}}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {{name: kinds, namespace: {ns}}}
spec:
  parentRefs: [{{name: kinds, sectionName: tls}}]
  hostnames: [tls.test]
  rules: [{{backendRefs: [{{name: a, port: 80}}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {{name: kinds, namespace: {ns}}}
spec:
  parentRefs: [{{kind: ListenerSet, name: kinds, sectionName: tcp}}]
  rules: [{{backendRefs: [{{name: a, port: 80}}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {{name: kinds, namespace: {ns}}}
spec:
  parentRefs: [{{kind: ListenerSet, name: kinds, sectionName: udp}}]
  rules: [{{backendRefs: [{{name: datagrams, port: 53}}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {{name: kinds, namespace: {ns}}}
spec:
  targetRefs: [{{group: "", kind: Service, name: secured}}]
  validation: {{hostname: secured.test, wellKnownCACertificates: System}}
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {{name: kinds, namespace: {ns}}}
spec:
  targetRefs: [{{group: "", kind: Service, name: secured}}]
  retryConstraint: {{budget: {{percent: 10}}}}
  sessionPersistence: {{type: Header}}
---
apiVersion: v1
kind: Service
metadata: {{name: secured, namespace: {ns}}}
spec: {{ports: [{{name: grpc, port: 80}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: datagrams, namespace: {ns}}}
spec: {{ports: [{{name: dns, port: 53, protocol: UDP}}]}}
"""
STATUSES = {"listenerset": "{.status.conditions[*].type}", "backendtlspolicy": "{.status.ancestors[*].conditions[*].type}",
            "xbackendtrafficpolicy": "{.status.ancestors[*].conditions[*].type}",
            **{kind: "{.status.parents[*].conditions[*].type}"
               for kind in ("httproute", "grpcroute", "tlsroute", "tcproute", "udproute")}}
KINDS = ("deployments,replicasets,pods,services,endpointslices,leases,configmaps,secrets,serviceaccounts,roles,rolebindings,"
         "poddisruptionbudgets,clusterroles,clusterrolebindings,gatewayclasses")


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())


class Chart(Scene):
    def steps(self):
        return (self.install_with_two_replicas, self.helm_test_passes, self.upgrade_under_load_loses_nothing,
                self.a_pod_killed_loses_what_is_in_flight, self.a_port_comes_and_goes_beside_another,
                self.every_kind_has_its_status, self.uninstall_leaves_nothing_behind, self.rights_are_those_that_are_used)

    def audit(self):
        """What the API server noted of the release's service account since the first step."""
        log = self.cluster.output("cat", str(self.cluster.run / "log/audit.log")).stdout.splitlines()
        return [line for line in log if rights.USER in line and json.loads(line)["stageTimestamp"] >= self.began]

    def things(self):
        """Names of everything that holds the release's name."""
        listing = self.kubectl("get", KINDS, "--all-namespaces", "--ignore-not-found", "-o", "json")
        return {f"{o['kind']} {o['metadata'].get('namespace', '')}/{o['metadata']['name']}" for o in json.loads(listing)["items"]
                if RELEASE in o["metadata"]["name"] or "gateway.networking.k8s.io/gateway-name" in o["metadata"].get("labels", {})}

    def install_with_two_replicas(self):
        self.uninstall()
        self.begin()
        until(lambda: not self.pods(), "pods of an earlier release are still there")
        self.before = self.things()
        self.began = now()
        self.install()
        assert len(self.pods()) == 2, self.pods().keys()

    def helm_test_passes(self):
        self.apply((pathlib.Path(__file__).with_name("dns.yaml")).read_text())
        self.kubectl("-n", "kube-system", "wait", "--for=condition=Available", "deployment/coredns", "--timeout=60s")
        told = self.helm("test", RELEASE, "--timeout", "120s")
        assert "Phase:          Succeeded" in told, told
        left = self.kubectl("-n", NAMESPACE, "get", "gateways,httproutes", "-o", "name")
        assert not left, f"left behind: {left}"

    def upgrade_under_load_loses_nothing(self):
        """Every pod is replaced while requests go on."""
        address = self.make_shop()
        before = set(self.pods())
        load = Load(self, address, seconds=40)
        self.install({"podAnnotations.turn": "two"})
        took = time.monotonic() - (load.ends - 40)
        until(lambda: len(self.pods()) == 2 and not before & set(self.pods()), "old pods are still there")
        until(lambda: self.leader() in self.pods(), lambda: f"{self.leader() or 'nobody'} leads")
        assert took < 30, f"the load ended before the upgrade did, which took {took:.0f} s"
        return f"{load.join()}, upgrade {took:.0f} s"

    def a_pod_killed_loses_what_is_in_flight(self):
        """Killed, it says goodbye to nobody: what was on its connections is lost, and what the node still connects to it is refused
        until its container is back. Each request that failed must be one of these by its own times."""
        address = self.make_shop()
        leader = self.leader()
        pid, listening = self.process_of(leader), self.listening_at(leader, "shop")
        load = Load(self, address, seconds=12)
        time.sleep(2)
        begun = time.monotonic()
        self.signal(pid, signal.SIGKILL)
        killed = time.monotonic()
        until(lambda: self.get(f"http://{listening}/a", "--header", f"Host: {HOST}")[0] == 200, "the killed pod does not serve again", 9, pause=0)
        back = time.monotonic()
        kinds = collections.Counter()

        def may_fail(times):
            connected, failed = times["connected"], times["failed"]
            in_flight = connected is not None and connected <= killed and begun <= failed <= killed + NOTICE
            refused = connected is None and times["error"] == "ConnectionRefusedError" and begun <= failed <= back
            kinds["in flight" if in_flight else "refused"] += 1
            return in_flight or refused

        told = load.join(may_fail)
        self.await_ready_pods("the killed pod is not ready again")
        return f"{told}: {kinds['in flight']} in flight, {kinds['refused']} refused in the {back - begun:.1f} s until it served again"

    def listening_at(self, pod, gateway):
        """Where a replica serves a Gateway's first port."""
        port = self.kubectl("-n", SHOP, "get", "service", "-l", f"gateway.networking.k8s.io/gateway-name={gateway}",
                            "-o", "jsonpath={.items[0].spec.ports[0].targetPort}")
        return f"{self.pods()[pod]['status']['podIP']}:{port}"

    def a_port_comes_and_goes_beside_another(self):
        address = self.make_shop()
        listeners = [{"name": "http", "port": 80, "protocol": "HTTP"}, {"name": "alt", "port": 8080, "protocol": "HTTP"}]
        for wanted in (listeners, listeners[:1]):
            self.kubectl("-n", SHOP, "patch", "gateway", "shop", "--type=merge", "-p", json.dumps({"spec": {"listeners": wanted}}))
            self.await_programmed("shop")
            self.await_answer(address, "/a")
            self.await_answer(f"{address}:8080", "/a", status=200 if len(wanted) == 2 else 0)

    def every_kind_has_its_status(self):
        """And a ListenerSet's port answers at the Gateway's address; without its Gateway it says so."""
        self.make_backend("a")
        self.apply(EVERY_KIND.format(ns=SHOP))
        self.await_programmed("kinds")
        told = {}
        for kind, path in STATUSES.items():
            until(lambda kind=kind, path=path: "Accepted" in self.kubectl("-n", SHOP, "get", kind, "kinds", "-o", f"jsonpath={path}"),
                  f"{kind} has no condition")
            told[kind] = True
        until(lambda: self.kubectl("-n", SHOP, "get", "gateway", "kinds", "-o", "jsonpath={.status.attachedListenerSets}") == "1",
              "the ListenerSet is not counted")
        self.await_answer(f"{self.address_of('kinds')}:8080", "/")
        self.kubectl("-n", SHOP, "delete", "gateway", "kinds")
        reason = '{.status.conditions[?(@.type=="Accepted")].reason} {.status.listeners}'
        until(lambda: self.kubectl("-n", SHOP, "get", "listenerset", "kinds", "-o", f"jsonpath={reason}").split()[0] == "ParentNotAccepted",
              "the ListenerSet does not say that its Gateway is gone")
        return f"{len(told)} kinds beside the Gateway's"

    def uninstall_leaves_nothing_behind(self):
        made = self.things() - self.before
        assert any(name.startswith("Service " + SHOP) for name in made) and any("Lease" in name for name in made), made
        self.end()
        finalizers = until(lambda: self.kubectl("get", "gatewayclass", "pintle", "-o", "jsonpath={.metadata.finalizers}") in ("", "[]"),
                           "the finalizer of the class stays though no Gateway is left")
        assert finalizers
        self.ended = now()
        self.helm("uninstall", RELEASE, "--wait")
        until(lambda: not self.things() - self.before, lambda: f"still there: {sorted(self.things() - self.before)}", 60)
        return f"{len(made)} objects came and went"

    def rights_are_those_that_are_used(self):
        lines = self.audit()
        missing, unused = rights.compare(lines)
        assert not missing, f"asked without a right: {missing}"
        # 403 alone may also be a namespace that ends; what comes after the roles were taken away counts for nothing.
        refused = {(e["verb"], e.get("requestURI")) for e in map(json.loads, lines)
                   if e.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid" and e["stageTimestamp"] < self.ended}
        assert not refused, f"refused: {sorted(refused)[:5]}"
        unexplained = [one for one in unused if one not in RARE]
        assert not unexplained, f"granted and never asked: {unexplained}"
        return f"{len(lines)} requests; {len(unused)} rights for rare cases"
