"""The chart installed in the test cluster, and what tests of it need: Gateways, backends on the node, load with a ledger, the
processes of the pods."""
import collections
import contextlib
import json
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/cluster"))
import cluster as kubernetes  # noqa: E402
import layout  # noqa: E402
from proof import Proof, until  # noqa: E402

RELEASE = "pintle"
NAMESPACE = "pintle-system"
SHOP = "pintle-shop"  # where the Gateways and routes of these tests live
CHART = ROOT / "deploy/helm/pintle"
VALUES = ROOT / "test/conformance/values.yaml"
CHANGES = ROOT / "test/installed/changes.py"
LEDGER = ROOT / "test/integration/ledger.py"
HOST = "shop.test"
# Longer than a replica takes to see that the leader has given up its Lease (4.4 s at most).
QUICK_DRAIN = {"dataplane.drainDelaySeconds": 8, "dataplane.drainMaxSeconds": 10}
PODS = f"app.kubernetes.io/instance={RELEASE},app.kubernetes.io/name=pintle"

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: {ns}}}
spec:
  gatewayClassName: {of}
  listeners: [{{name: http, port: {port}, protocol: HTTP}}]
"""
ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: {ns}}}
spec:
  parentRefs: [{{name: {gateway}}}]
  hostnames: [{host}]
  rules:
  - matches: [{{path: {{value: {path}}}}}]
    backendRefs: [{{name: {backend}, port: 80}}]
"""
BACKEND = """
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {ns}}}
spec: {{ports: [{{name: http, port: 80, targetPort: {port}}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {slice}, namespace: {ns}, labels: {{kubernetes.io/service-name: {name}, endpointslice.kubernetes.io/managed-by: hand}}}}
addressType: IPv4
endpoints: [{{addresses: [{address}], conditions: {{ready: true}}}}]
ports: [{{name: http, port: {port}, protocol: TCP}}]
"""


def settings(values):
    return [word for path, value in values.items() for word in ("--set-json", f"{path}={json.dumps(value)}")]


