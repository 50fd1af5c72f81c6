"""Backends that stall, reset, lie about lengths, answer twice or speak unasked, many at a time: each harms the request it
answers and no other, and never does a part pass for the whole (req 18 to 21, 44, 45)."""
import collections
import contextlib
import socket
import struct
import sys
import threading
import unittest

from harness import LONG, SLOW, Backend, Client, Folder, Pintle, answer, gateway, prefix, route, service, to
from peers import Control, CountingBackend

CLIENTS, ROUNDS = 4, 200 if LONG else 20
RESET = struct.pack("ii", 1, 0)
CUT = "cut"


def stall(stream, sock):
    stream.read_request()
    sock.recv(1)  # until the gateway gives up


def stall_in_body(stream, sock):
    stream.read_request()
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
    sock.recv(1)


def reset(stream, sock):
    stream.read_request()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def reset_in_body(stream, sock):
    stream.read_request()
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def too_short(stream, sock):
    stream.read_request()
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")


def short_chunk(stream, sock):
    stream.read_request()
    sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc")


def too_long(stream, sock):
    while True:
        stream.read_request()
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokPOISON")


def twice(stream, sock):
    while True:
        stream.read_request()
        sock.sendall(answer("ok") + answer("POISON"))


def speaks_first(stream, sock):
    sock.sendall(answer("POISON"))
    stream.read_request()
    sock.sendall(answer("ok"))


# path: (script, what a client may see)
HOSTILE = {"stall": (stall, {504}), "stall-in-body": (stall_in_body, {CUT}), "reset": (reset, {502}),
           "reset-in-body": (reset_in_body, {CUT}), "too-short": (too_short, {CUT}), "short-chunk": (short_chunk, {CUT}),
           "too-long": (too_long, {200}), "twice": (twice, {200}), "speaks-first": (speaks_first, {502, 200})}


class SpeaksWhenIdle:
    """Says something on a connection that waits in the pool, and notes that the gateway drops it."""

    def __init__(self):
        self.dropped = threading.Semaphore(0)

    def __call__(self, stream, sock):
        stream.read_request()
        sock.sendall(answer("ok"))
        self.may_speak.wait(10 * SLOW)
        self.may_speak.clear()
        sock.sendall(answer("POISON"))
        with contextlib.suppress(ConnectionError):  # reset: what was said was not even read
            self.assert_silent(sock.recv(1))
        self.dropped.release()

    @staticmethod
    def assert_silent(data):
        assert data == b"", "a request came on a connection that should be gone"

    may_speak = threading.Event()


class HostileBackends(unittest.TestCase):
    def setUp(self):
        documents = [gateway()]
        rules = []
        self.idle_speaker = SpeaksWhenIdle()
        speaker = Backend("speaks-when-idle", script=self.idle_speaker)
        self.addCleanup(speaker.close)
        documents.append(service("speaks-when-idle", [speaker.port]))
        rules.append({"matches": [prefix("/speaks-when-idle")], "backendRefs": [to("speaks-when-idle")]})
        for name, (script, _) in HOSTILE.items():
            backend = Backend(name, script=script)
            self.addCleanup(backend.close)
            documents.append(service(name, [backend.port]))
            rules.append({"matches": [prefix(f"/{name}")], "timeouts": {"request": "300ms"}, "backendRefs": [to(name)]})
        good = CountingBackend()
        self.addCleanup(good.close)
        folder = Folder()
        self.addCleanup(folder.close)
        folder.write("all", *documents, service("good", [good.port]), route("r", [*rules, {"backendRefs": [to("good")]}]))
        self.pintle = Pintle(folder, "--access-log", "off", "--threads", "1")
        self.pintle.__enter__()
        self.addCleanup(self.pintle.__exit__, None, None, None)

    def one(self, name):
        """Outcome and body of one request. POST is never sent twice, so that each meets its backend once."""
        with Client(self.pintle.port(), seconds=10) as client:
            try:
                response = client.get("x.test", f"/{name}", method="POST", headers=[("Content-Length", "0")])
                return response.status, response.body
            except ConnectionError:
                return CUT, b""

    def test_what_comes_on_an_idle_connection_is_dropped_with_it(self):
        for _ in range(20):
            self.assertEqual(self.one("speaks-when-idle"), (200, b"ok"))
            self.idle_speaker.may_speak.set()
            self.assertTrue(self.idle_speaker.dropped.acquire(timeout=10 * SLOW))

    def attack(self, name, seen):
        for _ in range(2 if "stall" in name else ROUNDS):
            seen[name].append(self.one(name))

    def test_each_harms_its_own_request_alone(self):
        seen = collections.defaultdict(list)
        with Control(self.pintle.port()) as control:
            attackers = [threading.Thread(target=self.attack, args=(name, seen), daemon=True)
                         for name in HOSTILE for _ in range(CLIENTS)]
            for thread in attackers:
                thread.start()
            for thread in attackers:
                thread.join(120 * SLOW)
        for name, (_, allowed) in HOSTILE.items():
            with self.subTest(name):
                self.assertGreaterEqual(len(seen[name]), CLIENTS * 2)
                self.assertLessEqual({outcome for outcome, _ in seen[name]}, allowed)
                if name != "speaks-first":
                    self.assertFalse([body for _, body in seen[name] if b"POISON" in body])
        control.expect_unharmed(self, 5)
        if LONG:
            total = sum(len(outcomes) for outcomes in seen.values())
            print(f"      {total} requests to {len(HOSTILE)} hostile backends; control {control.result['asked']} requests, "
                  f"0 failed, p99 {control.result['p99_ms']:.1f} ms", file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    unittest.main()
