"""Start, ports, drain, admin, floods of connections, bad flags."""
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
import unittest

from harness import (PINTLE, SLOW, Backend, Client, Folder, Pintle, answer, fetch, free_offset, free_port, gateway, prefix, route,
                     service, to, wait_until)


class Lifecycle(unittest.TestCase):
    def folder(self, *documents):
        folder = Folder()
        self.addCleanup(folder.close)
        folder.write("all", *documents)
        return folder

    def simple(self, backend):
        return self.folder(gateway(), service("b", [backend.port]), route("r", [{"backendRefs": [to("b")]}]))

    def test_drain_finishes_what_is_in_flight_and_exits_0(self):
        release = threading.Event()

        def respond(request):
            if request.target == "/slow":
                release.wait(10)
            return answer("done")

        with Backend("b", respond=respond) as backend:
            pintle = Pintle(self.simple(backend), "--drain-delay", "1s")
            pintle.__enter__()
            slow = Client(pintle.port(), seconds=20)
            slow.send("GET /slow HTTP/1.1\r\nHost: x.test\r\n\r\n")
            wait_until(lambda: backend.requests, what="the slow request upstream")
            pintle.process.send_signal(signal.SIGTERM)
            wait_until(lambda: pintle.admin("/readyz")[0] == 503, 2, "readiness to fail")
            response = fetch(pintle.port(), "x.test")  # still accepting during the delay
            self.assertEqual((response.status, (response.get("connection") or "").lower()), (200, "close"))
            release.set()
            self.assertEqual(slow.response().body, b"done")
            self.assertEqual(pintle.process.wait(10 * SLOW), 0)
            slow.close()
            pintle.log.close()

    def test_busy_port_is_a_condition_and_the_others_serve(self):
        with Backend("b") as backend:
            listeners = [{"name": "one", "protocol": "HTTP", "port": 80}, {"name": "two", "protocol": "HTTP", "port": 8080}]
            folder = self.folder(gateway(listeners=listeners), service("b", [backend.port]), route("r", [{"backendRefs": [to("b")]}]))
            pintle = Pintle(folder)
            # Take the port before the process can: it has not been scheduled for long enough to bind in most runs,
            # so stop it first and start again with the same offset.
            pintle.stop(signal.SIGKILL)
            with socket.socket() as squatter:
                squatter.bind(("127.0.0.1", 8080 + pintle.offset))
                squatter.listen()
                pintle.process = subprocess.Popen(pintle.command, stdout=pintle.log, stderr=pintle.log)
                with pintle:
                    self.assertEqual(fetch(pintle.port(80), "x.test").status, 200)
                    status = pintle.admin("/status")[1]
                    self.assertIn("PortUnavailable", status)
                    self.assertIn(str(8080 + pintle.offset), pintle.log_text())

    def test_admin_endpoints(self):
        with Backend("b") as backend, Pintle(self.simple(backend)) as pintle:
            fetch(pintle.port(), "x.test")
            for path in ("/livez", "/readyz", "/healthz", "/readyz?verbose", "/metrics", "/config", "/status"):
                self.assertEqual(pintle.admin(path)[0], 200, path)
            json.loads(pintle.admin("/status")[1])
            self.assertEqual(pintle.admin("/nothing")[0], 404)
            self.assertGreaterEqual(pintle.metric("pintle_route_requests_total", route="default/r"), 1)
            line = wait_until(pintle.access_log, 5, "an access log line")[-1]
            for field in ("timestamp", "http.request.method", "url.path", "http.response.status_code", "client.address", "gateway",
                          "listener", "route", "backend", "upstream.address", "duration_ms", "reason", "config_generation"):
                self.assertIn(field, line)

    def test_edits_are_served_without_closing_connections(self):
        with Backend("one") as one, Backend("two") as two:
            folder = self.folder(gateway(), service("one", [one.port]), service("two", [two.port]))
            folder.write("route", route("r", [{"backendRefs": [to("one")]}]))
            with Pintle(folder) as pintle, Client(pintle.port()) as client:
                self.assertEqual(client.get("x.test").body, b"one")
                pintle.edit(lambda: folder.write("route", route("r", [{"backendRefs": [to("two")]}])))
                self.assertEqual(client.get("x.test").body, b"two")
                folder.write_text("route.yaml", "kind: HTTPRoute\nspec: [broken")
                wait_until(lambda: "route.yaml:2" in pintle.log_text(), 5, "the finding with its position")
                self.assertEqual(client.get("x.test").body, b"two")
                pintle.edit(lambda: folder.remove("route"))
                self.assertEqual(client.get("x.test").status, 404)

    def test_a_grant_that_is_revoked_closes_at_once(self):
        """On the connection that was open before, too, and without an edit of the route."""
        with Backend("b") as backend:
            far = [dict(one, metadata=dict(one["metadata"], namespace="far")) for one in service("b", [backend.port])]
            grant = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "ReferenceGrant", "metadata": {"name": "g", "namespace": "far"},
                     "spec": {"from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "default"}],
                              "to": [{"group": "", "kind": "Service"}]}}
            folder = self.folder(gateway(), far, route("r", [{"backendRefs": [{**to("b"), "namespace": "far"}]}]))
            with Pintle(folder) as pintle, Client(pintle.port()) as client:
                self.assertEqual(client.get("x.test").status, 500)
                pintle.edit(lambda: folder.write("grant", grant))
                self.assertEqual(client.get("x.test").status, 200)
                pintle.edit(lambda: folder.remove("grant"))
                self.assertEqual(client.get("x.test").status, 500)
                self.assertIn("RefNotPermitted", pintle.admin("/status")[1])

    def test_removed_listener_closes_its_connections_only(self):
        with Backend("b") as backend:
            both = [{"name": "one", "protocol": "HTTP", "port": 80}, {"name": "two", "protocol": "HTTP", "port": 8080}]
            folder = self.folder(service("b", [backend.port]), route("r", [{"backendRefs": [to("b")]}]))
            folder.write("gateway", gateway(listeners=both))
            with Pintle(folder) as pintle, Client(pintle.port(80)) as kept, Client(pintle.port(8080)) as gone:
                self.assertEqual((kept.get("x.test").status, gone.get("x.test").status), (200, 200))
                pintle.edit(lambda: folder.write("gateway", gateway(listeners=both[:1])))
                self.assertTrue(gone.closed())
                self.assertEqual(kept.get("x.test").status, 200)
                with self.assertRaises(ConnectionRefusedError):
                    Client(pintle.port(8080))

    def test_descriptor_exhaustion_recovers_without_spinning(self):
        with Backend("b") as backend:
            folder = self.simple(backend)
            pintle = Pintle(folder, "--threads", "1")
            with pintle:
                # A sanitizer that meets a type for the first time opens a pipe to look at it: once before that fails.
                self.assertEqual(fetch(pintle.port(), "x.test").status, 200)
                resource.prlimit(pintle.process.pid, resource.RLIMIT_NOFILE, (96, 96))
                crowd = []
                for _ in range(150):
                    s = socket.socket()
                    s.setblocking(False)
                    s.connect_ex(("127.0.0.1", pintle.port()))
                    crowd.append(s)
                before = self.cpu(pintle.process.pid)
                time.sleep(1.0)
                self.assertLess(self.cpu(pintle.process.pid) - before, 0.2 * SLOW, "it must not spin")
                for s in crowd:
                    s.close()
                wait_until(lambda: self.works(pintle), 5, "recovery")

    @staticmethod
    def works(pintle):
        try:
            return fetch(pintle.port(), "x.test").status == 200
        except OSError:
            return False

    @staticmethod
    def cpu(pid):
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def run_command(self, *arguments):
        return subprocess.run([PINTLE, *arguments], capture_output=True, text=True, timeout=30 * SLOW)

    def test_bad_flags_and_folders(self):
        for arguments, code, words in (
                (("serve",), 2, ("--config",)),
                (("serve", "--config", "/nonexistent-folder"), 78, ("/nonexistent-folder",)),
                (("serve", "--confg", "x"), 2, ("--confg",)),
                (("serv",), 2, ("serve",)),
                (("serve", "--config", "/tmp", "--admin", "nowhere"), 2, ("--admin",))):
            result = self.run_command(*arguments)
            self.assertEqual(result.returncode, code, (arguments, result.stderr))
            for word in words:
                self.assertIn(word, result.stderr + result.stdout)

    def test_once_ready(self):
        with Backend("b") as backend:
            folder = self.simple(backend)
            offset = free_offset([80])
            result = self.run_command("serve", "--config", str(folder.path), "--port-offset", str(offset),
                                      "--admin", f"127.0.0.1:{free_port()}", "--once-ready")
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_busy_admin_port_is_a_clear_error(self):
        with Backend("b") as backend, socket.socket() as squatter:
            squatter.bind(("127.0.0.1", 0))
            squatter.listen()
            port = squatter.getsockname()[1]
            result = self.run_command("serve", "--config", str(self.simple(backend).path), "--admin", f"127.0.0.1:{port}",
                                      "--port-offset", str(free_offset([80])))
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(str(port), result.stderr)


if __name__ == "__main__":
    unittest.main()