class Scene(Proof):
    """Helm and kubectl of one cluster, and what was begun in it."""

    def __init__(self, cluster):
        super().__init__(cluster)
        self.backends = {}

    # ---- the release ----

    def helm(self, *arguments):
        done = self.cluster.output("helm", *arguments, "--namespace", NAMESPACE)
        assert done.returncode == 0, f"helm {arguments[0]}: {(done.stderr or done.stdout).strip()}"
        return done.stdout

    def install(self, values=None, *flags):
        """Or upgrades what is installed."""
        self.helm("upgrade", "--install", RELEASE, str(CHART), "--create-namespace", "--values", str(VALUES),
                  *settings({**QUICK_DRAIN, **(values or {})}), "--wait", "--timeout", "180s", *flags)

    def uninstall(self):
        self.cluster.output("helm", "uninstall", RELEASE, "--namespace", NAMESPACE, "--wait")

    def pods(self):
        """Those that stay, by name."""
        found = json.loads(self.kubectl("-n", NAMESPACE, "get", "pods", "-l", PODS, "-o", "json"))["items"]
        return {pod["metadata"]["name"]: pod for pod in found if "deletionTimestamp" not in pod["metadata"]}

    def await_ready_pods(self, otherwise):
        until(lambda: all(all(s["ready"] for s in pod["status"]["containerStatuses"]) for pod in self.pods().values()), otherwise, 60)

    def leader(self):
        lease = json.loads(self.kubectl("-n", NAMESPACE, "get", "lease", f"{RELEASE}-leader", "-o", "json"))
        return lease["spec"].get("holderIdentity", "").split("_")[0]

    def process_of(self, pod):
        """Its id on the node."""
        listing = self.cluster.output("sh", "-c", 'for p in $(pgrep -x pintle); do echo "$p $(tr "\\0" "\\n" </proc/$p/environ | grep ^POD_NAME=)"; done')
        ids = [line.split()[0] for line in listing.stdout.splitlines() if line.endswith(f" POD_NAME={pod}")]
        assert ids, f"pod {pod} has no process: {listing.stdout} {listing.stderr}"
        return ids[0]

    def signal(self, pid, number):
        done = self.cluster.output("kill", f"-{int(number)}", str(pid))
        assert done.returncode == 0, done.stderr

    @contextlib.contextmanager
    def paused(self, pid):
        self.signal(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            self.cluster.output("kill", f"-{int(signal.SIGCONT)}", str(pid))

    def get(self, url, *more):
        """Status and body from the node; 0 without an answer."""
        done = self.cluster.output("curl", "--silent", "--max-time", "3", "--write-out", "\n%{http_code}", *more, url)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def metric(self, pod, name, port=9802):
        """The sum over its series."""
        status, text = self.get(f"http://{self.pods()[pod]['status']['podIP']}:{port}/metrics")
        assert status == 200, f"metrics of {pod}: {status}"
        lines = [line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
        assert lines, f"there is no metric {name}"
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    # ---- objects ----

    def changes(self, *arguments):
        """What a run of changes.py on the node tells."""
        done = self.cluster.output(sys.executable, str(CHANGES), *map(str, arguments))
        assert done.returncode == 0, done.stderr.strip()
        return json.loads(done.stdout)

    def begin(self):
        """An empty namespace for Gateways."""
        self.end()
        self.kubectl("create", "namespace", SHOP)

    def end(self):
        self.close_backends()
        self.kubectl("delete", "namespace", SHOP, "--ignore-not-found", "--timeout=90s")

    def leave(self):
        """Gateways first: who serves them takes its finalizer off the class."""
        self.end()
        with contextlib.suppress(AssertionError):  # nobody runs, or the step before failed
            until(lambda: self.kubectl("get", "gatewayclass", "pintle", "--ignore-not-found", "-o", "jsonpath={.metadata.finalizers}") in ("", "[]"),
                  "the class keeps its finalizer", 15)
        self.uninstall()

    def apply(self, text):
        self.kubectl("apply", "--server-side", "--force-conflicts", "--filename", "-", text=text)

    def make_gateway(self, name, port=80, ns=SHOP, of="pintle"):
        self.apply(GATEWAY.format(name=name, ns=ns, port=port, of=of))

    def make_route(self, name, path, backend, gateway="shop", ns=SHOP, host=HOST):
        self.apply(ROUTE.format(name=name, ns=ns, gateway=gateway, host=host, path=path, backend=backend))

    def make_backend(self, name, ns=SHOP, slice="hand"):
        """A ledger on the node, with a Service that leads there; one more for the same Service under another slice's name."""
        child = subprocess.Popen(self.cluster.command([sys.executable, str(LEDGER), "backend", name, f"{kubernetes.NODE}:0"]),
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                 env=kubernetes.environment(self.cluster.run))
        port = int(child.stdout.readline())
        self.backends[f"{ns}/{name}-{slice}"] = child
        self.apply(BACKEND.format(name=name, ns=ns, port=port, address=kubernetes.NODE, slice=f"{name}-{slice}"))

    def close_backends(self):
        """How often each id arrived."""
        seen = collections.Counter()
        for child in self.backends.values():
            out, _ = child.communicate()
            seen.update(json.loads(out))
        self.backends.clear()
        return seen

    def condition(self, gateway, kind="Programmed", ns=SHOP):
        """(status, reason, message) of a Gateway's condition of its present generation; None before."""
        found = json.loads(self.kubectl("-n", ns, "get", "gateway", gateway, "-o", "json"))
        for one in found.get("status", {}).get("conditions", []):
            if one["type"] == kind and one.get("observedGeneration") == found["metadata"]["generation"]:
                return one["status"], one["reason"], one["message"]
        return None

    def await_programmed(self, gateway, seconds=30, ns=SHOP):
        until(lambda: (self.condition(gateway, ns=ns) or [""])[0] == "True",
              lambda: f"Gateway {gateway} is not programmed: {self.condition(gateway, ns=ns)}", seconds)

    def address_of(self, gateway, ns=SHOP):
        return self.kubectl("-n", ns, "get", "gateway", gateway, "-o", "jsonpath={.status.addresses[0].value}")

    def make_shop(self):
        """Gateway shop with a new backend behind /a and another behind /b; its address, answering."""
        self.make_gateway("shop")
        for name in ("a", "b"):
            self.make_backend(name)
            self.make_route(name, f"/{name}", name)
        self.await_programmed("shop")
        address = self.address_of("shop")
        for name in ("a", "b"):
            self.await_answer(address, f"/{name}")
        return address

    def await_answer(self, address, path, status=200, seconds=20, host=HOST):
        url = f"http://{address}{path}"
        until(lambda: self.get(url, "--header", f"Host: {host}")[0] == status,
              lambda: f"{url} answers {self.get(url, '--header', f'Host: {host}')}", seconds)


class Load:
    """Requests at a fixed rate to /a and /b of a Gateway while something is done to it."""

    def __init__(self, scene, address, seconds, rate=100, port=80, paths="/a,/b"):
        self.scene, self.rate, self.sent = scene, rate, int(rate * seconds)
        self.child = subprocess.Popen(
            scene.cluster.command([sys.executable, str(LEDGER), "client", f"{address}:{port}", str(rate), str(seconds), HOST, paths]),
            stdout=subprocess.PIPE, text=True, env=kubernetes.environment(scene.cluster.run))
        self.ends = time.monotonic() + seconds

    def results(self):
        """(id, status, body) of each request, once all are answered; status 0: the body says what happened, and times follow."""
        out, _ = self.child.communicate(timeout=180)
        assert self.child.returncode == 0, f"the load generator ended with exit code {self.child.returncode}"
        told = json.loads(out)
        self.worst_ms = told["worst_ms"]
        assert len(told["results"]) >= self.sent, f"{len(told['results'])} of {self.sent} requests were sent"
        return told["results"]

    def join(self, may_fail=lambda times: False):
        """All were answered by the right backend, which saw each once, but those that may fail by the times of it (ledger.py).
        Closes the backends."""
        results = self.results()
        seen = self.scene.close_backends()
        failed = [one for one in results if one[1] != 200]
        lost = [one for one in failed if one[1] or not may_fail(one[3])]
        assert not lost, f"{len(lost)} of {len(results)} failed: {lost[:5]}"
        misrouted = [one for one in results if one[1] == 200 and one[0][0] != one[2]]
        assert not misrouted, f"misrouted: {misrouted[:5]}"
        unseen = {one[0] for one in results if one[1] == 200} - set(seen)
        assert not unseen, f"answered, but no backend saw {sorted(unseen)[:5]}"
        again = [name for name, times in seen.items() if times > 1]
        assert not again, f"arrived more than once: {again[:5]}"
        return f"{len(results)} requests, {len(failed)} failed, slowest {self.worst_ms:.0f} ms"
