"""Mirrors through the real binary: copies reach their backends, and never harm the request they are of."""
import socket
import threading
import time
import unittest

from harness import SLOW, Backend, Client, Folder, Pintle, answer, free_port, gateway, route, service, to, wait_until


def mirror(name, **share):
    return {"type": "RequestMirror", "requestMirror": {"backendRef": to(name), **share}}


class Mirror(unittest.TestCase):
    def serve(self, rules, backends, *arguments):
        folder = self.enterContext(Folder())
        folder.write("all", gateway(), *(service(name, ports) for name, ports in backends.items()), route("r", rules))
        return self.enterContext(Pintle(folder, *arguments))

    def backend(self, name, **more):
        return self.enterContext(Backend(name, **more))

    def test_copies_are_whole_and_answers_are_dropped(self):
        one, two, three = (self.backend(n, respond=lambda r: answer("x" * 100000, "500 No")) if n != "one" else
                           self.backend(n, respond=lambda r: answer(r.body or b"one")) for n in ("one", "two", "three"))
        pintle = self.serve([{"filters": [mirror("two"), mirror("three"),
                                          {"type": "RequestHeaderModifier",
                                           "requestHeaderModifier": {"set": [{"name": "X-Set", "value": "1"}]}}],
                              "backendRefs": [to("one")]}],
                            {"one": [one.port], "two": [two.port], "three": [three.port]}, "--threads", "1")
        bodies = [b"", b"small", b"m" * 100_000, b"l" * 200_000]  # less than what may wait for a slow mirror
        with Client(pintle.port()) as client:
            for body in bodies:
                client.send(f"POST /a?q=1 HTTP/1.1\r\nHost: x.test\r\nContent-Length: {len(body)}\r\n\r\n")
                client.send(body)
                response = client.response()
                self.assertEqual((response.status, response.body), (200, body or b"one"))
                chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 7777]), body[i:i + 7777]) for i in range(0, len(body), 7777))
                client.send(b"POST /a?q=1 HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
                self.assertEqual(client.response().body, body or b"one")
        for copy in (two, three):
            wait_until(lambda: len(copy.requests) == 2 * len(bodies), what="the copies")
            self.assertEqual(sorted(r.body for r in copy.requests), sorted(2 * bodies))  # one may overtake another
            self.assertEqual({(r.method, r.target, r.get("x-set"), r.get("host")) for r in copy.requests},
                             {("POST", "/a?q=1", "1", "x.test")})
        # The connection of a mirror is used again.
        self.assertLess(two.connections, len(two.requests))

    def test_get_and_head(self):
        one, two = self.backend("one"), self.backend("two", respond=lambda r: b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
                                                     if r.method == "HEAD" else answer("two"))
        pintle = self.serve([{"filters": [mirror("two")], "backendRefs": [to("one")]}], {"one": [one.port], "two": [two.port]})
        with Client(pintle.port()) as client:
            for method in ("GET", "HEAD", "GET", "HEAD", "GET"):
                client.get("x.test", method=method)
        wait_until(lambda: len(two.requests) == 5, what="the copies")

    def test_shares(self):
        one, some, none, half = (self.backend(n) for n in ("one", "some", "none", "half"))
        pintle = self.serve([{"filters": [mirror("some", percent=20), mirror("none", percent=0),
                                          mirror("half", fraction={"numerator": 25, "denominator": 50})],
                              "backendRefs": [to("one")]}],
                            {b.name: [b.port] for b in (one, some, none, half)})
        with Client(pintle.port()) as client:
            for _ in range(1000):
                self.assertEqual(client.get("x.test").status, 200)
        wait_until(lambda: len(half.requests) > 400, what="the copies")
        time.sleep(0.2)
        self.assertEqual(len(none.requests), 0)
        self.assertAlmostEqual(len(some.requests), 200, delta=65)  # five sigma
        self.assertAlmostEqual(len(half.requests), 500, delta=80)

    def test_a_copy_goes_to_one_endpoint(self):
        one, *pods = (self.backend(n) for n in ("one", "p0", "p1", "p2"))
        pintle = self.serve([{"filters": [mirror("two")], "backendRefs": [to("one")]}],
                            {"one": [one.port], "two": [pod.port for pod in pods]})
        with Client(pintle.port()) as client:
            for _ in range(30):
                self.assertEqual(client.get("x.test").status, 200)
        seen = lambda: sum(len(pod.requests) for pod in pods)
        wait_until(lambda: seen() >= 30, what="the copies")
        time.sleep(0.2)
        self.assertEqual(seen(), 30)
        self.assertTrue(all(pod.requests for pod in pods), "they take turns")

    def test_bad_mirrors_harm_nobody(self):
        one = self.backend("one", respond=lambda r: answer(r.body))
        stuck = socket.socket()  # accepts in the kernel and reads nothing
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.bind(("127.0.0.1", 0))
        stuck.listen(16)
        self.addCleanup(stuck.close)
        rude = self.backend("rude", script=lambda stream, sock: sock.close())
        garbage = self.backend("garbage", script=lambda stream, sock: sock.sendall(b"what is this?\r\n\r\n" * 100))
        pintle = self.serve([{"filters": [mirror("gone"), mirror("dead"), mirror("stuck"), mirror("rude"), mirror("garbage"), mirror("empty")],
                              "backendRefs": [to("one")]}],
                            {"one": [one.port], "dead": [free_port()], "stuck": [stuck.getsockname()[1]], "rude": [rude.port],
                             "garbage": [garbage.port], "empty": []})
        body = b"b" * 3_000_000
        for _ in range(3):
            with Client(pintle.port(), seconds=20) as client:
                client.send(f"POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: {len(body)}\r\n\r\n")
                threading.Thread(target=client.send, args=(body,), daemon=True).start()
                self.assertEqual(client.response().body, body)
        status = pintle.admin("/status")[1]
        self.assertIn("BackendNotFound", status)
        self.assertLess(pintle.rss_kib(), 200_000 * SLOW)

    def flood(self, pintle, size):
        body = b"b" * size
        with Client(pintle.port()) as client:
            for _ in range(400):
                client.send(f"POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: {size}\r\n\r\n")
                client.send(body)
                self.assertEqual(client.response().status, 200)

    def test_a_hanging_mirror_holds_few_connections(self):
        one = self.backend("one")
        hangs = self.backend("hangs", script=lambda stream, sock: threading.Event().wait(60))
        pintle = self.serve([{"filters": [mirror("hangs")], "backendRefs": [to("one")]}],
                            {"one": [one.port], "hangs": [hangs.port]}, "--threads", "1")
        self.flood(pintle, 0)
        wait_until(lambda: hangs.connections == 128, what="as many copies as one backend may have at once on a worker")
        wait_until(lambda: pintle.metric("pintle_mirror_copies_lost_total", backend="default/hangs:80") == 400 - 128, what="the others")

    def test_a_mirror_that_cannot_be_reached_holds_few_bytes(self):
        one = self.backend("one")
        full = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.addCleanup(full.close)
        for _ in range(2):  # from now on nobody is answered
            waits = socket.socket()
            self.addCleanup(waits.close)
            waits.setblocking(False)
            waits.connect_ex(full.getsockname())
        pintle = self.serve([{"filters": [mirror("full")], "backendRefs": [to("one")]}],
                            {"one": [one.port], "full": [full.getsockname()[1]]}, "--threads", "1")
        before = pintle.rss_kib()
        self.flood(pintle, 200_000)
        self.assertLess(pintle.rss_kib() - before, 36_000 * SLOW)  # 16 MiB, of 80 MB that were there to copy

    def test_client_that_leaves_inside_its_body(self):
        one = self.backend("one")
        seen = []

        def script(stream, sock):
            try:
                stream.read_request()
                seen.append("whole")
            except ConnectionError:
                seen.append("cut")
        two = self.backend("two", script=script)
        pintle = self.serve([{"filters": [mirror("two")], "backendRefs": [to("one")]}], {"one": [one.port], "two": [two.port]})
        client = Client(pintle.port())
        client.send("POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: 1000\r\n\r\nonly this")
        wait_until(lambda: two.connections, what="the copy")
        client.reset()
        wait_until(lambda: seen == ["cut"], what="the copy to be cut")


if __name__ == "__main__":
    unittest.main()
