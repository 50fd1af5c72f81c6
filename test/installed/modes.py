"""Other ways to install it: on the node's own network, through a restart without the API server, in some namespaces alone."""
import copy
import json
import signal
import time

from scene import NAMESPACE, RELEASE, SHOP, Scene, layout, until

POOL = ["100.64.77.1", "100.64.77.2"]  # free addresses of the node
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:{RELEASE}"


SET = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {{name: more, namespace: {SHOP}}}
spec:
  parentRef: {{name: shop}}
  listeners: [{{name: more, port: 81, protocol: HTTP}}]
"""


class Modes(Scene):
    def steps(self):
        return (self.direct_mode_binds_the_addresses_of_its_flag, self.a_restart_without_the_api_server_serves_what_it_knew,
                self.namespaced_rights_reach_no_further, self.features_go_and_come_with_their_definitions,
                self.a_role_older_than_the_program_costs_one_kind)

    def direct_mode_binds_the_addresses_of_its_flag(self):
        self.begin()
        self.install({"gatewayMode": "direct", "direct.hostNetwork": True, "direct.addresses": POOL, "replicaCount": 1})
        assert self.make_shop() in POOL
        for address in POOL:
            self.await_answer(address, "/a")
        self.make_gateway("late")
        told = until(lambda: (self.condition("late") or ["Unknown"])[0] == "False" and self.condition("late"),
                     lambda: f"a second Gateway on port 80: {self.condition('late')}")
        listeners = self.kubectl("-n", SHOP, "get", "gateway", "late", "-o", "jsonpath={.status.listeners[*].conditions[*].message}")
        assert f"{SHOP}/shop" in listeners, f"the owner of the port is not named: {told}, {listeners}"
        self.leave()

    def a_restart_without_the_api_server_serves_what_it_knew(self):
        self.begin()
        self.install({"replicaCount": 1})
        address = self.make_shop()
        pod = self.leader()
        pid = self.process_of(pod)
        self.cluster.kill("apiserver")
        try:
            self.signal(pid, signal.SIGKILL)
            began = time.monotonic()
            until(lambda: self.get(f"http://{address}/a", "--header", "Host: shop.test")[0] != 200, "it was not killed", pause=0)
            self.await_answer(address, "/a", seconds=40)
            took = time.monotonic() - began
            again = self.process_of(pod)
            assert again != pid, "it is the same process"
        finally:
            self.cluster.start("apiserver")
        until(lambda: self.cluster.output("kubectl", "get", "--raw", "/readyz").returncode == 0, "the API server does not come back", 60)
        self.make_route("later", "/later", "a")
        self.await_answer(address, "/later", seconds=40)
        self.leave()
        return f"{took:.1f} s from the kill to the next answer, the kubelet's part included"

    def namespaced_rights_reach_no_further(self):
        self.begin()
        self.install({"watch.namespaces": [SHOP], "rbac.secretNamespaces": [SHOP], "replicaCount": 1})
        self.make_shop()
        self.make_gateway("elsewhere", ns="default")
        try:
            def can(verb, what, ns):
                what, _, part = what.partition("/")
                return self.kubectl("auth", "can-i", verb, what, f"--subresource={part}", "--as", ACCOUNT, "-n", ns, fails=False).strip() == "yes"

            for verb, what in (("list", "secrets"), ("list", "httproutes"), ("create", "services"), ("patch", "gateways/status")):
                assert can(verb, what, SHOP), f"it may not {verb} {what} in {SHOP}"
                assert not can(verb, what, "default"), f"it may {verb} {what} in default"
            time.sleep(2)
            assert self.condition("elsewhere", "Accepted", ns="default") in (None, ("Unknown", "Pending", "Waiting for controller"))
        finally:
            self.kubectl("-n", "default", "delete", "gateway", "elsewhere")
        self.leave()

    def features_go_and_come_with_their_definitions(self):
        """The class supports what the API that is installed can say."""
        self.begin()
        self.install({"replicaCount": 1})

        def features():
            return self.kubectl("get", "gatewayclass", "pintle", "-o", "jsonpath={.status.supportedFeatures[*].name}").split()

        def told():
            return self.kubectl("get", "gatewayclass", "pintle", "-o", "jsonpath={.status.conditions[?(@.type=='SupportedVersion')].message}")

        until(lambda: "TLSRoute" in features(), lambda: f"TLSRoute is not offered: {features()}")
        self.kubectl("delete", "crd", "tlsroutes.gateway.networking.k8s.io", "--timeout=60s")
        try:
            until(lambda: not any(name.startswith("TLSRoute") for name in features()), lambda: f"still offered: {features()}")
            assert "not offered" in told() and "TLSRoute" in told(), told()
            assert "TCPRoute" in features(), features()
        finally:
            self.kubectl("apply", "--server-side", "-f", str(layout.crd_folder() / "experimental/gateway.networking.k8s.io_tlsroutes.yaml"))
        until(lambda: "TLSRouteModeMixed" in features(), lambda: f"not offered again: {features()}")
        words = told()
        self.leave()
        return words

    def a_role_older_than_the_program_costs_one_kind(self):
        """Without the right to ListenerSets it serves all else, and them as soon as it has it."""
        self.begin()
        self.install({"replicaCount": 1})
        role = json.loads(self.kubectl("get", "clusterrole", RELEASE, "-o", "json"))
        older = copy.deepcopy(role)
        for rule in older["rules"]:
            rule["resources"] = [name for name in rule["resources"] if not name.startswith("listenersets")]
        older["rules"] = [rule for rule in older["rules"] if rule["resources"]]
        self.kubectl("replace", "-f", "-", text=json.dumps(older))
        for pod in self.pods():
            self.kubectl("-n", NAMESPACE, "delete", "pod", pod)
        self.kubectl("-n", NAMESPACE, "rollout", "status", f"deployment/{RELEASE}", "--timeout=60s")
        self.await_answer(self.make_shop(), "/a")
        log = self.kubectl("-n", NAMESPACE, "logs", f"deployment/{RELEASE}")
        assert "listenersets" in log, "the log does not name the right that is missing"
        self.kubectl("-n", SHOP, "patch", "gateway", "shop", "--type=merge", "-p",
                     json.dumps({"spec": {"allowedListeners": {"namespaces": {"from": "Same"}}}}))
        self.apply(SET)
        del role["metadata"]["resourceVersion"]
        self.kubectl("replace", "-f", "-", text=json.dumps(role))
        began = time.monotonic()
        until(lambda: self.kubectl("-n", SHOP, "get", "listenerset", "more", "-o", "jsonpath={.status.conditions[?(@.type=='Programmed')].status}") == "True",
              "the ListenerSet is not programmed", 60)
        took = time.monotonic() - began
        self.leave()
        return f"a ListenerSet is programmed {took:.0f} s after the right is given"
