"""What the chart makes of values, by helm: properties of the objects, and refusals that name the way out."""
import re
import shlex
import subprocess
import unittest

from chart_files import CHART, HELM, ROOT, Rendered, arguments_of, chart, needs_helm, render_notes

VALUE_SETS = {
    "defaults": {},
    "everything on": {
        "autoscaling.enabled": True, "networkPolicy.enabled": True, "metrics.serviceMonitor.enabled": True,
        "metrics.prometheusRule.enabled": True, "image.digest": "sha256:" + "0" * 64, "commonLabels": {"team": "edge"},
        "imagePullSecrets": [{"name": "pull"}], "podAnnotations": {"a": "b"}, "podLabels": {"c": "d"},
        "priorityClassName": "system-cluster-critical", "extraEnv": [{"name": "A", "value": "b"}],
        "extraVolumes": [{"name": "x", "emptyDir": {}}], "extraVolumeMounts": [{"name": "x", "mountPath": "/x"}],
        "tolerations": [{"operator": "Exists"}], "affinity": {"podAffinity": {}}, 
        "serviceAccount.annotations": {"a": "b"},
        "gatewayClass.annotations": {"a": "b"}, "metrics.service.annotations": {"a": "b"},
        "autoscaling.behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}},
        "service.loadBalancerClass": "x.example/y",
        "metrics.serviceMonitor.labels": {"release": "prometheus"}, "metrics.serviceMonitor.interval": "15s"},
    "namespaces": {"watch.namespaces": ["blog", "shop"]},
    "secrets": {"rbac.secretNamespaces": ["keys"]},
    "direct": {"gatewayMode": "direct", "direct.hostNetwork": True},
    "one pod": {"replicaCount": 1, "leaderElection.enabled": False, "metrics.podMonitor.enabled": True},
    "almost nothing": {"gatewayClass.create": False, "rbac.create": False, "serviceAccount.create": False,
                       "podDisruptionBudget.enabled": False, "metrics.service.create": False, "state.enabled": False},
}


