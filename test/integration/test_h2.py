"""HTTP/2 with clients and backends that use another library; and curl."""
import json
import socket
import struct
import subprocess
import tempfile
import time
import unittest

import h2.exceptions
import h2.settings

from h2_frames import CALM, DATA, GET, HEADERS, PING, PREFACE, PRIORITY, RST, SETTINGS, WINDOW_UPDATE, frame, literal
from h2_peers import H2Backend, H2Client
from harness import (SLOW, Backend, Client, Folder, Pintle, answer, certificate, fetch, gateway, prefix, route, secret,
                     service, to, wait_until)
from peers import Control, CountingBackend
from test_tls import client_context, https


class H2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.one, cls.h2c = Backend("one"), H2Backend("h2c")
        cls.folder = Folder()
        cls.folder.write("all", gateway(), service("one", [cls.one.port]),
                         service("h2c", [cls.h2c.port], app_protocol="kubernetes.io/h2c"),
                         route("r", [{"matches": [prefix("/h2c")], "backendRefs": [to("h2c")]},
                                     {"backendRefs": [to("one")]}]))
        cls.pintle = Pintle(cls.folder).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.pintle.__exit__(None, None, None)
        cls.one.close()
        cls.h2c.close()
        cls.folder.close()

    def test_prior_knowledge_to_each_kind_of_backend(self):
        with H2Client(self.pintle.port()) as client:
            self.assertEqual(client.get("a.test").body, b"one")
            got = client.get("a.test", "/h2c")
            self.assertEqual((got.status, got.headers["x-protocol"], got.trailers.get("x-sum")), (200, "HTTP/2", None))
        self.assertEqual(fetch(self.pintle.port(), "a.test", "/h2c").get("x-protocol"), "HTTP/2")
        self.assertEqual(self.h2c.requests[-1][":authority"], "a.test")

    def test_curl_with_prior_knowledge(self):
        out = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
                              f"http://127.0.0.1:{self.pintle.port()}/h2c"], capture_output=True, text=True, check=True)
        self.assertEqual(out.stdout, "2 200")

    def test_many_streams_share_one_connection_to_the_backend(self):
        with H2Client(self.pintle.port()) as client:
            client.get("a.test", "/h2c")
            before = self.h2c.connections
            streams = [client.request("a.test", f"/h2c/{number}") for number in range(60)]
            self.assertEqual({client.until(stream).status for stream in streams}, {200})
            self.assertLessEqual(self.h2c.connections, before + 1)

    def test_grpc_streams_in_both_directions(self):
        """Each message comes back before the next is sent; trailers end it; a cancel is passed on."""
        grpc = [("content-type", "application/grpc"), ("te", "trailers")]
        with H2Client(self.pintle.port()) as client:
            stream = client.request("a.test", "/h2c/echo", method="POST", headers=grpc, end=False)
            for number in range(20):
                message = struct.pack(">BI", 0, 4) + struct.pack(">I", number)
                client.send(stream, message)
                client.until(stream, lambda got, end=(number + 1) * 9: len(got.body) == end)
            client.send(stream, b"", end=True)
            got = client.until(stream)
            self.assertEqual((got.trailers["grpc-status"], got.headers["content-type"]), ("0", "application/grpc"))
            stream = client.request("a.test", "/h2c/echo", method="POST", headers=grpc, end=False)
            client.send(stream, b"x")
            client.until(stream, lambda got: got.body)
            before = len(self.h2c.resets)
            client.h2.reset_stream(stream, 8)
            client.flush()
            wait_until(lambda: len(self.h2c.resets) > before, 5, "the cancel to reach the backend")
            self.assertEqual(self.h2c.resets[-1], 8)
            self.assertEqual(client.get("a.test").status, 200)

    def test_large_bodies_both_ways(self):
        body = bytes(range(256)) * 12_000
        for path in ("/h2c/echo",):
            with H2Client(self.pintle.port()) as client:
                stream = client.request("a.test", path, method="POST", end=False)
                client.send(stream, body, end=True)
                self.assertEqual(client.until(stream).body, body)

    def test_access_log_and_metrics_know_the_protocol(self):
        with H2Client(self.pintle.port()) as client:
            client.get("a.test", "/logged-h2")
        wait_until(lambda: any(line.get("url.path") == "/logged-h2" or "/logged-h2" in json.dumps(line)
                               for line in self.pintle.access_log()), 5, "the line")
        line = next(line for line in self.pintle.access_log() if "/logged-h2" in json.dumps(line))
        self.assertIn('"2"', json.dumps(line))

    def test_drain_finishes_what_has_begun(self):
        backend = Backend("slow")
        self.addCleanup(backend.close)
        folder = Folder()
        self.addCleanup(folder.close)
        h2c = H2Backend()
        self.addCleanup(h2c.close)
        folder.write("all", gateway(), service("h2c", [h2c.port], app_protocol="kubernetes.io/h2c"),
                     route("r", [{"backendRefs": [to("h2c")]}]))
        pintle = Pintle(folder).__enter__()
        client = H2Client(pintle.port())
        self.addCleanup(client.close)
        stream = client.request("a.test", "/", method="POST", end=False)
        client.send(stream, b"before")
        client.until(stream, lambda got: got.body == b"before")
        pintle.process.terminate()
        while client.goaway is None:
            client.receive()
        self.assertEqual(client.goaway, 0)
        # The library takes no stream of its own further after GOAWAY, so the rest is written by hand.
        client.sock.sendall(frame(DATA, 1, stream, b" after"))
        rest = b""
        while chunk := client.sock.recv(65536):
            rest += chunk
        self.assertIn(b" after", rest)
        pintle.__exit__(None, None, None)


