"""Requests through the real binary: framing, keep-alive, pipelining, bodies, early answers."""
import threading
import unittest

from harness import (SLOW, Backend, Client, Folder, Pintle, answer, gateway, prefix, route, service, to, wait_until)


class Forwarding(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = Backend("one", respond=cls.respond)
        cls.folder = Folder()
        cls.folder.write("all", gateway(), service("one", [cls.backend.port]),
                         route("r", [{"matches": [prefix("/")], "backendRefs": [to("one")]}], ["a.test"]))
        cls.pintle = Pintle(cls.folder).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.pintle.__exit__(None, None, None)
        cls.backend.close()
        cls.folder.close()

    @staticmethod
    def respond(request):
        path = request.target
        if path == "/echo":
            return answer(request.body)
        if path == "/chunked":
            return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n"
        if path == "/close":
            return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end"
        if path == "/204":
            return b"HTTP/1.1 204 No Content\r\n\r\n"
        if path == "/304":
            return b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: \"x\"\r\n\r\n"
        if path == "/early-hints":
            return b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + answer("late")
        if path == "/cookies":
            return answer("c", headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT")])
        if request.method == "HEAD":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"
        return answer("one")

    def setUp(self):
        self.backend.requests.clear()

    def client(self):
        client = Client(self.pintle.port())
        self.addCleanup(client.close)
        return client

    def test_keep_alive_reuses_one_upstream_connection(self):
        client = self.client()
        client.get("a.test")
        before = self.backend.connections
        for _ in range(50):
            self.assertEqual(client.get("a.test").body, b"one")
        self.assertEqual(self.backend.connections, before)

    def test_pipelined_requests_are_answered_in_order(self):
        client = self.client()
        bodies = [f"body-{i}".encode() for i in range(20)]
        client.send(b"".join(b"POST /echo HTTP/1.1\r\nHost: a.test\r\nContent-Length: %d\r\n\r\n%s" % (len(b), b) for b in bodies))
        self.assertEqual([client.response().body for _ in bodies], bodies)

    def test_http_1_0_closes_unless_keep_alive_is_asked_for(self):
        client = self.client()
        client.send("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n")
        self.assertEqual(client.response().body, b"one")
        self.assertTrue(client.closed())
        client = self.client()
        for _ in range(2):
            client.send("GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n")
            self.assertEqual(client.response().body, b"one")

    def test_chunked_answer_to_http_1_0_is_delimited_by_close(self):
        client = self.client()
        client.send("GET /chunked HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n")
        response = client.response()
        self.assertIsNone(response.get("transfer-encoding"))
        self.assertEqual(response.body, b"hello world")

    def test_request_bodies_sized_and_chunked(self):
        client = self.client()
        for size in (0, 1, 2, 1000, 16384, 65536, 1 << 20):
            body = bytes(i & 0xff for i in range(256)) * (size // 256) + b"x" * (size % 256)
            client.send(f"POST /echo HTTP/1.1\r\nHost: a.test\r\nContent-Length: {size}\r\n\r\n")
            client.send(body)
            self.assertEqual(client.response().body, body, size)
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 777]), body[i:i + 777]) for i in range(0, size, 777))
            client.send(b"POST /echo HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
            self.assertEqual(client.response().body, body, size)
        for request in self.backend.requests:
            framing = len(request.all("content-length")) + len(request.all("transfer-encoding"))
            self.assertEqual(framing, 1, request.raw)

    def test_content_length_with_leading_zeros_is_normalised(self):
        client = self.client()
        client.send("POST /echo HTTP/1.1\r\nHost: a.test\r\nContent-Length: 005\r\n\r\nhello")
        self.assertEqual(client.response().body, b"hello")
        self.assertEqual(self.backend.requests[-1].all("content-length"), ["5"])

    def test_request_sent_byte_by_byte(self):
        client = self.client()
        for byte in b"POST /echo HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n":
            client.send(bytes([byte]))
        self.assertEqual(client.response().body, b"abc")

    def test_chunked_response_with_extension(self):
        response = self.client().get("a.test", "/chunked")
        self.assertEqual(response.body, b"hello world")
        self.assertNotIn(b"x=y", response.raw_head)

    def test_trailers_reach_a_client_that_asked_for_them(self):
        response = self.client().get("a.test", "/chunked", headers=[("TE", "trailers")])
        self.assertEqual(response.body, b"hello world")
        self.assertEqual(response.trailers, [("X-Sum", "11")])

    def test_close_delimited_response(self):
        client = self.client()
        self.assertEqual(client.get("a.test", "/close").body, b"until the end")

    def test_head_204_304_have_no_body(self):
        client = self.client()
        self.assertEqual(client.get("a.test", "/", method="HEAD").get("content-length"), "1234")
        self.assertEqual(client.get("a.test", "/204").status, 204)
        self.assertEqual(client.get("a.test", "/304").status, 304)
        self.assertEqual(client.get("a.test", "/").body, b"one")

    def test_interim_response_is_passed_on(self):
        client = self.client()
        self.assertEqual(client.get("a.test", "/early-hints").status, 103)
        self.assertEqual(client.response().body, b"late")

    def test_set_cookie_lines_stay_apart(self):
        self.assertEqual(self.client().get("a.test", "/cookies").all("set-cookie"),
                         ["a=1", "b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT"])

    def test_half_closed_client_gets_its_answer(self):
        import socket
        client = self.client()
        client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        client.sock.shutdown(socket.SHUT_WR)
        self.assertEqual(client.response().body, b"one")

    def test_expect_100_continue(self):
        client = self.client()
        client.send("POST /echo HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        first = client.response()
        self.assertEqual(first.status, 100)
        client.send("hello")
        self.assertEqual(client.response().body, b"hello")

    def test_forwarded_fields_of_an_untrusted_client_are_replaced(self):
        self.client().get("a.test", "/", headers=[("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "gopher"),
                                                  ("X-Forwarded-Host", "evil"), ("Forwarded", "for=6.6.6.6"),
                                                  ("X_Forwarded_For", "6.6.6.6"), ("X-Real-IP", "6.6.6.6")])
        request = self.backend.requests[-1]
        self.assertEqual(request.all("x-forwarded-for"), ["127.0.0.1"])
        self.assertEqual(request.all("x-forwarded-proto"), ["http"])
        self.assertEqual(request.all("x-forwarded-host"), ["a.test"])
        self.assertNotIn(b"6.6.6.6", request.raw)
        self.assertNotIn(b"evil", request.raw)

    def test_hop_by_hop_fields_are_dropped(self):
        self.client().get("a.test", "/", headers=[("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"),
                                                  ("Proxy-Connection", "keep-alive"), ("TE", "gzip"), ("Upgrade", "h2c"),
                                                  ("X-Kept", "yes")])
        request = self.backend.requests[-1]
        for name in ("x-hop", "keep-alive", "proxy-connection", "te", "upgrade"):
            self.assertEqual(request.all(name), [], name)
        self.assertEqual(request.all("x-kept"), ["yes"])
        self.assertEqual(len(request.all("host")), 1)

    def test_absolute_form_goes_out_in_origin_form(self):
        client = self.client()
        client.send("GET http://a.test/x?y=1 HTTP/1.1\r\nHost: a.test\r\n\r\n")
        self.assertEqual(client.response().status, 200)
        self.assertEqual((self.backend.requests[-1].target, self.backend.requests[-1].get("host")), ("/x?y=1", "a.test"))

    def test_path_is_normalised_before_it_is_forwarded(self):
        self.client().get("a.test", "/a/%2e%2e/b//c/%7Euser?q=%2f")
        self.assertEqual(self.backend.requests[-1].target, "/b/c/~user?q=%2f")

    def test_no_host_no_route(self):
        client = self.client()
        response = client.get("unknown.test")
        self.assertEqual(response.status, 404)
        self.assertEqual(client.get("a.test").status, 200)


class EarlyAnswers(unittest.TestCase):
    def test_early_final_answer_to_a_large_upload(self):
        def script(stream, sock):
            stream.head()
            sock.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
            stream.to_end()

        with Backend("early", script=script) as backend:
            folder = Folder()
            self.addCleanup(folder.close)
            folder.write("all", gateway(), service("b", [backend.port]), route("r", [{"backendRefs": [to("b")]}]))
            with Pintle(folder) as pintle:
                with Client(pintle.port(), seconds=20) as client:
                    size = 64 << 20
                    client.send(f"POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: {size}\r\n\r\n")

                    def upload():
                        block = b"z" * 65536
                        try:
                            for _ in range(size // len(block)):
                                client.sock.sendall(block)
                        except OSError:
                            pass

                    sender = threading.Thread(target=upload, daemon=True)
                    sender.start()
                    response = client.response()
                    self.assertEqual((response.status, response.body), (413, b"big"))
                    sender.join(20 * SLOW)
                    self.assertFalse(sender.is_alive(), "the upload must not hang after the early answer")


class Bodies(unittest.TestCase):
    """Streaming with back-pressure: memory stays flat whatever the size."""

    SIZE = 1 << 30

    def run_with(self, script, talk):
        with Backend("big", script=script) as backend:
            folder = Folder()
            self.addCleanup(folder.close)
            folder.write("all", gateway(), service("b", [backend.port]), route("r", [{"backendRefs": [to("b")]}]))
            with Pintle(folder, "--threads", "1") as pintle:
                with Client(pintle.port(), seconds=120) as client:
                    talk(pintle, client)

    def test_download_of_1_gib_with_a_stalled_reader(self):
        def script(stream, sock):
            stream.read_request()
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.SIZE)
            block = bytes(1 << 20)
            for _ in range(self.SIZE // len(block)):
                sock.sendall(block)

        def talk(pintle, client):
            client.send("GET / HTTP/1.1\r\nHost: x.test\r\n\r\n")
            wait_until(lambda: client.sock.recv(1) != b"", what="first byte")
            before = pintle.rss_kib()
            threading.Event().wait(1.0)  # the reader stalls while the backend pushes
            self.assertLess(pintle.rss_kib() - before, 1024 * SLOW)
            received, buffer = 0, bytearray(1 << 20)
            while received < self.SIZE - 1:
                n = client.sock.recv_into(buffer)
                if n == 0:
                    break
                received += n
            self.assertGreaterEqual(received, self.SIZE - 1)
            self.assertLess(pintle.rss_kib() - before, 2048 * SLOW)

        self.run_with(script, talk)

    def test_upload_of_1_gib_to_a_slow_backend(self):
        counted = []

        def script(stream, sock):
            stream.head()
            threading.Event().wait(1.0)
            total, buffer = len(stream.buffer), bytearray(1 << 20)
            while total < self.SIZE:
                n = sock.recv_into(buffer)
                if n == 0:
                    return
                total += n
            counted.append(total)
            sock.sendall(answer("done"))

        def talk(pintle, client):
            before = pintle.rss_kib()
            client.send(f"POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: {self.SIZE}\r\n\r\n")
            block = bytes(1 << 20)
            for _ in range(self.SIZE // len(block)):
                client.sock.sendall(block)
            self.assertEqual(client.response().body, b"done")
            self.assertEqual(counted, [self.SIZE])
            self.assertLess(pintle.rss_kib() - before, 2048 * SLOW)

        self.run_with(script, talk)


if __name__ == "__main__":
    unittest.main()
