"""What clusters do all day, and the worst of it, under load with a ledger: endpoints that flap, rollouts, grants that go, a leader that
sleeps, watches that never last, a bad route among thousands of good ones."""
import json
import pathlib
import subprocess
import sys
import time

import beside
from scene import HOST, SHOP, Load, Scene, kubernetes, until

HERE = pathlib.Path(__file__).parent
ELSEWHERE = "pintle-elsewhere"  # a namespace that grants
GRANT = f"""
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {{name: shop, namespace: {ELSEWHERE}}}
spec:
  from: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: {SHOP}}}]
  to: [{{group: "", kind: Service}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: granted, namespace: {SHOP}}}
spec:
  parentRefs: [{{name: shop}}]
  hostnames: [{HOST}]
  rules:
  - matches: [{{path: {{value: /granted}}}}]
    backendRefs: [{{name: g, namespace: {ELSEWHERE}, port: 80}}]
"""
# The suite's backend, which ends at once when told to: a pause before that is how a pod leaves without losing what is on its way.
ROLLED = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: rolled, namespace: {ns}}}
spec:
  replicas: 10
  strategy: {{rollingUpdate: {{maxSurge: 3, maxUnavailable: 0}}}}
  selector: {{matchLabels: {{app: rolled}}}}
  template:
    metadata: {{labels: {{app: rolled}}}}
    spec:
      terminationGracePeriodSeconds: 10
      containers:
      - name: echo
        image: registry.k8s.io/gateway-api/echo-basic:v1.5.1
        imagePullPolicy: Never
        env: [{{name: POD_NAME, valueFrom: {{fieldRef: {{fieldPath: metadata.name}}}}}}, {{name: NAMESPACE, value: {ns}}}]
        readinessProbe: {{httpGet: {{path: /, port: 3000}}, periodSeconds: 1}}
        lifecycle: {{preStop: {{sleep: {{seconds: 4}}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: rolled, namespace: {ns}}}
spec: {{selector: {{app: rolled}}, ports: [{{port: 80, targetPort: 3000}}]}}
"""


class Churn(Scene):
    def steps(self):
        return (self.endpoints_flap_50_times_a_second, self.ten_pods_are_rolled_three_times, self.a_grant_is_taken_back,
                self.the_leader_sleeps_for_a_minute, self.no_watch_lasts_longer_than_a_second, self.one_bad_route_among_thousands)

    def leave(self):
        self.kubectl("delete", "namespace", ELSEWHERE, "--ignore-not-found", "--timeout=90s")
        super().leave()

    def endpoints_flap_50_times_a_second(self):
        """A second endpoint of Service a is ready and not ready by turns; each is a ledger that answers `a`."""
        self.begin()
        self.install()
        address = self.make_shop()
        self.make_backend("a", slice="second")
        load = Load(self, address, seconds=24, rate=200)
        time.sleep(1)
        told = self.changes("flip", 1000, SHOP, "a-second", 50)
        assert told["seconds"] < 22, f"1,000 changes took {told['seconds']:.0f} s"
        return f"{told['changes']} changes in {told['seconds']:.0f} s; {load.join()}"

    def ten_pods_are_rolled_three_times(self):
        self.apply(ROLLED.format(ns=SHOP))
        self.rolled_out()
        self.make_route("rolled", "/rolled", "rolled")
        address = self.address_of("shop")
        self.await_answer(address, "/rolled")
        load = Load(self, address, seconds=30, rate=100, paths="/rolled")
        time.sleep(1)
        began = time.monotonic()
        for turn in range(3):
            self.kubectl("-n", SHOP, "patch", "deployment", "rolled", "-p",
                         json.dumps({"spec": {"template": {"metadata": {"annotations": {"turn": str(turn)}}}}}))
            self.rolled_out()
        took = time.monotonic() - began
        assert took < 28, f"the load ended before the last of the pods, after {took:.0f} s"
        results = load.results()
        failed = [one for one in results if one[1] != 200]
        assert not failed, f"{len(failed)} of {len(results)} failed: {failed[:5]}"
        pods = {json.loads(one[2])["pod"] for one in results}
        assert len(pods) >= 40, f"only {len(pods)} pods had a part in it"
        self.kubectl("-n", SHOP, "delete", "deployment", "rolled")
        return f"{len(results)} requests, 0 failed, {len(pods)} pods answered, three rollouts in {took:.0f} s"

    def rolled_out(self):
        self.kubectl("-n", SHOP, "rollout", "status", "deployment/rolled", "--timeout=90s")

    def a_grant_is_taken_back(self):
        self.kubectl("create", "namespace", ELSEWHERE)
        self.make_backend("g", ns=ELSEWHERE)
        self.apply(GRANT)
        address = self.address_of("shop")
        self.await_answer(address, "/granted")
        told = self.changes("revoke", 8, ELSEWHERE, "shop", address, HOST, "/granted")
        assert set(told["answers"]) == {"200", "500"}, told
        assert told["last_200_ms"] < 1000, told
        return f"last 200 began {told['last_200_ms']:.1f} ms after the API's answer; answers {told['answers']}"

    def the_leader_sleeps_for_a_minute(self):
        """Traffic goes to the other replica, which takes over; awake again, the old leader writes nothing."""
        self.end()
        self.begin()
        self.make_shop()
        asleep = self.leader()
        other = next(pod for pod in self.pods() if pod != asleep)
        slices = json.loads(self.kubectl("-n", SHOP, "get", "endpointslices", "-l", "gateway.networking.k8s.io/gateway-name=shop", "-o", "json"))
        port = slices["items"][0]["ports"][0]["port"]
        load = Load(self, self.pods()[other]["status"]["podIP"], seconds=75, rate=50, port=port)
        with self.paused(self.process_of(asleep)):
            began = time.monotonic()
            until(lambda: self.leader() == other, "nobody takes over", 30)
            took = time.monotonic() - began
            self.make_gateway("late")
            self.await_programmed("late", 40)
            time.sleep(max(0.0, began + 60 - time.monotonic()))
        written = self.versions()
        time.sleep(8)
        assert self.versions() == written, "the old leader wrote"
        assert self.leader() == other, f"{self.leader()} leads again"
        told = load.join()
        self.await_ready_pods("the pod is not ready again")
        return f"the other led after {took:.1f} s; {told}"

    def versions(self):
        return self.kubectl("-n", SHOP, "get", "gateways,httproutes,services", "-o", "jsonpath={.items[*].metadata.resourceVersion}")

    def no_watch_lasts_longer_than_a_second(self):
        """A controller whose way to the API server is cut every second still follows it, and does not write for that."""
        with beside.prepared(self) as controller:
            cluster = controller.kubeconfig["clusters"][0]["cluster"]
            cutter = subprocess.Popen(
                self.cluster.command([sys.executable, str(HERE / "cutter.py"), cluster["server"].removeprefix("https://"), "1"]),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=kubernetes.environment(self.cluster.run))
            where, _, _ = cluster["server"].rpartition(":")
            cluster["server"] = f"{where}:{int(cutter.stdout.readline())}"
            with controller.running():
                told = self.follow_through_cuts()
            cuts, _ = cutter.communicate(timeout=20)
        return f"{told}; {cuts.strip()} connections cut"

    def follow_through_cuts(self):
        self.make_gateway(beside.CLASS_NAME, of=beside.CLASS_NAME)
        for name in ("a", "b"):
            self.make_backend(name)
            self.make_route(f"cut-{name}", f"/{name}", name, gateway=beside.CLASS_NAME)
            self.await_answer(beside.ADDRESS, f"/{name}", seconds=40)
        load = Load(self, beside.ADDRESS, seconds=25, rate=50)
        time.sleep(3)
        written, slowest = self.versions(), 0.0
        time.sleep(5)
        assert self.versions() == written, "it writes although nothing changed"
        for number in range(4):
            began = time.monotonic()
            self.make_route(f"cut-{number}", f"/cut-{number}", "a", gateway=beside.CLASS_NAME)
            self.await_answer(beside.ADDRESS, f"/cut-{number}", seconds=30)
            slowest = max(slowest, time.monotonic() - began)
        return f"{load.join()}; new routes answer within {slowest:.1f} s"

    def one_bad_route_among_thousands(self):
        self.end()
        self.begin()
        address = self.make_shop()
        self.changes("make", 5000, SHOP, "shop")
        self.await_answer(address, "/", status=302, host="r-4999.many.test", seconds=60)
        load = Load(self, address, seconds=12)
        self.make_route("bad", "/bad", "nobody-of-that-name", host="bad.many.test")
        self.await_answer(address, "/bad", status=500, host="bad.many.test")
        until(lambda: "BackendNotFound" in self.kubectl("-n", SHOP, "get", "httproute", "bad", "-o", "jsonpath={.status}"),
              "its status does not say why", 60)
        for number in (0, 2500, 4999):
            assert self.get(f"http://{address}/", "--header", f"Host: r-{number}.many.test")[0] == 302, number
        assert (self.condition("shop") or [""])[0] == "True", self.condition("shop")
        return load.join()
