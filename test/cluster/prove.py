"""`./dev cluster test`: proves with the suite's own backends what tests build on. Closes with `N passed, N failed`.

Everything it makes is in namespaces of its own, and gone at the end.
"""
import json
import re
import time

import layout
from proof import Proof

NAMESPACE = "pintle-prove"
RULES_APPEAR = 20  # seconds that kube-proxy may take after the pods of a Service are available
DIAL = ("import sys, urllib.request\n"
        "print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())")
SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: given}
spec: {type: LoadBalancer, selector: {app: infra-backend-v1}, ports: [{port: 80, targetPort: 3000}]}
---
apiVersion: v1
kind: Service
metadata: {name: asked}
spec: {type: LoadBalancer, loadBalancerIP: 100.64.200.7, selector: {app: infra-backend-v1}, ports: [{port: 80, targetPort: 3000}]}
---
apiVersion: v1
kind: Service
metadata: {name: foreign}
spec: {type: LoadBalancer, loadBalancerIP: 198.51.100.1, selector: {app: infra-backend-v1}, ports: [{port: 80, targetPort: 3000}]}
"""


def backend_manifests(text):
    """Of the suite's base manifests the Deployment and Service that all tests use most, moved into a namespace of ours."""
    wanted = [document for document in re.split(r"^---$", text, flags=re.MULTILINE)
              if re.search(r"^kind: (Deployment|Service)$", document, re.MULTILINE)
              and re.search(r"^  name: infra-backend-v1$", document, re.MULTILINE)]
    return re.sub(r"^  namespace: .*$", f"  namespace: {NAMESPACE}", "---".join(wanted), flags=re.MULTILINE)


class ClusterProof(Proof):
    def dial(self, address, path="/", pid=None):
        """From the node, or from the network of the program with this id."""
        inside = ["nsenter", "--target", str(pid), "--net"] if pid else []
        end = time.monotonic() + RULES_APPEAR
        while True:
            done = self.cluster.output(*inside, "python3", "-c", DIAL, f"http://{address}{path}")
            if done.returncode == 0 or time.monotonic() > end:
                break
            time.sleep(0.2)
        assert done.returncode == 0, f"{address} cannot be dialled: {done.stderr.strip().splitlines()[-1:]}"
        return json.loads(done.stdout)

    def service(self, name, path):
        return self.kubectl("--namespace", NAMESPACE, "get", "service", name, "--output", f"jsonpath={{{path}}}")

    # ---- what is proved ----

    def node_is_ready(self):
        self.kubectl("wait", "--for=condition=Ready", "node/node1", "--timeout=30s")

    def crds_are_served(self):
        folder = str(layout.crd_folder() / "experimental")
        self.kubectl("apply", "--server-side", "--force-conflicts", "--filename", folder)
        self.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        versions = self.kubectl("get", "crd", "gateways.gateway.networking.k8s.io", "--output",
                                r"jsonpath={.metadata.annotations.gateway\.networking\.k8s\.io/bundle-version}")
        assert versions == layout.GATEWAY_API, f"the CRDs are of {versions}"

    def pods_run(self):
        base = (layout.cache_folder() / layout.component("gateway-api").folder / "base.yaml").read_text()
        self.kubectl("create", "namespace", NAMESPACE)
        self.kubectl("apply", "--filename", "-", text=backend_manifests(base))
        self.kubectl("--namespace", NAMESPACE, "apply", "--filename", "-", text=SERVICES)
        self.kubectl("--namespace", NAMESPACE, "wait", "--for=condition=Available", "deployment/infra-backend-v1", "--timeout=60s")

    def cluster_address_answers(self):
        answer = self.dial(f"{self.service('infra-backend-v1', '.spec.clusterIP')}:8080", "/from-node")
        assert answer["path"] == "/from-node" and answer["pod"].startswith("infra-backend-v1-"), answer

    def balancer_address_answers(self):
        self.kubectl("--namespace", NAMESPACE, "wait", "service/given", "--timeout=30s", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}")
        cluster, given = self.service("given", ".spec.clusterIP"), self.service("given", ".status.loadBalancer.ingress[0].ip")
        assert given.split(".")[2:] == cluster.split(".")[2:] and given.startswith("100.64."), f"{given} for {cluster}"
        assert self.dial(given)["namespace"] == NAMESPACE

    def asked_address_is_given(self):
        self.kubectl("--namespace", NAMESPACE, "wait", "service/asked", "--timeout=30s",
                     "--for=jsonpath={.status.loadBalancer.ingress[0].ip}=100.64.200.7")
        assert self.dial("100.64.200.7")["namespace"] == NAMESPACE

    def foreign_address_is_not_given(self):
        # `asked` was made before it and has its address, so it was seen.
        assert not self.service("foreign", ".status.loadBalancer.ingress"), "an address of nobody's was given"

    def pods_reach_services(self):
        """From within the network of each backend, so that a pod also reaches itself by way of the Service."""
        ids = self.cluster.output("pgrep", "--full", "^/echo-basic").stdout.split()
        assert len(ids) >= 2, "no backend runs"
        cluster, given = self.service("infra-backend-v1", ".spec.clusterIP"), self.service("given", ".status.loadBalancer.ingress[0].ip")
        for pid in ids:
            pods = {self.dial(address, pid=pid)["pod"] for address in [f"{cluster}:8080", given] * 8}
            assert len(pods) == 2, f"only {pods} answered"

    def logs_can_be_read(self):
        text = self.kubectl("--namespace", NAMESPACE, "logs", "--selector", "app=infra-backend-v1", "--tail=-1")
        assert "Echoing back request made to /from-node to client" in text, "the request is not in the pods' logs"

    def nothing_leads_out(self):
        routes = self.cluster.output("ip", "route", "show", "default").stdout
        assert not routes.strip(), f"there is a default route: {routes}"

    def everything_goes(self):
        self.kubectl("delete", "namespace", NAMESPACE, "--timeout=90s")


def main(cluster):
    proof = ClusterProof(cluster)
    proof.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=90s")
    proof.check_all((proof.node_is_ready, proof.crds_are_served, proof.pods_run, proof.cluster_address_answers,
                     proof.balancer_address_answers, proof.asked_address_is_given, proof.foreign_address_is_not_given,
                     proof.pods_reach_services, proof.logs_can_be_read, proof.nothing_leads_out, proof.everything_goes))
    return proof.close()
