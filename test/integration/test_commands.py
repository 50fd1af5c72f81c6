"""The commands around `serve`: demo, validate, and what signals and the own CA do to a running program."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from harness import PINTLE, SLOW, Backend, Client, Folder, Pintle, answer, free_offset, free_port, gateway, route, service, to, wait_until

QUICKSTART = pathlib.Path(__file__).resolve().parents[2] / "examples" / "quickstart"


def run(*arguments, **more):
    return subprocess.run([PINTLE, *arguments], capture_output=True, text=True, timeout=60 * SLOW, **more)


class Demo(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.env = dict(os.environ, XDG_STATE_HOME=str(self.folder / "state"))

    def demo(self, *arguments):
        return run("demo", "--once", "--folder", str(self.folder / "quickstart"), "--admin", f"127.0.0.1:{free_port()}",
                   *arguments, env=self.env)

    def test_once(self):
        offset = free_offset([80, 443])
        result = self.demo("--port-offset", str(offset))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        for words in ("Programmed", f"GET shop.localhost:{80 + offset}/ (x-canary: yes)", "shop-v2", f"GET https://shop.localhost:{443 + offset}/",
                      "301", "none: no route has this host", "404 no_host", "--tls internal", str(self.folder / "state" / "pintle" / "ca.crt")):
            self.assertIn(words, result.stdout)
        for example in QUICKSTART.iterdir():
            self.assertEqual((self.folder / "quickstart" / example.name).read_text(), example.read_text())

    def test_what_was_edited_stays_and_shows(self):
        (self.folder / "quickstart").mkdir()
        (self.folder / "quickstart" / "40-old.yaml").write_text("# no route any more\n")
        result = self.demo("--port-offset", str(free_offset([80, 443])))
        self.assertEqual(result.returncode, 1)
        self.assertIn("not as expected: GET old.localhost", result.stdout)

    def test_a_busy_port_names_the_flag(self):
        with socket.socket() as squatter:
            offset = free_offset([80, 443])
            squatter.bind(("127.0.0.1", 443 + offset))
            squatter.listen()
            result = self.demo("--port-offset", str(offset))
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"port {443 + offset} is in use", result.stderr)
        self.assertIn("--port-offset", result.stderr)


class OtherKinds(unittest.TestCase):
    """What the commands say, offline, of routes that are not HTTPRoutes: those of the examples."""

    def told(self, command, name, code, *more):
        example = str(QUICKSTART.parent / name)
        result = run(command, example) if command == "validate" else run(command, *more, "--config", example)
        self.assertEqual((result.returncode, result.stderr), (code, ""), result.stdout)
        return result.stdout

    def lines(self, text):
        return [" ".join(line.split()) for line in text.splitlines()]

    def test_routes(self):
        for name, line in (("grpc", "default/web http 80 shop.localhost prefix /shop.Orders, gRPC, method POST default/orders #1 default/orders:80"),
                           ("tcp-udp", "default/edge tcp 80 * everything default/colours #0 default/blue:80 (45 %), default/green:80 (45 %), "
                                       "default/red:80 (10 %) closed ref_invalid"),
                           ("tcp-udp", "default/edge udp 80 * everything default/clock #0 default/clock:123"),
                           ("tls-passthrough", "default/edge passes 443 one.vault.localhost everything default/vault #0 default/vault:8443")):
            self.assertIn(line, self.lines(self.told("routes", name, 0)))

    def test_status(self):
        for name, line in (("grpc", "GRPCRoute default/orders web Accepted"),
                           ("tcp-udp", "TCPRoute default/colours edge/tcp ResolvedRefs=False (BackendNotFound)"),
                           ("tcp-udp", "UDPRoute default/clock edge/udp Accepted"), ("tls-passthrough", "TLSRoute default/mail edge/ends Accepted"),
                           ("tls-passthrough", "ends 1 Programmed=False (Invalid), ResolvedRefs=False (InvalidCertificateRef)")):
            self.assertIn(line, self.lines(self.told("status", name, 0)))

    def test_status_of_policies_and_classes(self):
        with tempfile.TemporaryDirectory() as folder:
            policy = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "BackendTLSPolicy",
                      "metadata": {"name": "p", "namespace": "default"},
                      "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": name} for name in ("b", "gone")],
                               "validation": {"hostname": "b.test", "wellKnownCACertificates": "System"}}}
            unused = {**policy, "metadata": {"name": "unused", "namespace": "default"},
                      "spec": {**policy["spec"], "targetRefs": [{"group": "", "kind": "Service", "name": "nobody"}]}}
            other = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "other"},
                     "spec": {"controllerName": "pintle.dev/gateway-controller",
                              "parametersRef": {"group": "x.test", "kind": "X", "name": "x"}}}
            documents = [gateway(), *service("b", [80]), route("r", [{"backendRefs": [to("b")]}]), policy, unused, other]
            for at, one in enumerate(documents):
                pathlib.Path(folder, f"{at}.json").write_text(json.dumps(one))
            result = run("status", "--config", folder)
            told = self.lines(result.stdout)
            for line in ("BackendTLSPolicy default/p default/gw Accepted=False (TargetNotFound)",
                         "! BackendTLSPolicy default/p at default/gw Accepted=False TargetNotFound: spec.targetRefs[1]: Service gone does not exist",
                         "BackendTLSPolicy default/unused - of nothing that a Gateway served here uses"):
                self.assertIn(line, told)
            self.assertTrue(any(line.startswith("! GatewayClass other Accepted=False InvalidParameters") for line in told), told)

    def test_validate(self):
        self.assertIn("no findings", self.told("validate", "grpc", 0))
        self.assertRegex(self.told("validate", "tcp-udp", 3), r"routes.yaml:\d+:\d+: error GW0624: TCPRoute default/colours: .*default/red does not exist")
        self.assertRegex(self.told("validate", "tls-passthrough", 3), r"gateway.yaml:\d+:\d+: error GW0613: .*default/edge-tls does not exist")

    def test_explain(self):
        call = ("-X", "POST", "-H", "content-type: application/grpc")
        for name, words, lines in (
                ("grpc", (*call, "http://shop.localhost/shop.Orders/List"),
                 ["answer 200 with grpc-status 14, no_endpoints: default/orders:80 has no ready endpoint"]),
                ("grpc", (*call, "http://shop.localhost/shop.Other/List"),
                 ["answer 200 with grpc-status 12, no_route: routes have this host, but no rule of theirs matched"]),
                ("tcp-udp", ("udp://127.0.0.1:80",), ["> default/clock rule 0 every datagram takes it",
                                                       "answer no answer, no_endpoints: default/clock:123 has no ready endpoint"]),
                ("tls-passthrough", ("tls://one.vault.localhost",), ["tls sni one.vault.localhost; mode Passthrough",
                                                                       "> default/vault rule 0 every connection takes it"])):
            told = self.lines(self.told("explain", name, 4, *words))
            for line in lines:
                self.assertIn(line, told)


class StatusAgrees(unittest.TestCase):
    """What `status` and `/findings` say of a running instance is what a look at its folder says."""

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        rules = [{"matches": [{"path": {"value": "/"}}], "backendRefs": [to("absent")]}]
        self.folder.write("all", gateway(), gateway("broken", [{"name": "odd", "protocol": "ODD", "port": 8080}]),
                          service("b", [1]), route("first", [{"backendRefs": [to("b")]}], ["x.test"]),
                          route("second", rules, ["x.test"]), route("lost", rules, ["y.test"], "broken"))
        self.folder.write_text("zz.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: Bad_Name}\nspec: {ports: [{port: x}]}\n")

    def test_offline_and_live(self):
        with Pintle(self.folder) as pintle:
            live = run("status", "--admin", f"127.0.0.1:{pintle.admin_port}")
            offline = run("status", "--config", str(self.folder.path), "--port-offset", str(pintle.offset))
            self.assertEqual(live.returncode, 0, live.stderr)
            self.assertEqual(live.stdout, offline.stdout)
            self.assertEqual(live.stderr, offline.stderr)
            self.assertIn("zz.yaml:3:18: error GW0301", live.stderr)
            self.assertRegex(live.stdout, r"manifests: \d errors, 0 warnings")
            self.assertIn("default/first rule 0 has the same match", live.stdout)
            listed = json.loads(pintle.admin("/findings")[1])
            self.assertTrue(all(one["line"] > 0 and one["column"] > 0 and one["fix"] for one in listed["findings"]), listed)
            before = pintle.generation()
            with socket.socket() as squatter:  # a port that stays busy is tried again and again, and is no new configuration
                squatter.bind(("127.0.0.1", pintle.port(8080)))
                squatter.listen()
                pintle.edit(lambda: self.folder.write("more", gateway("busy", [{"name": "http", "protocol": "HTTP", "port": 8080}])))
                wait_until(lambda: "is in use" in pintle.log_text(), 5, "the busy port to be told")
                served = pintle.generation()
                self.assertEqual(served, before + 1)
            wait_until(lambda: f"listens on 127.0.0.1:{pintle.port(8080)} now" in pintle.log_text(), 10, "the port to be bound")
            self.assertEqual(pintle.generation(), served)


class Validate(unittest.TestCase):
    def test_the_example_is_sound(self):
        result = run("validate", "--tls", "internal", str(QUICKSTART))
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("0 errors, 0 warnings", result.stdout)

    def test_findings_of_all_kinds_and_formats(self):
        folder = Folder()
        self.addCleanup(folder.close)
        folder.write_text("broken.yaml", "kind: HTTPRoute\nspec: [broken")
        folder.write("all", gateway(), service("b", [9]),
                     route("r", [{"backendRefs": [to("missing")]}, {"backendRefs": [to("b")]}]))
        path = str(folder.path)
        text = run("validate", path)
        self.assertEqual(text.returncode, 3)
        for words in ("broken.yaml:2:", "GW0101", "all.yaml:", "GW0624", "GW0701"):
            self.assertIn(words, text.stdout)
        found = {f["id"] for f in json.loads(run("validate", path, "-o", "json").stdout)["findings"]}
        self.assertEqual(found, {"GW0101", "GW0624", "GW0701"})
        sarif = json.loads(run("validate", path, "-o", "sarif").stdout)
        self.assertEqual({r["ruleId"] for r in sarif["runs"][0]["results"]}, found)
        self.assertIn("::error file=", run("validate", path, "-o", "github").stdout)
        folder.write("all", gateway())
        (folder.path / "broken.yaml").unlink()
        self.assertEqual(run("validate", path).returncode, 0)


class Running(unittest.TestCase):
    def folder(self, *documents):
        folder = Folder()
        self.addCleanup(folder.close)
        folder.write("all", *documents)
        return folder

    def test_a_second_interrupt_ends_at_once(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def respond(request):
            release.wait(30)
            return answer("late")

        with Backend("b", respond=respond) as backend:
            folder = self.folder(gateway(), service("b", [backend.port]), route("r", [{"backendRefs": [to("b")]}]))
            pintle = Pintle(folder)
            self.addCleanup(pintle.log.close)
            self.addCleanup(pintle.stop, signal.SIGKILL)
            pintle.__enter__()
            with Client(pintle.port(), seconds=20) as client:
                client.send("GET / HTTP/1.1\r\nHost: x.test\r\n\r\n")
                wait_until(lambda: backend.requests, what="the request upstream")
                pintle.process.send_signal(signal.SIGINT)
                wait_until(lambda: pintle.admin("/readyz")[0] == 503, 5, "the drain")
                self.assertIsNone(pintle.process.poll(), "it waits for the request")
                pintle.process.send_signal(signal.SIGINT)
                self.assertEqual(pintle.process.wait(5 * SLOW), 1)

    def test_a_listener_recovers_when_its_port_is_free(self):
        with Backend("b") as backend:
            folder = self.folder(gateway(), service("b", [backend.port]), route("r", [{"backendRefs": [to("b")]}]))
            with Pintle(folder) as pintle:
                port = pintle.port(8080)
                with socket.socket() as squatter:
                    squatter.bind(("127.0.0.1", port))
                    squatter.listen()
                    listeners = [{"name": "one", "protocol": "HTTP", "port": 80}, {"name": "two", "protocol": "HTTP", "port": 8080}]
                    folder.write("gateway", gateway(name="second", listeners=listeners[1:]))
                    wait_until(lambda: f"cannot listen on 127.0.0.1:{port}" in pintle.log_text(), 5, "the line")
                wait_until(lambda: f"listens on 127.0.0.1:{port} now" in pintle.log_text(), 10, "the recovery")
                self.assertEqual(pintle.log_text().count(f"cannot listen on 127.0.0.1:{port}"), 1, "said once")

    def test_a_ca_that_cannot_be_used_ends_the_start(self):
        with tempfile.TemporaryDirectory() as state:
            (pathlib.Path(state) / "ca.crt").write_text("mine")
            folder = self.folder(gateway())
            result = run("serve", "--config", str(folder.path), "--tls", "internal", "--state-dir", state, "--admin", "off",
                         "--port-offset", str(free_offset([80])))
            self.assertEqual(result.returncode, 78)
            self.assertIn("has ca.crt without ca.key", result.stderr)
            self.assertEqual((pathlib.Path(state) / "ca.crt").read_text(), "mine")

    def test_once_ready_fails_where_a_port_is_busy(self):
        offset = free_offset([80])
        with socket.socket() as squatter:
            squatter.bind(("127.0.0.1", 80 + offset))
            squatter.listen()
            result = run("serve", "--config", str(self.folder(gateway()).path), "--once-ready", "--admin", "off",
                         "--port-offset", str(offset))
        self.assertEqual(result.returncode, 1)
        self.assertIn(str(80 + offset), result.stderr)


if __name__ == "__main__":
    unittest.main()
