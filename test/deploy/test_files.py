"""What holds of the chart's files without helm: one source for each fact, nothing stale, rights as allowed."""
import itertools
import json
import re
import unittest

import yaml

from chart_files import CHART, ROOT, UniqueKeys, chart
from rights import USER, compare, granted, rights

# Verb by verb what the program may do (req 61). A line more here is a decision, so it stands a second time.
ALLOWED = """
cluster    gateway.networking.k8s.io  gatewayclasses             get list patch watch
cluster    gateway.networking.k8s.io  gatewayclasses/status      patch
cluster    -                          namespaces                 list watch
cluster    apiextensions.k8s.io       customresourcedefinitions  list watch
namespaced gateway.networking.k8s.io  gateways                   get list watch
namespaced gateway.networking.k8s.io  gateways/status            patch
namespaced gateway.networking.k8s.io  listenersets               get list watch
namespaced gateway.networking.k8s.io  listenersets/status        patch
namespaced gateway.networking.k8s.io  httproutes                 get list watch
namespaced gateway.networking.k8s.io  httproutes/status          patch
namespaced gateway.networking.k8s.io  grpcroutes                 get list watch
namespaced gateway.networking.k8s.io  grpcroutes/status          patch
namespaced gateway.networking.k8s.io  backendtlspolicies         get list watch
namespaced gateway.networking.k8s.io  backendtlspolicies/status  patch
namespaced gateway.networking.k8s.io  tlsroutes                  get list watch
namespaced gateway.networking.k8s.io  tlsroutes/status           patch
namespaced gateway.networking.k8s.io  tcproutes                  get list watch
namespaced gateway.networking.k8s.io  tcproutes/status           patch
namespaced gateway.networking.k8s.io  udproutes                  get list watch
namespaced gateway.networking.k8s.io  udproutes/status           patch
namespaced gateway.networking.x-k8s.io xbackendtrafficpolicies    get list watch
namespaced gateway.networking.x-k8s.io xbackendtrafficpolicies/status patch
namespaced gateway.networking.k8s.io  referencegrants            list watch
namespaced -                          services                   create delete list patch watch
namespaced discovery.k8s.io           endpointslices             create delete list patch watch
namespaced -                          configmaps                 list watch
namespaced events.k8s.io              events                     create patch
secrets    -                          secrets                    list watch
release    coordination.k8s.io        leases                     create get list patch update watch
release    -                          secrets                    get patch
replicas   discovery.k8s.io           endpointslices             list watch
"""


def words_of(text):
    return [line.split() for line in text.strip().splitlines()]


def walk(node, path=()):
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from walk(child, (*path, name))
    if isinstance(node.get("items"), dict):
        yield from walk(node["items"], (*path, "[]"))


