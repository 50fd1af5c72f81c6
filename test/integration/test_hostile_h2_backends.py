"""HTTP/2 backends that flood, lie or break the protocol: each harms the requests it was given and no other, and is left
(req 18, 24, 46 to 48 with the roles turned round)."""
import collections
import contextlib
import socket
import threading
import time
import unittest

from h2_frames import (ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, PRIORITY, PUSH_PROMISE, RST, SETTINGS,
                       WINDOW_UPDATE, frame, literal)
from h2_peers import H2Client
from harness import SLOW, Client, Folder, Pintle, gateway, prefix, route, service, to
from peers import Control, CountingBackend

OK = b"\x88"  # :status 200, from the static table
EARLY = literal(b":status", b"103")
CUT = "cut"
MOST = 100_000  # frames of a flood; nobody takes as many


def flood(piece, first=b""):
    """Until the gateway closes: tells how many frames went out."""
    def script(sock, stream):
        sock.sendall(first and first(stream))
        for number in range(0, MOST, 64):
            sock.sendall(b"".join(piece(stream) for _ in range(64)))
            script.taken = number
        script.taken = MOST
    script.taken = 0
    return script


def say(*frames):
    return lambda sock, stream: sock.sendall(b"".join(one(stream) for one in frames))


def head(block=OK, flags=END_HEADERS):
    return lambda stream: frame(HEADERS, flags, stream, block)


def data(payload, flags=0):
    return lambda stream: frame(DATA, flags, stream, payload)


def anything(kind, flags, payload, on=None):
    return lambda stream: frame(kind, flags, stream if on is None else on, payload)


WIDEST = anything(WINDOW_UPDATE, 0, b"\x7f\xff\xff\xff")
# name: (script, what a client may see)
FLOODS = {
    "ping": (flood(anything(PING, 0, b"12345678", 0)), {502}),
    "settings": (flood(anything(SETTINGS, 0, b"", 0)), {502}),
    "windows": (flood(anything(WINDOW_UPDATE, 0, b"\0\0\0\1", 0)), {502}),
    "priority": (flood(anything(PRIORITY, 0, bytes(5), 99)), {502}),
    "unknown": (flood(anything(0xEE, 0, b"x", 0)), {502}),
    "early-hints": (flood(head(EARLY)), {502, 103}),  # the first eight are passed on
    "empty-data": (flood(data(b""), first=head()), {CUT, 502}),
    "resets": (flood(anything(RST, 0, b"\0\0\0\x08")), {502}),
}
LIES = {
    "pushes": (say(anything(PUSH_PROMISE, END_HEADERS, b"\0\0\0\x02" + OK)), {502}),
    "overflows": (say(WIDEST, WIDEST), {502}),
    "leaves": (say(anything(GOAWAY, 0, b"\0\0\0\0\0\0\0\0", 0)), {502}),
    "too-long": (say(head(OK + literal(b"content-length", b"2")), data(b"POISON", END_STREAM)), {CUT, 502}),
    "too-short": (say(head(OK + literal(b"content-length", b"9")), data(b"part", END_STREAM)), {CUT}),
    "big-letters": (say(head(OK + literal(b"X-Big", b"1"), END_HEADERS | END_STREAM)), {502}),
    "no-status": (say(head(literal(b"x-a", b"1"), END_HEADERS | END_STREAM)), {502}),
    "connection-field": (say(head(OK + literal(b"connection", b"close"), END_HEADERS | END_STREAM)), {502}),
    "line-feed": (say(head(OK + literal(b"x-a", b"1\nx-b: POISON"), END_HEADERS | END_STREAM)), {502}),
    "upgrade": (say(head(literal(b":status", b"101"), END_HEADERS)), {502}),
    "bad-table": (say(head(b"\xff\xff\xff\xff\x0f")), {502}),
    "over-the-window": (say(head(), *[data(b"POISON" * 2000)] * 200), {CUT}),
    "half-a-block": (say(head(flags=0), data(b"POISON", END_STREAM)), {502}),
    "reset-in-body": (say(head(), data(b"part"), anything(RST, 0, b"\0\0\0\x02")), {CUT}),
    "silent": (say(), {504}),
}
HOSTILE = FLOODS | LIES


class RawBackend:
    """Runs its script for each request, of which it knows the number of its stream alone."""

    def __init__(self, script):
        self.script = script
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, sock):
        with sock, contextlib.suppress(OSError, EOFError):
            sock.settimeout(20 * SLOW)
            file = sock.makefile("rb")
            if file.read(len(PREFACE)) != PREFACE:
                return
            sock.sendall(frame(SETTINGS, 0, 0) + frame(SETTINGS, ACK, 0))
            while len(header := file.read(9)) == 9:
                file.read(int.from_bytes(header[:3]))
                if header[3] == HEADERS:
                    self.script(sock, int.from_bytes(header[5:]))

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class HostileHttp2Backends(unittest.TestCase):
    def setUp(self):
        documents, rules = [gateway()], []
        for name, (script, _) in HOSTILE.items():
            backend = RawBackend(script)
            self.addCleanup(backend.close)
            documents.append(service(name, [backend.port], app_protocol="kubernetes.io/h2c"))
            rules.append({"matches": [prefix(f"/{name}")], "timeouts": {"request": "500ms"}, "backendRefs": [to(name)]})
        good = CountingBackend()
        self.addCleanup(good.close)
        folder = self.enterContext(Folder())
        routes = [route(f"r{at}", rules[at:at + 16]) for at in range(0, len(rules), 16)]
        folder.write("all", *documents, service("good", [good.port]), *routes, route("good", [{"backendRefs": [to("good")]}]))
        self.pintle = self.enterContext(Pintle(folder, "--access-log", "off", "--threads", "1"))

    def by_http1(self, name):
        with Client(self.pintle.port(), seconds=10) as client:
            try:
                response = client.get("x.test", f"/{name}", method="POST", headers=[("Content-Length", "0")])
                return response.status, response.body
            except (ConnectionError, EOFError):
                return CUT, b""

    def by_http2(self, name):
        with H2Client(self.pintle.port()) as client:
            answered = client.get("x.test", f"/{name}", method="POST")
            return (answered.status if answered.ended else CUT), answered.body

    def test_each_harms_its_own_requests_alone(self):
        seen = collections.defaultdict(list)

        def attack(name, ask):
            for _ in range(3):
                seen[name].append(ask(name))

        before = self.pintle.rss_kib()
        with Control(self.pintle.port()) as control:
            attackers = [threading.Thread(target=attack, args=(name, ask), daemon=True)
                         for name in HOSTILE for ask in (self.by_http1, self.by_http2)]
            for thread in attackers:
                thread.start()
            for thread in attackers:
                thread.join(60 * SLOW)
        for name, (_, allowed) in HOSTILE.items():
            with self.subTest(name):
                self.assertEqual(len(seen[name]), 6)
                self.assertLessEqual({outcome for outcome, _ in seen[name]}, allowed)
                if name != "over-the-window":
                    self.assertFalse([body for outcome, body in seen[name] if outcome != CUT and b"POISON" in body])
        control.expect_unharmed(self, 5)
        self.assertLess(self.pintle.rss_kib() - before, 24 * 1024)

    def test_floods_end_soon(self):
        """Frames that belong to no request end their connection, also when the request has all the time."""
        for name, (script, _) in FLOODS.items():
            with self.subTest(name):
                script.taken = 0
                self.by_http1(name)
                time.sleep(0.1)
                self.assertLess(script.taken, MOST)


if __name__ == "__main__":
    unittest.main()