class H2Tls(unittest.TestCase):
    """The table of the official suite's test of misdirected requests, over HTTP/2: server name, host, status."""
    HOSTS = {"example.org": "1", "second-example.org": "2", "third-example.wildcard.org": "3"}

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.pem = certificate(cls.scratch.name, "all", ["example.org", "second-example.org", "*.wildcard.org",
                                                       "fourth-example.wildcard.org", "unknown-example.org"])
        cls.backends = {name: Backend(name) for name in ("v1", "v2", "v3", "v4", "v5")}
        cls.folder = Folder()
        listeners = [https("one", "example.org", ("all",)), https("two", "second-example.org", ("all",)),
                     https("three", "*.wildcard.org", ("all",)), https("four", "fourth-example.wildcard.org", ("all",)),
                     https("five", None, ("all",))]
        routes = [route(name, [{"backendRefs": [to(name)]}], hostnames, sectionName=section)
                  for name, section, hostnames in (("v1", "one", ["example.org"]), ("v2", "two", ["second-example.org"]),
                                                   ("v3", "three", ["*.wildcard.org"]),
                                                   ("v4", "four", ["fourth-example.wildcard.org"]))]
        cls.folder.write("secrets", secret("all", *cls.pem))
        cls.folder.write("all", gateway(listeners=listeners), *routes,
                         *(service(name, [backend.port]) for name, backend in cls.backends.items()))
        cls.pintle = Pintle(cls.folder).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.pintle.__exit__(None, None, None)
        for backend in cls.backends.values():
            backend.close()
        cls.folder.close()
        cls.scratch.cleanup()

    def test_misdirected_requests(self):
        rows = [("example.org", "example.org", 200), ("example.org", "second-example.org", 421),
                ("second-example.org", "example.org", 421), ("second-example.org", "second-example.org", 200),
                ("third-example.wildcard.org", "fifth-example.wildcard.org", 200),
                ("third-example.wildcard.org", "fourth-example.wildcard.org", 421),
                ("third-example.wildcard.org", "second-example.org", 421),
                ("fourth-example.wildcard.org", "fifth-example.wildcard.org", 421),
                ("fourth-example.wildcard.org", "fourth-example.wildcard.org", 200)]
        for server_name, host, status in rows:
            with H2Client(self.pintle.port(443), tls=client_context(self.pem[0]), server_name=server_name) as client:
                self.assertEqual(client.get(host, scheme="https").status, status, (server_name, host))

    def test_one_connection_serves_hosts_of_its_listener_alone(self):
        with H2Client(self.pintle.port(443), tls=client_context(self.pem[0]), server_name="example.org") as client:
            for _ in range(3):
                self.assertEqual(client.get("example.org", scheme="https").body, b"v1")
                self.assertEqual(client.get("second-example.org", scheme="https").status, 421)

    def test_http1_is_still_spoken(self):
        with Client(self.pintle.port(443), tls=client_context(self.pem[0]), server_name="example.org") as client:
            self.assertEqual(client.get("example.org").body, b"v1")


