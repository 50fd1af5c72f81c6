"""Backends that are slow, dead, wrong or hostile hurt only the request they answer."""
import collections
import contextlib
import time
import unittest

from h2_peers import H2Client
from harness import SLOW, Backend, Client, Folder, Pintle, answer, fetch, free_port, gateway, prefix, route, service, to, wait_until


class Faults(unittest.TestCase):
    def serve(self, rules, services, *arguments):
        folder = Folder()
        self.addCleanup(folder.close)
        folder.write("all", gateway(), *services, route("r", rules))
        pintle = Pintle(folder, *arguments)
        pintle.__enter__()
        self.addCleanup(pintle.__exit__, None, None, None)
        return pintle

    def backend(self, **more):
        backend = Backend(**more)
        self.addCleanup(backend.close)
        return backend

    def raw(self, reply):
        """A backend that answers every request with these bytes and then closes."""
        def script(stream, sock):
            stream.read_request()
            sock.sendall(reply)
        return self.backend(script=script)

    def test_wrong_responses_become_502(self):
        head = b"HTTP/1.1 200 OK\r\n"
        cases = {
            "length and chunked": head + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "two lengths": head + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
            "bad status line": b"HTTP/1.1 2OO OK\r\nContent-Length: 0\r\n\r\n",
            "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "folded field": head + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
            "space before colon": head + b"Content-Length : 0\r\n\r\n",
            "chunked in 1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "unasked 101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            "nine interim": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 9 + head + b"Content-Length: 0\r\n\r\n",
            "head too large": head + b"X: " + b"a" * 70000 + b"\r\n\r\n",
            "closed in the head": head + b"Content-Le",
            "closed at once": b"",
        }
        rules, services = [], []
        for i, (name, reply) in enumerate(cases.items()):
            backend = self.raw(reply)
            services.append(service(f"s{i}", [backend.port]))
            rules.append({"matches": [prefix(f"/{i}")], "backendRefs": [to(f"s{i}")]})
        pintle = self.serve(rules, services)
        for i, name in enumerate(cases):
            with self.subTest(name), Client(pintle.port()) as client:
                response = client.get("x.test", f"/{i}", method="POST")
                while 100 <= response.status < 200:
                    response = client.response()
                self.assertEqual(response.status, 502)

    def test_truncated_bodies_never_look_complete(self):
        sized = self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        chunked = self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        pintle = self.serve([{"matches": [prefix("/sized")], "backendRefs": [to("sized")]},
                             {"matches": [prefix("/chunked")], "backendRefs": [to("chunked")]}],
                            [service("sized", [sized.port]), service("chunked", [chunked.port])])
        for path in ("/sized", "/chunked"):
            with self.subTest(path), Client(pintle.port()) as client:
                with self.assertRaises(ConnectionError):
                    client.get("x.test", path)

    def test_bytes_after_a_complete_response_reach_nobody(self):
        def script(stream, sock):
            while True:
                stream.read_request()
                sock.sendall(answer("good") + answer("POISON", headers=[("X-Poison", "1")]))

        backend = self.backend(script=script)
        pintle = self.serve([{"backendRefs": [to("b")]}], [service("b", [backend.port])], "--threads", "1")
        with Client(pintle.port()) as client:
            for _ in range(20):
                self.assertEqual(client.get("x.test").body, b"good")

    def test_dead_endpoint_does_not_fail_requests(self):
        alive = self.backend(name="alive")
        pintle = self.serve([{"backendRefs": [to("b")]}], [service("b", [free_port(), alive.port])])
        with Client(pintle.port()) as client:
            self.assertEqual({client.get("x.test").status for _ in range(50)}, {200})

    def test_all_endpoints_dead_is_503_and_recovers(self):
        port = free_port()
        pintle = self.serve([{"backendRefs": [to("b")]}], [service("b", [port])])
        for _ in range(10):
            self.assertEqual(fetch(pintle.port(), "x.test").status, 503)
        self.backend(name="back", port=port)
        wait_until(lambda: fetch(pintle.port(), "x.test").status == 200, 3, "the endpoint to be tried again")

    def test_stale_pooled_connection_is_retried(self):
        # Each connection serves one request and closes silently a little later, as a restarted backend would.
        def script(stream, sock):
            stream.read_request()
            sock.sendall(answer("once"))

        backend = self.backend(script=script)
        pintle = self.serve([{"backendRefs": [to("b")]}], [service("b", [backend.port])], "--threads", "1")
        with Client(pintle.port()) as client:
            self.assertEqual({client.get("x.test").status for _ in range(100)}, {200})

    def test_timeouts(self):
        def respond(request):
            time.sleep(1.0)
            return answer("slow")

        slow = self.backend(name="slow", respond=respond)
        pintle = self.serve([{"matches": [prefix("/request")], "timeouts": {"request": "300ms"}, "backendRefs": [to("b")]},
                             {"matches": [prefix("/backend")], "timeouts": {"backendRequest": "300ms"}, "backendRefs": [to("b")]},
                             {"matches": [prefix("/none")], "timeouts": {"request": "0s"}, "backendRefs": [to("b")]}],
                            [service("b", [slow.port])])
        for path, status in (("/request", 504), ("/backend", 504), ("/none", 200)):
            started = time.monotonic()
            self.assertEqual(fetch(pintle.port(), "x.test", path).status, status, path)
            if status == 504:
                self.assertLess(time.monotonic() - started, 0.9 * SLOW)

    def test_a_timeout_inside_the_answer(self):
        """The status is out, so half an answer must not look like a whole one: the client's connection or stream ends without its
        end. `backendRequest` covers all of the answer too (HTTPRouteTimeouts)."""
        def script(stream, sock):
            request = stream.read_request()
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            time.sleep(0.8 * SLOW)
            with contextlib.suppress(OSError):
                sock.sendall(b"second")
            return request

        backend = self.backend(script=script)
        rules = [{"matches": [prefix(f"/{field}")], "timeouts": {field: f"{int(300 * SLOW)}ms"}, "backendRefs": [to("b")]}
                 for field in ("request", "backendRequest")]
        pintle = self.serve(rules, [service("b", [backend.port])])
        for path in ("/request", "/backendRequest"):
            with self.subTest(path, protocol="HTTP/1.1"), Client(pintle.port()) as client:
                client.send(f"GET {path} HTTP/1.1\r\nHost: x.test\r\n\r\n")
                began = time.monotonic()
                self.assertRaises((EOFError, ConnectionResetError), client.response)
                self.assertLess(time.monotonic() - began, 0.7 * SLOW)
            with self.subTest(path, protocol="HTTP/2"), H2Client(pintle.port()) as client:
                answered = client.get("x.test", path)
                self.assertEqual((answered.status, answered.body, answered.ended), (200, b"half", False))
                self.assertIsNotNone(answered.reset)
        lines = wait_until(lambda: len(pintle.access_log()) == 4 and pintle.access_log(), what="four lines")
        self.assertEqual(collections.Counter(line["reason"] for line in lines), {"request_timeout": 2, "backend_timeout": 2})

    def test_client_that_leaves_ends_the_upstream_request(self):
        gone = []

        def script(stream, sock):
            stream.read_request()
            gone.append(sock.recv(1))

        backend = self.backend(script=script)
        pintle = self.serve([{"backendRefs": [to("b")]}], [service("b", [backend.port])])
        client = Client(pintle.port())
        client.send("POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: 100\r\n\r\nhalf")
        wait_until(lambda: backend.connections == 1, what="the request upstream")
        client.close()
        # EOF inside a request body: the upstream request is aborted (req 14).
        wait_until(lambda: backend.open == [] or gone, 5, "the upstream connection to be closed")


if __name__ == "__main__":
    unittest.main()