class Fresh(unittest.TestCase):
    maxDiff = None

    def test_values_are_those_of_the_schema(self):
        self.assertEqual((CHART / "values.yaml").read_text(), chart.values_text(), "run ./dev chart")

    def test_readme_is_that_of_the_schema(self):
        self.assertEqual((CHART / "README.md").read_text(), chart.readme_text(), "run ./dev chart")

    def test_install_yaml_is_of_this_chart(self):
        text = (ROOT / "deploy/install.yaml").read_text()
        self.assertIn(f"# chart: sha256:{chart.digest()}\n", text, "run ./dev chart with helm at hand")

    def test_install_yaml_brings_no_crd_and_names_no_helm(self):
        text = (ROOT / "deploy/install.yaml").read_text()
        objects = list(yaml.load_all(text, Loader=UniqueKeys))
        self.assertEqual({o["kind"] for o in objects} & {"CustomResourceDefinition", "Gateway", "Pod"}, set())
        self.assertNotIn("helm.sh/", text)

    def test_one_version(self):
        version = re.search(r"project\(pintle VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        file = yaml.safe_load((CHART / "Chart.yaml").read_text())
        self.assertEqual((file["version"], file["appVersion"]), (version, version))


class Schema(unittest.TestCase):
    def test_no_object_takes_unknown_names(self):
        for path, node in walk(chart.schema()):
            if node.get("type") != "object":
                continue
            with self.subTest(".".join(path)):
                extra = node.get("additionalProperties")
                if extra is True:
                    self.assertTrue(node.get("x-kubernetes"), "only what Kubernetes itself defines may be open")
                else:
                    self.assertIn(extra, (False, {"type": "string"}))

    def test_every_value_is_described_and_fits_its_own_rules(self):
        types = {"string": str, "boolean": bool, "integer": int, "object": dict, "array": list}
        for path, leaf in chart.leaves(chart.schema()):
            with self.subTest(".".join(path)):
                self.assertTrue(leaf["description"].endswith("."), "a sentence")
                default = leaf["default"]
                if "enum" in leaf:
                    self.assertIn(default, leaf["enum"])
                elif "type" in leaf:
                    self.assertIs(type(default), types[leaf["type"]])
                if "pattern" in leaf:
                    self.assertRegex(default, leaf["pattern"])
                if "minimum" in leaf:
                    self.assertGreaterEqual(default, leaf["minimum"])

    def test_every_value_is_used_and_every_use_is_a_value(self):
        """A value that no template reads would promise something; a name that is no value would render as nothing."""
        text = "\n".join(p.read_text() for p in (CHART / "templates").rglob("*") if p.is_file())
        aliases = dict(re.findall(r"\$(\w+) := \.Values((?:\.\w+)*)\s", text))
        uses = set(re.findall(r"(?<!:= )\.Values((?:\.\w+)+)", text))
        for name, prefix in aliases.items():
            uses |= {prefix + rest for rest in re.findall(rf"\${name}((?:\.\w+)+)", text)}
        uses = {use.lstrip(".") for use in uses}
        known = {".".join(path) for path, _ in walk(chart.schema()) if path}
        open_ones = {".".join(path) for path, node in walk(chart.schema()) if node.get("x-kubernetes")}
        for use in uses:
            with self.subTest(use):
                self.assertTrue(use in known or any(use.startswith(o + ".") for o in open_ones), "no such value")
        for path, _ in chart.leaves(chart.schema()):
            prefixes = {".".join(path[:n]) for n in range(1, len(path) + 1)}
            with self.subTest(".".join(path)):
                self.assertTrue(uses & prefixes or path == ("global",), "no template reads it")


class Rights(unittest.TestCase):
    def test_are_the_allowed_ones_verb_by_verb(self):
        allowed = {(place, group.strip("-"), resource): set(verbs) for place, group, resource, *verbs in words_of(ALLOWED)}
        self.assertEqual(granted(), allowed)

    def test_nothing_is_granted_by_a_star_and_all_say_why(self):
        for row in itertools.chain(*rights().values()):
            self.assertNotIn("*", [row["group"], *row["resources"], *row["verbs"]])
            self.assertTrue(row["why"])

    def test_of_leases_the_leaders_alone_is_read_and_updated(self):
        """Who may update it leads; the Leases by which replicas tell what they serve have names of their own."""
        rows = [r for r in rights()["release"] if "leases" in r["resources"]]
        self.assertEqual([(r.get("names"), sorted(r["verbs"])) for r in rows],
                         [(["LEASE"], ["get", "update"]), (None, ["create", "list", "patch", "watch"])])

    def test_of_secrets_the_one_with_the_key_of_sessions_alone_is_read_by_name_and_written(self):
        rows = [(r.get("names"), sorted(r["verbs"])) for r in itertools.chain(*rights().values()) if "secrets" in r["resources"]]
        self.assertEqual(rows, [(None, ["list", "watch"]), (["SESSION_KEY"], ["get", "patch"])])

    def test_are_compared_with_an_audit_log(self):
        def line(verb, stage="ResponseComplete", user=USER, **reference):
            return json.dumps({"stage": stage, "verb": verb, "user": {"username": user}, "objectRef": reference})

        log = [line("list", resource="secrets", apiVersion="v1"), line("delete", resource="secrets", user="kubelet"),
               line("patch", resource="gateways", subresource="status", apiGroup="gateway.networking.k8s.io"),
               line("get", resource="pods"), line("delete", resource="pods", stage="RequestReceived"),
               json.dumps({"stage": "ResponseComplete", "verb": "get", "user": {"username": USER}, "requestURI": "/apis"})]
        missing, unused = compare(log)
        self.assertEqual(missing, [("", "pods", "get")])
        self.assertNotIn(("", "secrets", "list"), unused)
        self.assertIn(("", "secrets", "watch"), unused)

    def test_follow_the_kinds_of_the_code(self):
        """A kind enters the watch by a row in resource.cpp: it needs list and watch, and no other kind has them."""
        table = ROOT / "controller/kube/resource.cpp"
        if not table.exists():
            self.skipTest("this checkout has no controller/kube/resource.cpp yet")
        rows = re.findall(r'Resource\{Kind::\w+, (\S+), "[\w.]+", "(\w+)"(, Scope::Cluster)?(?:,\s*Detail::\w+)?\}', table.read_text())
        self.assertGreater(len(rows), 8, "the table is not read")
        in_code = {("cluster" if scope else "namespaced", plural) for _, plural, scope in rows}
        in_list = {("cluster" if place == "cluster" else "namespaced", resource) for (place, _, resource), verbs in granted().items()
                   if "watch" in verbs and place in ("cluster", "namespaced", "secrets")}
        self.assertEqual(in_list, in_code)


class Names(unittest.TestCase):
    """The chart names flags, metrics and reasons that are defined elsewhere."""

    def test_flags_exist(self):
        text = (ROOT / "docs/cli.md").read_text()
        flags = set(re.findall(r"- (?:\"|\{\{ printf \")?(--[a-z-]+)=", (CHART / "templates/_pod.tpl").read_text()))
        self.assertGreater(len(flags), 20, "the template is not read")
        if "### controller\n" not in text:
            self.skipTest("docs/cli.md has no `pintle controller` yet")
        section = text.split("### controller\n")[1].split("\n### ")[0]
        self.assertEqual(flags - set(re.findall(r"--[a-z-]+", section)), set())

    def test_values_that_documents_name_exist(self):
        known = {".".join(path) for path, _ in walk(chart.schema()) if path}
        maps = tuple(".".join(path) + "." for path, leaf in chart.leaves(chart.schema()) if leaf.get("type") == "object")
        for name in ("docs/install.md", "deploy/helm/pintle/README.in.md"):
            text = (ROOT / name).read_text()
            quoted = re.findall(r"`([a-z]\w*(?:\.\w+)+)(?:=[^`]*)?`", text)
            named = {*re.findall(r"--set(?:-string)? '?([\w.]+)=", text), *(q for q in quoted if q.split(".")[0] in known)}
            for value in named:
                with self.subTest(f"{name}: {value}"):
                    self.assertTrue(value in known or value.startswith(maps))

    def test_metrics_of_the_alerts_exist(self):
        alerts = yaml.safe_load((CHART / "files/alerts.yaml").read_text())
        documented = set(re.findall(r"`(\w+)`", (ROOT / "docs/metrics.md").read_text()))
        for rule in alerts["groups"][0]["rules"]:
            with self.subTest(rule["alert"]):
                used = set(re.findall(r"\bpintle_\w+", rule["expr"]))
                self.assertTrue(used)
                self.assertEqual(used - documented, set())

    def test_reason_of_a_backends_own_answer(self):
        self.assertIn('reason!="upstream"', (CHART / "files/alerts.yaml").read_text())
        self.assertIn("## upstream\n", (ROOT / "docs/reasons.md").read_text())


if __name__ == "__main__":
    unittest.main()
