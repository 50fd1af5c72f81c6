"""What the test cluster's scripts decide before anything is started; needs neither root nor a cluster."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "test/cluster"
sys.path.insert(0, str(HERE))
import build  # noqa: E402
import cluster  # noqa: E402
import golang  # noqa: E402
import layout  # noqa: E402
import prove  # noqa: E402


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)


class Go(Scratch):
    def go(self, name, version):
        return script(self.folder / name, f"#!/bin/sh\necho go version go{version} linux/amd64\n")

    def test_the_first_that_is_new_enough(self):
        old, new, newer = self.go("old", "1.19.8"), self.go("new", "1.21.0"), self.go("newer", "1.26.8")
        self.assertEqual(golang.installed([None, str(self.folder / "absent"), old, new, newer]), new)
        self.assertIsNone(golang.installed([old]))

    def test_versions(self):
        for text, version in (("go version go1.26.8 linux/amd64", (1, 26)), ("go version go1.9 linux/arm64", (1, 9)), ("?", (0, 0))):
            self.assertEqual(golang.version_of(text), version)

    def test_an_old_one_fetches_a_new_one(self):
        """The tools of a module are plain files until something makes them programs."""
        fetched = self.folder / "fetched"
        (fetched / "bin").mkdir(parents=True)
        (fetched / "pkg/tool/linux").mkdir(parents=True)
        for tool in ("bin/go", "pkg/tool/linux/compile"):
            (fetched / tool).write_text("")
        asked = []

        def run(command, environment):
            asked.append((command, environment))
            return f'{{"Dir": "{fetched}"}}'

        with mock.patch.object(golang, "DEBIAN", self.go("old", "1.19.8")), mock.patch.dict(os.environ, XDG_CACHE_HOME=str(self.folder)):
            go, environment = golang.fetch(run)
        self.assertEqual(go, str(fetched / "bin/go"))
        self.assertTrue(os.access(fetched / "pkg/tool/linux/compile", os.X_OK) and os.access(go, os.X_OK))
        self.assertIn(f"-go{layout.GO}.linux-", asked[0][0][-1])
        self.assertTrue(environment["GOMODCACHE"].startswith(str(self.folder)))

    def test_nothing_to_fetch_with_is_said(self):
        with mock.patch.object(golang, "DEBIAN", "/nonexistent"), mock.patch.object(golang.shutil, "which", return_value=None):
            with self.assertRaisesRegex(RuntimeError, "Install Go"):
                golang.fetch(None)

    def test_no_network_is_said(self):
        def run(command, environment):
            raise RuntimeError("dial tcp: no such host")

        with mock.patch.object(golang, "DEBIAN", self.go("old", "1.19.8")):
            with self.assertRaisesRegex(RuntimeError, "no such host(.|\n)*GOPROXY"):
                golang.fetch(run)


class Cache(Scratch):
    def test_only_what_is_there_at_this_version_counts(self):
        with mock.patch.dict(os.environ, XDG_CACHE_HOME=str(self.folder)):
            self.assertEqual(layout.missing(), list(layout.COMPONENTS))
            self.assertEqual(build.main(["--complete"]), 1)
            for c in layout.COMPONENTS:
                (layout.cache_folder() / c.folder).mkdir(parents=True)
            self.assertEqual(layout.missing(), [])
            self.assertEqual(build.main(["--complete"]), 0)
            (layout.cache_folder() / "etcd-v3.6.6").rename(layout.cache_folder() / "etcd-v0.0.1")
            self.assertEqual([c.name for c in layout.missing()], ["etcd"])

    def test_staging_modules_become_their_published_twins(self):
        gomod = self.folder / "go.mod"
        gomod.write_text("module k8s.io/kubernetes\n\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n"
                         "\tk8s.io/cri-client => ./staging/src/k8s.io/cri-client\n\tother.example/x => ../x\n)\n")
        go = mock.Mock(program="go")
        go.output_of.return_value = f'{{"GoMod": "{gomod}"}}'
        self.assertEqual(build.staging_replaces(go, "v1.34.4"),
                         ["replace k8s.io/api => k8s.io/api v0.34.4", "replace k8s.io/cri-client => k8s.io/cri-client v0.34.4"])


class Machine(Scratch):
    def test_capabilities(self):
        self.assertEqual(cluster.missing_capabilities("CapEff:\t000001fffeffffff\n"), [])
        self.assertEqual(cluster.missing_capabilities("CapEff:\t00000000a80425fb\n"), ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"])
        self.assertEqual(len(cluster.missing_capabilities("")), len(cluster.CAPABILITIES))

    def test_cgroups(self):
        with self.assertRaisesRegex(cluster.Trouble, "no cgroups"):
            cluster.check_cgroups(self.folder)
        (self.folder / "memory").mkdir()
        cluster.check_cgroups(self.folder)  # version 1
        (self.folder / "cgroup.controllers").write_text("cpu memory")
        (self.folder / "cgroup.subtree_control").mkdir()  # cannot be written: as in a container
        with self.assertRaisesRegex(cluster.Trouble, "move them into a cgroup below"):
            cluster.check_cgroups(self.folder)
        (self.folder / "cgroup.subtree_control").rmdir()
        cluster.check_cgroups(self.folder)
        self.assertIn("+memory", (self.folder / "cgroup.subtree_control").read_text())

    def test_an_id_alone_names_no_cluster(self):
        """The state of a cluster that died names an id that may be somebody else's today."""
        self.assertIsNotNone(cluster.start_time(os.getpid()))
        mine = cluster.Cluster("a")
        mine.state = self.folder / "a.json"
        self.assertIsNone(mine.init())
        mine.state.write_text(f'{{"pid": {os.getpid()}, "start": {cluster.start_time(os.getpid())}}}')
        self.assertEqual(mine.init(), os.getpid())
        mine.state.write_text(f'{{"pid": {os.getpid()}, "start": 1}}')
        self.assertIsNone(mine.init())
        mine.state.write_text("")
        self.assertIsNone(mine.init())

    def test_one_that_died_makes_room_for_the_next(self):
        """Its state is still there when it was killed with its machine; the next one must not be taken for it."""
        mine = cluster.Cluster("a")
        mine.run = self.folder / "a"
        mine.state, mine.log = self.folder / "a.json", self.folder / "a.log"
        mine.state.write_text(f'{{"pid": {os.getpid()}, "start": 1}}')
        program = mock.Mock(pid=os.getpid(), stdout=iter(["network made\n", "ready\n"]))
        with mock.patch.object(cluster, "check_machine"), mock.patch.object(cluster.subprocess, "Popen", return_value=program), \
                mock.patch.object(cluster, "only_child", return_value=os.getpid()):
            mine.up(lambda text: None)
        self.assertEqual(mine.init(), os.getpid())

    def test_names(self):
        for name, good in (("", True), ("two", True), ("a-2", True), ("../x", False), ("A", False), ("x" * 32, False)):
            with mock.patch.dict(os.environ, PINTLE_CLUSTER=name):
                if good:
                    self.assertEqual(layout.cluster_name(), name or "default")
                else:
                    self.assertRaises(ValueError, layout.cluster_name)

    def test_no_proxy_is_inherited(self):
        with mock.patch.dict(os.environ, {"HTTPS_PROXY": "http://p", "no_proxy": "x"}):
            found = cluster.environment(pathlib.Path("/run/x"))
        self.assertFalse({key for key in found if key.lower().endswith("_proxy")})
        self.assertEqual(found["KUBECONFIG"], "/run/x/admin.kubeconfig")

    def test_a_command_that_is_none(self):
        ran = subprocess.run([sys.executable, str(HERE / "cluster.py"), "frob"], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("'frob' is not a command", ran.stderr)

    def test_exec_without_a_cluster(self):
        ran = subprocess.run([sys.executable, str(HERE / "cluster.py"), "exec", "true"], capture_output=True, text=True,
                             env=dict(os.environ, PINTLE_CLUSTER="never-started"))
        self.assertEqual(ran.returncode, 1)
        self.assertIn("./dev cluster up", ran.stderr)


class LoadBalancer(Scratch):
    """Against a kubectl that lists Services once and writes down what it is told."""

    def given(self, *services):
        listing, patched = self.folder / "listing", self.folder / "patched"
        listing.write_text("".join(f"{service}\n" for service in services))
        os.mkfifo(self.folder / "again")
        script(self.folder / "kubectl", f"""#!/bin/bash
case "$1" in
  get) if [ -e {patched}.listed ]; then echo >{self.folder}/again; exec sleep 60; fi; : >{patched}.listed; cat {listing} ;;
  --namespace) echo "$2 $5 ${{@: -1}}" >>{patched} ;;
esac
""")
        child = subprocess.Popen(["bash", str(HERE / "loadbalancer.sh")], start_new_session=True,
                                 env=dict(os.environ, PATH=f"{self.folder}:{os.environ['PATH']}"))
        try:
            with open(self.folder / "again") as fifo:  # the second listing: the first has been dealt with
                fifo.read()
        finally:
            os.killpg(child.pid, 9)
            child.wait()
        text = patched.read_text() if patched.exists() else ""
        return re.findall(r'^(\S+ \S+) .*"ip":"([^"]+)"', text, re.MULTILINE)

    def test_addresses(self):
        self.assertEqual(self.given("ns a LoadBalancer 10.96.3.7 ,", "ns b ClusterIP 10.96.3.8 ,", "ns c LoadBalancer None ,",
                                    "other d LoadBalancer 10.96.0.9 100.64.200.1,", "ns e LoadBalancer 10.96.0.10 198.51.100.1,",
                                    "ns f LoadBalancer 10.96.0.11 ,100.64.0.11", "ns g LoadBalancer 10.96.0.12 100.64.9.9,100.64.0.12",
                                    "ns h LoadBalancer  ,"),
                         [("ns a", "100.64.3.7"), ("other d", "100.64.200.1"), ("ns g", "100.64.9.9")])


class Manifests(unittest.TestCase):
    def test_the_backend_alone_is_taken(self):
        document = "apiVersion: v1\nkind: {}\nmetadata:\n  name: {}\n  namespace: infra\n"
        text = "---".join(f"{'' if i == 0 else chr(10)}{document.format(kind, name)}" for i, (kind, name) in enumerate(
            [("Namespace", "infra-backend-v1"), ("Service", "infra-backend-v1"), ("Service", "infra-backend-v2"),
             ("Deployment", "infra-backend-v1")]))
        taken = prove.backend_manifests(text)
        self.assertEqual(re.findall(r"kind: (\w+)", taken), ["Service", "Deployment"])
        self.assertEqual(set(re.findall(r"namespace: (\S+)", taken)), {prove.NAMESPACE})
