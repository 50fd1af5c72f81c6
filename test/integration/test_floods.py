"""Many clients that mean no good: each is bounded, and the others do not notice (req 49, 50). Slow ones are in
test_slow_clients, too little of everything in test_starvation."""
import resource
import signal
import socket
import struct
import sys
import threading
import time
import unittest

from harness import (LONG, SLOW, Backend, Client, Folder, Pintle, answer, fetch, gateway, route, service, to, wait_until)
from peers import Control, CountingBackend

GET = b"GET / HTTP/1.1\r\nHost: x.test\r\n\r\n"


def raise_descriptor_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 8192 <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (8192, hard))


class Floods(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise_descriptor_limit()

    def serve(self, backend, *more):
        """`more`: flags, and further manifests."""
        self.addCleanup(backend.close)
        folder = self.enterContext(Folder())
        folder.write("all", gateway(), service("b", [backend.port]), route("r", [{"backendRefs": [to("b")]}]),
                     *(m for m in more if not isinstance(m, str)))
        return self.enterContext(Pintle(folder, "--access-log", "off", *(m for m in more if isinstance(m, str))))

    def crowd(self, pintle, count, receive_buffer=None):
        sockets = []
        for _ in range(count):
            s = socket.socket()
            if receive_buffer:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            s.settimeout(20 * SLOW)
            s.connect(("127.0.0.1", pintle.port()))
            self.addCleanup(s.close)
            sockets.append(s)
        return sockets

    def control(self, pintle, count=100, seconds=1.0):
        """Fresh and kept connections, all served and none late."""
        with Client(pintle.port()) as kept:
            for number in range(count):
                started = time.monotonic()
                response = kept.get("x.test") if number % 4 else fetch(pintle.port(), "x.test")
                self.assertEqual(response.status, 200)
                self.assertLess(time.monotonic() - started, seconds * SLOW)

    def test_500_stalled_readers_pin_little(self):
        size = 8 << 20

        def script(stream, sock):
            request = stream.read_request()
            if request.target == "/":
                sock.sendall(answer("b", headers=[("Connection", "close")]))
                return
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            block = bytes(1 << 18)
            for _ in range(size // len(block)):
                sock.sendall(block)

        backend = Backend("b", script=script)
        # The backend's own part of the kernel's memory is not what is looked at.
        backend.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        pintle = self.serve(backend, "--threads", "1")
        self.control(pintle, 20)
        before = pintle.rss_kib()
        readers = self.crowd(pintle, 500, receive_buffer=4096)
        for s in readers:
            s.sendall(b"GET /big HTTP/1.1\r\nHost: x.test\r\n\r\n")
        for s in readers:
            self.assertEqual(s.recv(15), b"HTTP/1.1 200 OK")
        self.control(pintle, 40)
        grown = pintle.rss_kib() - before
        self.assertLess(grown, 500 * 256 * SLOW, "256 KiB a stalled reader at most (req 49)")
        descriptors = pintle.descriptors()
        for s in readers:
            s.close()
        wait_until(lambda: pintle.descriptors() < descriptors - 900, 10, "both sides of every reader to be closed")
        self.control(pintle, 20)

    def test_resets_at_any_moment(self):
        # The storm has a backend of its own: what it makes of thousands of requests cut short is not what is looked at.
        flooded = CountingBackend()
        self.addCleanup(flooded.close)
        pintle = self.serve(CountingBackend(), service("flooded", [flooded.port]),
                            route("storm", [{"backendRefs": [to("flooded")]}], ["storm.test"]))
        self.control(pintle, 8)
        idle, each = pintle.descriptors(), 4000 if LONG else 1500
        get = b"GET / HTTP/1.1\r\nHost: storm.test\r\n\r\n"
        moments = [b"", b"GET / HT", get, get * 3, b"GET /big/200000 HTTP/1.1\r\nHost: storm.test\r\n\r\n",
                   b"POST / HTTP/1.1\r\nHost: storm.test\r\nContent-Length: 100000\r\n\r\nsome",
                   b"POST / HTTP/1.1\r\nHost: storm.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                   b"POST / HTTP/1.1\r\nHost: storm.test\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
                   b"GET / HTTP/1.1\r\nHost: storm.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nab", b"bad\r\n\r\n"]

        def storm():
            for number in range(each):
                s = socket.create_connection(("127.0.0.1", pintle.port()))
                s.sendall(moments[number % len(moments)])
                if number % 3 == 0:
                    s.settimeout(0.002)
                    try:
                        s.recv(1)
                    except OSError:
                        pass
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.close()

        storms = [threading.Thread(target=storm, daemon=True) for _ in range(4)]
        with Control(pintle.port()) as control:
            for thread in storms:
                thread.start()
            for thread in storms:
                thread.join(120 * SLOW)
        control.expect_unharmed(self, least=3)  # the short storm lasts about a second
        if LONG:
            print(f"      {4 * each} resets; control {control.result['asked']} requests, 0 failed, p99 "
                  f"{control.result['p99_ms']:.1f} ms", file=sys.__stdout__, flush=True)
        wait_until(lambda: pintle.descriptors() <= idle + 40, 15, "the connections of the storm to be gone")
        self.control(pintle, 20)

    def test_connection_limit(self):
        release = threading.Event()

        def respond(request):
            if request.target == "/wait":
                release.wait(20 * SLOW)
            return answer("ok")

        backend = Backend("b", respond=respond)
        pintle = self.serve(backend, "--threads", "1", "--max-connections", "20")
        idle = self.crowd(pintle, 20)
        for s in idle:
            s.sendall(GET)
            s.recv(1000)
        # Idle ones make room for whoever comes.
        busy = self.crowd(pintle, 20)
        for s in busy:
            s.sendall(b"GET /wait HTTP/1.1\r\nHost: x.test\r\n\r\n")
        for s in idle:
            self.assertEqual(s.recv(1), b"", "an idle connection makes room")
        wait_until(lambda: sum(request.target == "/wait" for request in backend.requests) == 20, what="all of them to be busy")
        # Busy ones do not: who comes now is turned away at once.
        for s in self.crowd(pintle, 5):
            try:
                self.assertEqual(s.recv(1), b"")
            except ConnectionError:
                pass
        release.set()
        for s in busy:
            self.assertTrue(s.recv(1000).startswith(b"HTTP/1.1 200 OK"))
        for s in busy:
            s.close()
        wait_until(lambda: fetch(pintle.port(), "x.test").status == 200, 5, "room for others")


class DrainUnderLoad(unittest.TestCase):
    def test_no_request_fails(self):
        backend = Backend("b", respond=lambda request: (time.sleep(0.01), answer("ok"))[1])
        self.addCleanup(backend.close)
        folder = self.enterContext(Folder())
        folder.write("all", gateway(), service("b", [backend.port]), route("r", [{"backendRefs": [to("b")]}]))
        pintle = Pintle(folder, "--drain-delay", "1s", "--access-log", "off")
        pintle.__enter__()
        unready, failed, served = threading.Event(), [], [0] * 16

        def client(number):
            """Keeps its connection as long as it may; opens none once the gateway has said that it is leaving."""
            while not unready.is_set():
                with Client(pintle.port(), seconds=20) as connection:
                    while True:
                        try:
                            response = connection.get("x.test")
                        except OSError as error:
                            failed.append(repr(error))
                            return
                        if response.status != 200:
                            failed.append(response.status)
                        served[number] += 1
                        if (response.get("connection") or "") == "close":
                            break

        clients = [threading.Thread(target=client, args=(n,), daemon=True) for n in range(len(served))]
        for thread in clients:
            thread.start()
        wait_until(lambda: sum(served) > 500, 20, "load")
        pintle.process.send_signal(signal.SIGTERM)
        wait_until(lambda: pintle.admin("/readyz")[0] == 503, 5, "readiness to fail")
        time.sleep(0.3)  # what a balancer takes to hear of it; meanwhile it still connects
        unready.set()
        for thread in clients:
            thread.join(20 * SLOW)
        self.assertEqual(failed, [])
        self.assertEqual(pintle.process.wait(10 * SLOW), 0)
        pintle.log.close()


if __name__ == "__main__":
    unittest.main()
