"""Nothing is lost through any change: route edits, endpoint churn, certificate swaps, a broken file coming and going."""
import collections
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from harness import SLOW, Folder, Pintle, certificate, gateway, prefix, route, secret, service, to

LEDGER = [sys.executable, str(pathlib.Path(__file__).with_name("ledger.py"))]
RATE = float(os.environ.get("PINTLE_LEDGER_RATE", "400")) / SLOW
SECONDS = float(os.environ.get("PINTLE_LEDGER_SECONDS", "12"))


def listener_set(name, created):
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "ListenerSet",
            "metadata": {"name": name, "namespace": "default", "creationTimestamp": created},
            "spec": {"parentRef": {"name": "gw"},
                     "listeners": [{"name": "http", "protocol": "HTTP", "port": 80, "hostname": "zero.test"}]}}


class LedgerBackend:
    def __init__(self, name):
        self.name = name
        self.process = subprocess.Popen([*LEDGER, "backend", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def ids(self):
        out, _ = self.process.communicate()
        return json.loads(out)


class ZeroLoss(unittest.TestCase):
    def setUp(self):
        self.backends = {name: LedgerBackend(name) for name in ("a1", "a2", "b1", "b2")}
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        for name, backend in self.backends.items():
            self.folder.write(f"service-{name}", service(name, [backend.port]))

    def tearDown(self):
        for backend in self.backends.values():
            if backend.process.poll() is None:
                backend.process.kill()
                backend.process.wait()

    def write_routes(self, number=0):
        split = number % 101
        filters = [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "X-Edit", "value": str(number)}]}}]
        a = {"matches": [prefix("/a")], "backendRefs": [to("a1", split), to("a2", 100 - split + 1)]}
        b = {"matches": [prefix("/b")], "backendRefs": [to("b1"), to("b2")]}
        if number % 2:
            a["filters"] = filters
            b["backendRefs"] = [to("b2")]
        rules = [a, b] if number % 3 else [b, a]
        self.folder.write("routes", route("r", rules, ["zero.test"]))

    def run_load(self, pintle, change, listener_port=80, tls=()):
        """Load at a fixed rate while `change(number)` runs again and again; returns how often it ran."""
        load = subprocess.Popen([*LEDGER, "client", str(pintle.port(listener_port)), str(RATE), str(SECONDS), "zero.test", "/a,/b", *tls],
                                stdout=subprocess.PIPE, text=True)
        number, deadline = 0, time.monotonic() + SECONDS - 0.5
        pause = max(0.02, (SECONDS - 1) / 120)
        while time.monotonic() < deadline:
            number += 1
            change(number)
            time.sleep(pause)
        out, _ = load.communicate(timeout=90 * SLOW)
        self.join(json.loads(out))
        return number

    def join(self, client):
        results = client["results"]
        self.assertGreaterEqual(len(results), int(RATE * SECONDS))
        failed = [r for r in results if r[1] != 200]
        self.assertEqual(failed, [], f"{len(failed)} of {len(results)} failed")
        self.assertEqual(client["found_closed"], 0, "kept connections that were closed unasked")
        misrouted = [r for r in results if r[0][0] != r[2][0]]
        self.assertEqual(misrouted, [])
        seen = collections.Counter()
        for backend in self.backends.values():
            seen.update(backend.ids())
        sent = {r[0] for r in results}
        self.assertEqual(sent - set(seen), set(), "requests that no backend saw")
        self.assertEqual({i: n for i, n in seen.items() if n != 1}, {}, "requests that arrived more than once")

    def test_route_edits(self):
        self.folder.write("gateway", gateway())
        self.write_routes()
        with Pintle(self.folder) as pintle:
            before = pintle.generation()
            edits = self.run_load(pintle, self.write_routes)
            self.assertGreaterEqual(edits, 100 / SLOW)
            self.assertGreaterEqual(pintle.generation() - before, 0.8 * edits)

    def test_endpoint_churn(self):
        self.folder.write("gateway", gateway())
        self.write_routes()
        with Pintle(self.folder) as pintle:
            # a1 and a2 take turns in one Service: each leaves the slice before it would stop.
            sets = [["a1"], ["a1", "a2"], ["a2"], ["a2", "a1"]]

            def churn(number):
                ports = [self.backends[n].port for n in sets[number % 4]]
                self.folder.write("service-a1", service("a1", ports))

            self.assertGreaterEqual(self.run_load(pintle, churn), 100 / SLOW)

    def test_certificate_swaps(self):
        with tempfile.TemporaryDirectory() as scratch:
            pairs = [certificate(scratch, f"c{i}", ["zero.test"]) for i in range(2)]
            self.folder.write("gateway", gateway(listeners=[{
                "name": "https", "protocol": "HTTPS", "port": 443,
                "tls": {"certificateRefs": [{"name": "cert"}]}}]))
            self.folder.write("secret", secret("cert", *pairs[0]))
            self.write_routes()
            with Pintle(self.folder) as pintle:
                def swap(number):
                    if number % 5 == 0:
                        self.folder.write("secret", secret("cert", *pairs[number // 5 % 2]))

                self.assertGreaterEqual(self.run_load(pintle, swap, 443, ("tls",)) / 5, 20 / SLOW)

    def test_listener_sets_that_take_turns(self):
        """Two sets want one hostname. Whenever the first comes or goes, the other loses it or is served, with the same route."""
        self.folder.write("gateway", gateway(listeners=[{"name": "own", "protocol": "HTTP", "port": 80, "hostname": "own.test"}],
                                             allowedListeners={"namespaces": {"from": "Same"}}))
        for number, name in enumerate(("first", "second")):
            self.folder.write(name, listener_set(name, f"2026-01-0{number + 1}T00:00:00Z"))
        self.write_routes()
        told = json.loads((self.folder.path / "routes.yaml").read_text())
        told["spec"]["parentRefs"] = [{"kind": "ListenerSet", "name": name} for name in ("first", "second")]
        self.folder.write("routes", told)
        with Pintle(self.folder) as pintle:
            before = pintle.generation()

            def turn(number):
                if number % 6 == 0:
                    self.folder.write("first", listener_set("first", "2026-01-01T00:00:00Z"))
                elif number % 6 == 3:
                    self.folder.remove("first")

            edits = self.run_load(pintle, turn)
            self.assertGreaterEqual(pintle.generation() - before, 0.8 * (edits // 3))

    def test_listener_edits(self):
        """Beside the one under load listeners come and go: another host of its port, HTTPS on a port of its own, HTTP on one of two;
        each serves when it is there."""
        with tempfile.TemporaryDirectory() as scratch:
            self.folder.write("secret", secret("cert", *certificate(scratch, "c", ["zero.test"])))
            own = {"name": "own", "protocol": "HTTP", "port": 80}
            others = [{"name": "other", "protocol": "HTTP", "port": 80, "hostname": "other.test"},
                      {"name": "tls", "protocol": "HTTPS", "port": 443, "tls": {"certificateRefs": [{"name": "cert"}]}},
                      {"name": "more", "protocol": "HTTP", "port": 8080}]
            self.folder.write("gateway", gateway(listeners=[own]))
            self.write_routes()
            with Pintle(self.folder) as pintle:
                before = pintle.generation()
                opened = collections.Counter()

                def edit(number):
                    here = [other for at, other in enumerate(others) if number >> at & 1]
                    self.folder.write("gateway", gateway(listeners=[*here, own] if number % 5 else [own, *here]))
                    for other in here[1:]:
                        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", pintle.port(other["port"])), timeout=1):
                            opened[other["name"]] += 1

                edits = self.run_load(pintle, edit)
                self.assertGreaterEqual(edits, 100 / SLOW)
                self.assertGreaterEqual(pintle.generation() - before, 0.8 * edits)
                self.assertGreater(opened["tls"], 10 / SLOW)
                self.assertGreater(opened["more"], 10 / SLOW)

    def test_broken_file_coming_and_going(self):
        self.folder.write("gateway", gateway())
        self.write_routes()
        with Pintle(self.folder) as pintle:
            def change(number):
                if number % 2:
                    self.folder.write_text("routes.yaml", "kind: HTTPRoute\nspec:\n  rules: [broken\n")
                else:
                    self.write_routes(number)

            self.run_load(pintle, change)


if __name__ == "__main__":
    unittest.main()
