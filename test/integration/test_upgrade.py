"""WebSocket through to the backend, and nothing before its 101 (req 37)."""
import base64
import hashlib
import os
import unittest

from h2_peers import H2Backend, H2Client
from harness import Backend, Client, Folder, Pintle, answer, gateway, route, service, to, wait_until

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
UPGRADE = ("GET /ws HTTP/1.1\r\nHost: x.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n")


class WebSocket(unittest.TestCase):
    def run_with(self, script, app_protocol="kubernetes.io/ws"):
        backend = Backend("ws", script=script)
        self.addCleanup(backend.close)
        folder = Folder()
        self.addCleanup(folder.close)
        folder.write("all", gateway(), service("b", [backend.port], app_protocol), route("r", [{"backendRefs": [to("b")]}]))
        pintle = Pintle(folder)
        pintle.__enter__()
        self.addCleanup(pintle.__exit__, None, None, None)
        client = Client(pintle.port())
        self.addCleanup(client.close)
        return backend, pintle, client

    @staticmethod
    def echo(stream, sock):
        request = stream.read_request()
        accept = base64.b64encode(hashlib.sha1(request.get("sec-websocket-key").encode() + GUID).digest()).decode()
        sock.sendall(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        while True:
            if not stream.buffer:
                stream.fill()
            sock.sendall(stream.buffer)
            stream.buffer = b""

    def test_echo(self):
        for app_protocol in ("kubernetes.io/ws", None):
            _, _, client = self.run_with(self.echo, app_protocol)
            key = base64.b64encode(os.urandom(16)).decode()
            client.send(UPGRADE % key)
            response = client.response()
            self.assertEqual(response.status, 101)
            self.assertEqual(response.get("upgrade").lower(), "websocket")
            expected = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
            self.assertEqual(response.get("sec-websocket-accept"), expected)
            frame = bytes(range(256)) * 4096
            client.send(frame[:1])
            self.assertEqual(client.exactly(1), frame[:1])
            import threading
            threading.Thread(target=client.send, args=(frame,), daemon=True).start()
            self.assertEqual(client.exactly(len(frame)), frame)

    def test_echo_of_a_backend_that_speaks_http2(self):
        for extended, status in ((True, 101), (False, 502)):
            backend = H2Backend("ws", extended=extended)
            self.addCleanup(backend.close)
            folder = Folder()
            self.addCleanup(folder.close)
            folder.write("all", gateway(), service("b", [backend.port], "kubernetes.io/h2c"), route("r", [{"backendRefs": [to("b")]}]))
            with Pintle(folder, "--threads", "1") as pintle:
                for _ in range(3):
                    with Client(pintle.port()) as client:
                        key = base64.b64encode(os.urandom(16)).decode()
                        client.send(UPGRADE % key)
                        response = client.response()
                        self.assertEqual(response.status, status)
                        if status != 101:
                            continue
                        self.assertEqual(response.get("sec-websocket-accept"),
                                         base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode())
                        frame = bytes(range(256)) * 1000
                        client.send(frame)
                        self.assertEqual(client.exactly(len(frame)), frame)
                if status == 101:
                    self.assertEqual((backend.requests[0][":method"], backend.requests[0][":protocol"], backend.requests[0][":path"]),
                                     ("CONNECT", "websocket", "/ws"))
                    with H2Client(pintle.port()) as h2_client:
                        h2_client.receive()  # its SETTINGS
                        call = h2_client.request("x.test", "/ws", "CONNECT", [(":protocol", "websocket"), ("sec-websocket-version", "13")], end=False)
                        h2_client.until(call, lambda answer: answer.status)
                        self.assertEqual(h2_client.answers[call].status, 200)
                        h2_client.send(call, b"frame", end=True)
                        self.assertEqual(h2_client.until(call).body, b"frame")
                self.assertEqual(backend.connections, 1)

    def test_it_outlives_changes_of_its_route_and_endpoints(self):
        """One over each version of HTTP, through everything that takes new ones elsewhere."""
        backend, other = Backend("ws", script=self.echo), Backend("other")
        folder = Folder()
        for one in (backend, other, folder):
            self.addCleanup(one.close)

        def write(*routes, ports=(backend.port,)):
            folder.write("all", gateway(), *routes, service("other", [other.port]),
                         *([service("b", list(ports), "kubernetes.io/ws")] if ports is not None else []))

        to_b = route("r", [{"backendRefs": [to("b")]}])
        write(to_b)
        with Pintle(folder) as pintle, Client(pintle.port()) as old, H2Client(pintle.port()) as new:
            old.send(UPGRADE % base64.b64encode(os.urandom(16)).decode())
            self.assertEqual(old.response().status, 101)
            new.receive()  # its SETTINGS
            call = new.request("x.test", "/ws", "CONNECT", [(":protocol", "websocket"), ("sec-websocket-version", "13")], end=False)
            self.assertEqual(new.until(call, lambda answer: answer.status).status, 200)
            changes = {"no endpoint": lambda: write(to_b, ports=()),
                       "no Service": lambda: write(to_b, ports=None),
                       "another backend": lambda: write(route("r", [{"backendRefs": [to("other")]}])),
                       "no route": write}
            for number, (what, change) in enumerate(changes.items(), 1):
                with self.subTest(what):
                    pintle.edit(change)
                    old.send(what.encode())
                    self.assertEqual(old.exactly(len(what)), what.encode())
                    new.send(call, b"8 letters")
                    answer = new.until(call, lambda answer, wanted=9 * number: len(answer.body) >= wanted or answer.ended or answer.reset is not None)
                    self.assertEqual((answer.body, answer.reset), (b"8 letters" * number, None))

    def test_nothing_is_forwarded_before_the_101(self):
        early = []

        def script(stream, sock):
            stream.read_request()
            sock.settimeout(0.5)
            try:
                early.append(stream.buffer + sock.recv(100))
            except TimeoutError:
                early.append(stream.buffer)
            sock.settimeout(None)
            sock.sendall(answer("refused", status="403 Forbidden"))

        _, _, client = self.run_with(script)
        client.send((UPGRADE % "dGhlIHNhbXBsZSBub25jZQ==").encode() + b"EARLY BYTES")
        self.assertEqual(client.response().status, 403)
        wait_until(lambda: early, what="the backend's look at its socket")
        self.assertEqual(early, [b""])

    def test_200_is_no_upgrade(self):
        def script(stream, sock):
            while True:
                stream.read_request()
                sock.sendall(answer("plain", headers=[("Upgrade", "websocket")]))

        backend, _, client = self.run_with(script)
        client.send(UPGRADE % "dGhlIHNhbXBsZSBub25jZQ==")
        self.assertEqual(client.response().body, b"plain")

    def test_upgrade_with_a_body_is_refused(self):
        backend, _, client = self.run_with(self.echo)
        client.send((UPGRADE % "dGhlIHNhbXBsZSBub25jZQ==").replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\n") + "abc")
        self.assertEqual(client.response().status, 400)
        self.assertEqual(backend.connections, 0)


if __name__ == "__main__":
    unittest.main()