class H2Floods(unittest.TestCase):
    """Each flood ends with GOAWAY or a close, and a client that behaves does not notice."""

    @classmethod
    def setUpClass(cls):
        cls.backend = CountingBackend()
        cls.folder = Folder()
        cls.folder.write("all", gateway(), service("b", [cls.backend.port]), route("r", [{"backendRefs": [to("b")]}]))
        cls.pintle = Pintle(cls.folder, "--access-log", "off").__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.pintle.__exit__(None, None, None)
        cls.backend.close()
        cls.folder.close()

    def flood(self, pieces, most=200_000):
        """Sends what `pieces(i)` makes until the gateway closes, reading what it answers. Frames taken, last GOAWAY code."""
        sock = socket.create_connection(("127.0.0.1", self.pintle.port()))
        sock.settimeout(10 * SLOW)
        sock.sendall(PREFACE + frame(SETTINGS, 0, 0))
        got, taken = b"", 0
        try:
            for number in range(0, most, 64):
                sock.sendall(b"".join(pieces(i) for i in range(number, number + 64)))
                taken = number
                sock.setblocking(False)
                try:
                    while chunk := sock.recv(1 << 16):
                        got = got[-4096:] + chunk
                    break
                except BlockingIOError:
                    pass
                finally:
                    sock.settimeout(10 * SLOW)
            else:
                self.fail(f"{most} frames were taken")
            while chunk := sock.recv(1 << 16):
                got = got[-4096:] + chunk
        except OSError:
            pass
        finally:
            sock.close()
        at = got.rfind(b"\x00\x00\x08\x07\x00\x00\x00\x00\x00")
        return taken, struct.unpack(">I", got[at + 13:at + 17])[0] if at >= 0 else None

    def test_floods_end_and_harm_nobody(self):
        floods = {
            "rapid reset": lambda i: frame(HEADERS, 5, 2 * i + 1, GET) + frame(RST, 0, 2 * i + 1, b"\0\0\0\x08"),
            "ping": lambda i: frame(PING, 0, 0, b"12345678"),
            "settings": lambda i: frame(SETTINGS, 0, 0),
            "window updates": lambda i: frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1"),
            "priority": lambda i: frame(PRIORITY, 0, 1, bytes(5)),
            "resets made in us": lambda i: frame(HEADERS, 5, 2 * i + 1, GET + literal(b"Bad", b"1")),
            "empty data": lambda i: (frame(HEADERS, 4, 1, GET) if i == 0 else b"") + frame(DATA, 0, 1),
        }
        before = self.pintle.rss_kib()
        for name, pieces in floods.items():
            with Control(self.pintle.port()) as control:
                for _ in range(5):
                    taken, code = self.flood(pieces)
                    self.assertIn(code, (CALM, None), name)  # None: our reset overtook it
                    self.assertLess(taken, 20_000 * SLOW, name)  # what socket buffers hold of frames of 9 bytes among them
            control.expect_unharmed(self, least=1)
        self.assertLess(self.pintle.rss_kib() - before, 16 * 1024)
        wait_until(lambda: self.pintle.metric("pintle_requests_rejected_total", reason="rate_limited") > 0, 5, "the count of floods")

    def test_cancels_of_a_client_that_means_them(self):
        """150 at once, then 40 a second, before any answer: a browser whose tabs close. 400 at once are none."""
        with H2Client(self.pintle.port()) as client:
            def cancel(count):
                for _ in range(count):
                    client.h2.reset_stream(client.request("x.test"), 8)
                    client.flush()
            cancel(150)  # of the 200 that may be: on a busy machine what is sent evenly comes unevenly
            for _ in range(int(60 / SLOW)):
                time.sleep(0.025 * SLOW)
                cancel(1)
            self.assertEqual(client.get("x.test").status, 200)
            # The library takes nothing of a connection any more once it has read GOAWAY.
            with self.assertRaises((ConnectionError, h2.exceptions.ProtocolError)):
                cancel(400)
                client.get("x.test")
            self.assertIn(client.goaway, (CALM, None))

    def test_cancels_of_answers_that_began(self):
        """400 at once: twice what may be before a head. The window is 0, as this library answers each frame of DATA that is still on
        its way to a stream it has reset with a reset of its own, and those are counted as well."""
        window = h2.settings.SettingCodes.INITIAL_WINDOW_SIZE
        with H2Client(self.pintle.port()) as client:
            client.h2.update_settings({window: 0})
            client.get("x.test", method="HEAD")
            for _ in range(400):
                stream = client.request("x.test", "/big/3000000")
                self.assertEqual(client.until(stream, lambda got: got.headers).status, 200)
                client.h2.reset_stream(stream, 8)
                client.flush()
            client.h2.update_settings({window: 65_535})
            self.assertEqual(client.get("x.test").status, 200)

    def test_the_header_bomb_costs_little(self):
        """1,000 bytes of HPACK that stand for megabytes, again and again, held open by a window of nothing."""
        bomb = (GET + b"\x40\x06x-bomb\x7f" + bytes([(3900 - 127) % 128 + 128, (3900 - 127) // 128]) + b"b" * 3900 +
                b"\xbe" * 4000)
        again = GET + b"\xbe" * 16_000
        before = self.pintle.rss_kib()
        with Control(self.pintle.port()) as control:
            for _ in range(50):
                sock = socket.create_connection(("127.0.0.1", self.pintle.port()))
                self.addCleanup(sock.close)
                sock.sendall(PREFACE + frame(SETTINGS, 0, 0, b"\0\x04\0\0\0\0") + frame(HEADERS, 5, 1, bomb) +
                             frame(HEADERS, 5, 3, again))
        control.expect_unharmed(self, least=1)
        self.assertLess(self.pintle.rss_kib() - before, 8 * 1024 * SLOW)

    def test_stalled_streams_pin_little(self):
        """100 streams that are never read, on 10 connections: back-pressure to the backend, 256 KiB a stream at most."""
        before = self.pintle.rss_kib()
        clients = []
        with Control(self.pintle.port()) as control:
            for _ in range(10):
                client = H2Client(self.pintle.port(), hold=True)
                self.addCleanup(client.close)
                clients.append(client)
                streams = [client.request("x.test", "/big/20000000") for _ in range(10)]
                client.until(streams[0], lambda got: len(got.body) > 1000)
        control.expect_unharmed(self, least=1)
        self.assertLess(self.pintle.rss_kib() - before, 100 * 256 * SLOW)
        for client in clients:
            client.close()


if __name__ == "__main__":
    unittest.main()