@needs_helm
class EverySet(unittest.TestCase):
    def test_lint(self):
        for name, values in VALUE_SETS.items():
            with self.subTest(name):
                command = [HELM, "lint", "--strict", str(CHART), *arguments_of(values)]
                result = subprocess.run(command, capture_output=True, text=True)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_renders_objects_with_names_and_labels(self):
        for name, values in VALUE_SETS.items():
            with self.subTest(name):
                rendered = Rendered(values)
                self.assertEqual(rendered.refusal, "")
                seen = [(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in rendered.objects]
                self.assertEqual(len(seen), len(set(seen)), "an object twice")
                for o in rendered.objects:
                    self.assertEqual(o["metadata"]["labels"]["app.kubernetes.io/instance"], "pintle", o["kind"])
                    self.assertLessEqual(len(o["metadata"]["name"]), 63)

    def test_brings_no_crd(self):
        for values in VALUE_SETS.values():
            self.assertEqual(Rendered(values, "--include-crds").of_kind("CustomResourceDefinition"), [])

    def test_notes_give_commands(self):
        for name, values in VALUE_SETS.items():
            with self.subTest(name):
                text = render_notes(values)
                self.assertIn("kubectl apply -f -", text)
                self.assertIn("curl -i -H 'Host: demo.example.com'", text)
                self.assertNotIn("<no value>", text)

    def test_commands_of_the_guide_are_accepted(self):
        text = (ROOT / "docs/install.md").read_text().replace("\\\n", " ")
        commands = re.findall(r"^helm (?:install|template) pintle deploy/helm/pintle ([^|\n]*)", text, re.MULTILINE)
        self.assertGreater(len(commands), 3)
        for command in commands:
            with self.subTest(command):
                self.assertEqual(Rendered({}, *shlex.split(command)).refusal, "")

    def test_install_yaml_is_what_helm_renders(self):
        self.assertEqual((ROOT / "deploy/install.yaml").read_text(), chart.install_text(HELM))


@needs_helm
class Pod(unittest.TestCase):
    def test_meets_the_restricted_pod_security_standard(self):
        for name in ("defaults", "everything on", "namespaces", "one pod", "almost nothing"):
            rendered = Rendered(VALUE_SETS[name])
            for pod in [rendered.pod, *[o["spec"] for o in rendered.of_kind("Pod")]]:
                with self.subTest(name):
                    given = pod["securityContext"]
                    self.assertEqual((given["runAsNonRoot"], given["runAsUser"]), (True, 65532))
                    self.assertEqual(given["seccompProfile"], {"type": "RuntimeDefault"})
                    self.assertNotIn("hostNetwork", pod)
                    self.assertIs(pod["automountServiceAccountToken"], False)
                    for container in pod["containers"]:
                        self.assertEqual(container["securityContext"], {
                            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"]}})
                    for volume in pod.get("volumes", []):
                        self.assertTrue(set(volume) - {"name"} <= {"emptyDir", "projected"}, volume)

    def test_token_is_short_lived_and_read_only(self):
        rendered = Rendered()
        sources = next(v for v in rendered.pod["volumes"] if v["name"] == "api")["projected"]["sources"]
        self.assertEqual(sources[0]["serviceAccountToken"], {"path": "token", "expirationSeconds": 3600})
        mount = next(m for m in rendered.container["volumeMounts"] if m["name"] == "api")
        self.assertEqual((mount["mountPath"], mount["readOnly"]), ("/var/run/secrets/kubernetes.io/serviceaccount", True))

    def test_keys_touch_no_disk(self):
        rendered = Rendered()
        volumes = {v["name"]: v for v in rendered.pod["volumes"]}
        mounts = {m["mountPath"]: m["name"] for m in rendered.container["volumeMounts"]}
        self.assertEqual(volumes[mounts["/var/lib/pintle/keys"]]["emptyDir"]["medium"], "Memory")
        self.assertNotIn("medium", volumes[mounts["/var/lib/pintle"]]["emptyDir"])
        self.assertEqual(rendered.flags["--state-dir"], ["/var/lib/pintle"])
        without = Rendered({"state.enabled": False})
        self.assertEqual([v["name"] for v in without.pod["volumes"]], ["api"])
        self.assertNotIn("--state-dir", without.flags)

    def test_grace_period_covers_the_drain(self):
        pod = Rendered({"dataplane.drainDelaySeconds": 7, "dataplane.drainMaxSeconds": 90})
        self.assertEqual(pod.pod["terminationGracePeriodSeconds"], 102)
        self.assertEqual((pod.flags["--drain-delay"], pod.flags["--drain-max"]), (["7s"], ["90s"]))

    def test_probes_ask_the_health_port(self):
        container = Rendered({"ports.health": 9999}).container
        self.assertEqual(container["ports"], [{"name": "health", "containerPort": 9999}])
        self.assertEqual(container["livenessProbe"]["httpGet"], {"path": "/livez", "port": "health"})
        self.assertEqual(container["readinessProbe"]["httpGet"], {"path": "/readyz", "port": "health"})
        self.assertIn("--health=0.0.0.0:9999", container["args"])

    def test_update_never_lacks_a_pod(self):
        spec = Rendered().one("Deployment")["spec"]
        self.assertEqual((spec["replicas"], spec["strategy"]["rollingUpdate"]), (2, {"maxUnavailable": 0, "maxSurge": 1}))

    def test_spread_counts_our_own_pods(self):
        rendered = Rendered()
        labels = rendered.one("Deployment")["spec"]["template"]["metadata"]["labels"]
        for constraint in rendered.pod["topologySpreadConstraints"]:
            self.assertLessEqual(constraint["labelSelector"]["matchLabels"].items(), labels.items())
        given = {"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule",
                 "labelSelector": {"matchLabels": {"a": "b"}}}
        self.assertEqual(Rendered({"topologySpreadConstraints": [given]}).pod["topologySpreadConstraints"], [given])

    def test_selectors_select_the_pods_and_not_the_test(self):
        rendered = Rendered({"podLabels": {"x": "y"}, "networkPolicy.enabled": True})
        spec = rendered.one("Deployment")["spec"]
        labels, other = spec["template"]["metadata"]["labels"], rendered.one("Pod")["metadata"]["labels"]
        selectors = [spec["selector"]["matchLabels"],
                     rendered.one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                     rendered.one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
                     *[s["spec"]["selector"] for s in rendered.of_kind("Service")]]
        self.assertEqual(len(selectors), 5)
        for selector in selectors:
            self.assertLessEqual(selector.items(), labels.items())
            self.assertFalse(selector.items() <= other.items())

    def test_image(self):
        given = Rendered({"image.registry": "r.example", "image.tag": "9"})
        self.assertEqual(given.container["image"], "r.example/pintle:9")
        self.assertEqual(Rendered({"image.registry": ""}).container["image"], f"pintle:{chart.app_version()}")
        digest = "sha256:" + "a" * 64
        self.assertEqual(Rendered({"image.digest": digest, "image.tag": "9"}).container["image"], f"pintle.dev/pintle@{digest}")


@needs_helm
class Flags(unittest.TestCase):
    def test_service_mode(self):
        flags = Rendered({"service.type": "NodePort", "service.annotations": {"a.example/b": "c,d=e"},
                          "service.externalTrafficPolicy": "Local", "service.loadBalancerClass": "x.example/y"}).flags
        expected = {"--gateway-mode": "service", "--service-type": "NodePort", "--service-annotation": "a.example/b=c,d=e",
                    "--external-traffic-policy": "Local", "--load-balancer-class": "x.example/y",
                    "--replicas-service": "pintle-system/pintle-replicas", "--port-range": "20000-29999"}
        self.assertEqual({name: flags[name] for name in expected}, {name: [value] for name, value in expected.items()})

    def test_direct_mode(self):
        rendered = Rendered({"gatewayMode": "direct", "direct.addresses": ["192.0.2.1", "2001:db8::1"],
                             "direct.hostPorts": [80]})
        self.assertEqual(rendered.flags["--address"], ["192.0.2.1", "2001:db8::1"])
        of_services = ("--service", "--replicas-service", "--port-range", "--external", "--load")
        self.assertEqual([f for f in rendered.flags if f.startswith(of_services)], [])
        self.assertEqual(rendered.container["ports"][1], {"containerPort": 80, "hostPort": 80})
        self.assertEqual(rendered.pod["securityContext"]["sysctls"],
                         [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}])
        self.assertEqual(rendered.one("Deployment")["spec"]["strategy"]["rollingUpdate"],
                         {"maxUnavailable": 1, "maxSurge": 0})

    def test_low_ports_of_the_node_need_one_capability_and_no_other(self):
        rendered = Rendered({"gatewayMode": "direct", "direct.hostNetwork": True})
        self.assertEqual(rendered.container["securityContext"]["capabilities"],
                         {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})
        self.assertEqual((rendered.pod["hostNetwork"], rendered.pod["securityContext"]["runAsUser"]), (True, 0))
        self.assertNotIn("sysctls", rendered.pod["securityContext"])  # refused by the kubelet with hostNetwork
        high = Rendered({"gatewayMode": "direct", "direct.hostNetwork": True, "direct.lowPorts": False})
        self.assertEqual(high.pod["securityContext"]["runAsUser"], 65532)
        self.assertEqual(high.container["securityContext"]["capabilities"], {"drop": ["ALL"]})

    def test_large_numbers_stay_numbers(self):
        flags = Rendered({"dataplane.maxConnections": 20000000, "metrics.maxSeries": 3000000}).flags
        self.assertEqual((flags["--max-connections"], flags["--max-series"]), (["20000000"], ["3000000"]))


@needs_helm
class Rights(unittest.TestCase):
    def verbs(self, objects):
        return {(group, resource): set(rule["verbs"]) for o in objects for rule in o["rules"]
                for group in rule["apiGroups"] for resource in rule["resources"]}

    def test_namespaces_alone_give_no_cluster_wide_right_on_their_kinds(self):
        rendered = Rendered({"watch.namespaces": ["blog", "shop"]})
        cluster = {r for _, r in self.verbs(rendered.of_kind("ClusterRole"))}
        self.assertEqual(cluster, {"customresourcedefinitions", "gatewayclasses", "gatewayclasses/status", "namespaces"})
        for namespace in ("blog", "shop"):
            role = [o for o in rendered.of_kind("Role") if o["metadata"]["namespace"] == namespace]
            self.assertEqual(len(role), 1)
            self.assertIn(("", "secrets"), self.verbs(role))
            bound = [o for o in rendered.of_kind("RoleBinding") if o["metadata"]["namespace"] == namespace]
            self.assertEqual(bound[0]["subjects"], [{"kind": "ServiceAccount", "name": "pintle", "namespace": "pintle-system"}])
        self.assertEqual(rendered.flags["--namespaces"], ["blog,shop"])

    def test_secrets_of_some_namespaces_alone(self):
        for watched in ([], ["shop"]):
            with self.subTest(watched=watched):
                rendered = Rendered({"rbac.secretNamespaces": ["keys"], "watch.namespaces": watched})
                readers = [o["metadata"].get("namespace") for kind in ("ClusterRole", "Role") for o in rendered.of_kind(kind)
                           if "list" in self.verbs([o]).get(("", "secrets"), ())]
                self.assertEqual(readers, ["keys"])
                self.assertEqual(rendered.one("RoleBinding", "pintle-secrets")["metadata"]["namespace"], "keys")
                self.assertEqual(rendered.flags["--secret-namespaces"], ["keys"])

    def test_own_ready_pods_are_seen_from_everywhere(self):
        def mine(values):
            return self.verbs([Rendered(values).one("Role", "pintle-release")])

        slices = ("discovery.k8s.io", "endpointslices")
        self.assertEqual(mine({"watch.namespaces": ["shop"]})[slices], {"list", "watch"})
        self.assertNotIn(slices, mine({"watch.namespaces": ["shop", "pintle-system"]}))
        self.assertNotIn(slices, mine({}))

    def test_lease(self):
        rendered = Rendered({"leaderElection.leaseName": "mine"})
        rule = rendered.one("Role", "pintle-release")["rules"][0]
        self.assertEqual((rule["resourceNames"], sorted(rule["verbs"])), (["mine"], ["get", "update"]))
        self.assertEqual(rendered.one("Lease")["metadata"]["name"], "mine")
        self.assertEqual(rendered.flags["--lease-name"], ["mine"])
        free = Rendered({"leaderElection.createLease": False})
        self.assertEqual(free.of_kind("Lease"), [])
        self.assertIn("create", free.one("Role", "pintle-release")["rules"][1]["verbs"])

    def test_none(self):
        rendered = Rendered({"rbac.create": False})
        self.assertEqual([o for o in rendered.objects if "Role" in o["kind"]], [])


@needs_helm
class HelmTest(unittest.TestCase):
    def check(self, values):
        rendered = Rendered(values)
        return rendered, rendered.one("Pod")["spec"]["containers"][0]["args"], rendered.one("Gateway")

    def test_asks_the_service_of_its_gateway(self):
        rendered, words, gateway = self.check({"gatewayClass.name": "edge"})
        self.assertEqual(words, ["check", "http://pintle-test-edge.pintle-system.svc:80/",
                                 "--host=test.pintle.internal", "--expect-status=302", "--wait=60s"])
        self.assertEqual(gateway["spec"]["gatewayClassName"], "edge")
        for o in (gateway, rendered.one("HTTPRoute"), rendered.one("Pod")):
            self.assertEqual(o["metadata"]["annotations"]["helm.sh/hook"], "test")
            self.assertIn("hook-succeeded", o["metadata"]["annotations"]["helm.sh/hook-delete-policy"])

    def test_direct_mode_asks_the_pods(self):
        _, words, gateway = self.check({"gatewayMode": "direct"})
        self.assertEqual(words[1], "http://pintle-replicas.pintle-system.svc:18999/")
        self.assertEqual(gateway["spec"]["listeners"][0]["port"], 18999)

    def test_direct_mode_with_addresses_asks_the_first(self):
        for address, host in (("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "[2001:db8::1]")):
            _, words, _ = self.check({"gatewayMode": "direct", "direct.addresses": [address, "192.0.2.2"]})
            self.assertEqual(words[1], f"http://{host}:18999/")

    def test_gateway_stands_where_it_is_followed(self):
        _, words, gateway = self.check({"watch.namespaces": ["shop"]})
        self.assertEqual((gateway["metadata"]["namespace"], words[1]), ("shop", "http://pintle-test-pintle.shop.svc:80/"))


@needs_helm
class Refusals(unittest.TestCase):
    ROWS = [
        ({"replicaCout": 3}, "replicaCout"),
        ({"image.tga": "x"}, "tga"),
        ({"service.type": "Loadbalancer"}, "service/type"),
        ({"replicaCount": "two"}, "replicaCount"),
        ({"log.level": "trace"}, "log/level"),
        ({"watch.namespaces": ["Shop"]}, "watch/namespaces"),
        ({"leaderElection.enabled": False}, "Set replicaCount=1"),
        ({"gatewayMode": "direct", "networkPolicy.enabled": True}, "Set networkPolicy.enabled=false"),
        ({"direct.hostNetwork": True}, "Set gatewayMode=direct"),
        ({"gatewayMode": "direct", "direct.hostNetwork": True, "direct.hostPorts": [80]}, "Set one of the two"),
        ({"metrics.serviceMonitor.enabled": True, "metrics.podMonitor.enabled": True}, "Set one of the two"),
        ({"metrics.serviceMonitor.enabled": True, "metrics.service.create": False}, "use metrics.podMonitor"),
        ({"rbac.createClusterRole": False}, "Set watch.namespaces"),
        ({"service.portRange": "29999-20000"}, "FIRST-LAST"),
        ({"service.portRange": "1000-2000"}, "FIRST-LAST"),
        ({"autoscaling.enabled": True, "autoscaling.minReplicas": 20}, "maxReplicas"),
    ]

    def test_each_names_the_value_or_the_way_out(self):
        for values, word in self.ROWS:
            with self.subTest(values):
                self.assertIn(word, Rendered(values).refusal)

    def test_cluster_without_the_gateway_api(self):
        self.assertIn("install them first", Rendered({}, "--api-versions", "v1/Pod").refusal)
        known = ("--api-versions", "v1/Pod", "--api-versions", "gateway.networking.k8s.io/v1/GatewayClass")
        self.assertEqual(Rendered({}, *known).refusal, "")
        self.assertEqual(Rendered({"gatewayClass.create": False}, "--api-versions", "v1/Pod").refusal, "")

    def test_as_a_dependency_of_another_chart(self):
        self.assertEqual(Rendered({"global": {"x": 1}}).refusal, "")


@needs_helm
class Rest(unittest.TestCase):
    def test_extra_objects_are_filled_in(self):
        given = {"apiVersion": "v1", "kind": "ConfigMap",
                 "metadata": {"name": "{{ .Release.Name }}-x", "labels": {"app.kubernetes.io/instance": "pintle"}}}
        self.assertEqual(Rendered({"extraObjects": [given]}).one("ConfigMap")["metadata"]["name"], "pintle-x")

    def test_names(self):
        long_name = Rendered({"fullnameOverride": "a" * 52})
        self.assertEqual(max(len(s["metadata"]["name"]) for s in long_name.of_kind("Service")), 61)
        moved = Rendered({"namespaceOverride": "edge"})
        self.assertEqual({o["metadata"].get("namespace") for o in moved.objects} - {None}, {"edge"})

    def test_network_policy(self):
        rules = Rendered({"networkPolicy.enabled": True, "networkPolicy.metricsFrom": [{"namespaceSelector": {}}]}).one(
            "NetworkPolicy")["spec"]["ingress"]
        self.assertEqual(rules[0], {"ports": [{"port": 20000, "endPort": 29999}]})
        self.assertEqual(len(rules[1]["from"]), 2)

    def test_autoscaling_owns_the_number_of_pods(self):
        rendered = Rendered({"autoscaling.enabled": True})
        self.assertNotIn("replicas", rendered.one("Deployment")["spec"])
        self.assertEqual(rendered.one("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"], "pintle")

    def test_alerts_arrive_whole(self):
        rule = Rendered({"metrics.prometheusRule.enabled": True}).one("PrometheusRule")
        self.assertIn("{{ $labels.pod }}", rule["spec"]["groups"][0]["rules"][0]["annotations"]["summary"])
