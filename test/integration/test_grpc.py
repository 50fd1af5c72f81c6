"""gRPC through the real binary, as far as the gateway answers itself: in the shape that a gRPC client reads."""
import os
import time
import unittest

from h2_peers import H2Backend, H2Client
from harness import SLOW, Backend, Folder, Pintle, answer, fetch, free_port, gateway, service, to, wait_until


def grpc_route(name, rules, **spec):
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute", "metadata": {"name": name, "namespace": "default"},
            "spec": {"parentRefs": [{"name": "gw"}], "rules": rules, **spec}}


def call(service_name, method=None):
    return {"method": {"service": service_name, **({"method": method} if method else {})}}


class OwnAnswers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        def slow(request):
            time.sleep(3 * SLOW)
            return answer("late")
        cls.slow, cls.page = Backend("slow", respond=slow), Backend("page")
        cls.folder = Folder()
        cls.folder.write("all", gateway(), service("slow", [cls.slow.port]), service("dead", [free_port()]), service("none", []),
                         service("page", [cls.page.port]),
                         grpc_route("calls", [{"matches": [call("a.Slow")], "backendRefs": [to("slow")]},
                                              {"matches": [call("a.Dead")], "backendRefs": [to("dead")]},
                                              {"matches": [call("a.None")], "backendRefs": [to("none")]},
                                              {"matches": [call("a.Gone", "Get")], "backendRefs": [to("gone")]},
                                              {"matches": [call("a.Zero")], "backendRefs": [to("slow", 0)]}]),
                         {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "pages", "namespace": "default"},
                          "spec": {"parentRefs": [{"name": "gw"}], "rules": [
                              {"matches": [{"path": {"value": "/a.Slow"}}, {"path": {"value": "/page"}}], "backendRefs": [to("page")]},
                              {"matches": [{"path": {"value": "/moved"}}], "filters": [
                                  {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]}]}})
        cls.pintle = Pintle(cls.folder).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.pintle.__exit__(None, None, None)
        cls.slow.close()
        cls.page.close()
        cls.folder.close()

    def call(self, path, *headers, content_type="application/grpc"):
        return fetch(self.pintle.port(), "x.test", path, method="POST", headers=[("Content-Type", content_type), ("TE", "trailers"), *headers])

    def expect(self, response, status):
        self.assertEqual((response.status, response.get("content-type"), response.get("grpc-status"), response.body),
                         (200, "application/grpc", str(status), b""))
        self.assertTrue(response.get("grpc-message"))

    def test_a_redirect_is_one_to_every_client(self):
        response = self.call("/moved")
        self.assertEqual((response.status, response.get("location"), response.get("grpc-status")),
                         (301, "https://x.test/moved", None))

    def test_no_route_is_unimplemented(self):
        for path in ("/a.Other/Get", "/a.Gone/Put", "/", "/a.Gone"):
            self.expect(self.call(path), 12)

    def test_backends_that_cannot_serve_are_unavailable(self):
        for path in ("/a.Dead/Get", "/a.None/Get", "/a.Gone/Get", "/a.Zero/Get"):
            self.expect(self.call(path), 14)

    def test_deadline(self):
        began = time.monotonic()
        self.expect(self.call("/a.Slow/Get", ("grpc-timeout", f"{int(300 * SLOW)}m")), 4)
        self.assertLess(time.monotonic() - began, 2.5 * SLOW)

    def test_what_is_not_grpc_is_another_protocol(self):
        for content_type in ("application/json", "application/grpc-web"):
            response = self.call("/a.Dead/Get", content_type=content_type)
            self.assertEqual((response.status, response.get("grpc-status")), (404, None))
            self.assertEqual(self.call("/a.Slow/Get", content_type=content_type).body, b"page")

    def test_http_route_of_the_same_hostname(self):
        self.assertEqual(self.call("/page").body, b"page")
        self.assertEqual(fetch(self.pintle.port(), "x.test", "/page").body, b"page")
        self.assertEqual(fetch(self.pintle.port(), "x.test", "/nothing").status, 404)


class Calls(unittest.TestCase):
    """By a client and backends that speak HTTP/2 through a library that is not ours."""

    @classmethod
    def setUpClass(cls):
        cls.one, cls.two, cls.copy, cls.silent = H2Backend("one"), H2Backend("two"), H2Backend("copy"), H2Backend("silent", silent=True)
        for backend in (cls.one, cls.two, cls.copy, cls.silent):
            cls.addClassCleanup(backend.close)
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.close)
        cls.folder.write("all", gateway(), service("one", [cls.one.port]), service("two", [cls.two.port], "kubernetes.io/h2c"),
                         service("copy", [cls.copy.port]), service("silent", [cls.silent.port]),
                         grpc_route("calls", [
                             {"matches": [call("shop.Cart", "Add")], "backendRefs": [to("one")]},
                             {"matches": [call("shop.Cart")], "backendRefs": [to("two")]},
                             {"matches": [{"method": {"method": "Ping"}}], "backendRefs": [to("two")]},
                             {"matches": [{"headers": [{"name": "version", "value": "two"}]}], "backendRefs": [to("two")]},
                             {"matches": [call("shop.Both")], "backendRefs": [to("one", 7), to("two", 3)]},
                             {"matches": [call("shop.Share")], "backendRefs": [to("one", 6), to("gone", 4)]},
                             {"matches": [call("shop.Silent")], "backendRefs": [to("silent")]},
                             {"matches": [call("shop.Mirrored")], "backendRefs": [to("one")],
                              "filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": to("copy")}},
                                          {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-a", "value": "1"}]}}]}]))
        cls.pintle = Pintle(cls.folder).__enter__()
        cls.addClassCleanup(lambda: cls.pintle.__exit__(None, None, None))

    def call(self, client, path, *headers, body=b"\0\0\0\0\1x"):
        stream = client.request("x.test", path, "POST", [("content-type", "application/grpc"), ("te", "trailers"), *headers], end=False)
        client.send(stream, body, end=True)
        return client.until(stream)

    def test_routes_and_trailers(self):
        with H2Client(self.pintle.port()) as client:
            for path, headers, backend in (("/shop.Cart/Add", (), "one"), ("/shop.Cart/Remove", (), "two"), ("/any.Thing/Ping", (), "two"),
                                           ("/any.Thing/Pong", (("version", "two"),), "two"), ("/shop.Cart/Add", (("version", "two"),), "one")):
                answered = self.call(client, path, *headers)
                self.assertEqual((answered.status, answered.headers.get("x-backend"), answered.trailers.get("grpc-status"), answered.body),
                                 (200, backend, "0", b"\0\0\0\0\1x"), path)
            answered = self.call(client, "/any.Thing/Pong")
            self.assertEqual((answered.status, answered.headers.get("grpc-status"), answered.body, answered.trailers), (200, "12", b"", {}))

    def test_weights(self):
        with H2Client(self.pintle.port()) as client:
            names = [self.call(client, "/shop.Both/Get").headers["x-backend"] for _ in range(500)]
        self.assertAlmostEqual(names.count("one") / 500, 0.7, delta=0.1)

    def test_a_share_without_a_backend_is_unavailable(self):
        with H2Client(self.pintle.port()) as client:
            answers = [self.call(client, "/shop.Share/Get") for _ in range(500)]
        told = [(a.status, a.headers.get("grpc-status"), a.trailers.get("grpc-status")) for a in answers]
        self.assertEqual(set(told), {(200, "14", None), (200, None, "0")})
        self.assertAlmostEqual(told.count((200, "14", None)) / 500, 0.4, delta=0.1)

    def test_a_deadline_before_the_answer(self):
        """The backend is told that nobody waits any more."""
        before = len(self.silent.resets)
        with H2Client(self.pintle.port()) as client:
            began = time.monotonic()
            answered = self.call(client, "/shop.Silent/Get", ("grpc-timeout", f"{int(300 * SLOW)}m"))
            self.assertLess(time.monotonic() - began, 2 * SLOW)
            self.assertEqual((answered.status, answered.headers["grpc-status"], answered.reset), (200, "4", None))
            wait_until(lambda: len(self.silent.resets) == before + 1, what="the reset of the backend's stream")
            self.assertEqual(self.call(client, "/shop.Cart/Add").trailers["grpc-status"], "0")

    def test_a_deadline_inside_the_answer(self):
        """Half an answer must not look like a whole one: its stream is reset, both ways, and the connection goes on."""
        before = len(self.one.resets)
        with H2Client(self.pintle.port()) as client:
            stream = client.request("x.test", "/shop.Cart/Add", "POST",
                                    [("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", f"{int(300 * SLOW)}m")], end=False)
            client.send(stream, b"\0\0\0\0\1x")
            answered = client.until(stream)
            self.assertEqual((answered.status, answered.body, answered.ended), (200, b"\0\0\0\0\1x", False))
            self.assertIsNotNone(answered.reset)
            wait_until(lambda: len(self.one.resets) == before + 1, what="the reset of the backend's stream")
            self.assertEqual(self.call(client, "/shop.Cart/Add").trailers["grpc-status"], "0")

    def test_a_stream_goes_on_through_edits(self):
        """A message to and fro ten times a second, while its route changes; PINTLE_STREAM_SECONDS says for how long, 3 s else."""
        seconds = float(os.environ.get("PINTLE_STREAM_SECONDS", "3"))
        folder = self.enterContext(Folder())
        rule = {"matches": [call("shop.Chat")], "backendRefs": [to("one")]}
        folder.write("all", gateway(), service("one", [self.one.port]))
        folder.write("route", grpc_route("calls", [rule]))
        pintle = self.enterContext(Pintle(folder))
        with H2Client(pintle.port()) as client:
            stream = client.request("x.test", "/shop.Chat/Talk", "POST", [("content-type", "application/grpc"), ("te", "trailers")], end=False)
            messages, ends, edited = 0, time.monotonic() + seconds, 0.0
            while time.monotonic() < ends:
                message = b"\0\0\0\0\4" + messages.to_bytes(4)
                client.answers[stream].body = b""
                client.send(stream, message)
                client.until(stream, lambda got, size=len(message): len(got.body) >= size or got.ended or got.reset is not None)
                self.assertEqual(client.answers[stream].body, message)
                messages += 1
                if time.monotonic() - edited > max(0.5, seconds / 200):
                    edited = time.monotonic()
                    folder.write("route", grpc_route("calls", [rule, {"matches": [call(f"shop.Other{messages}")], "backendRefs": [to("one")]}]))
                time.sleep(0.1)
            client.send(stream, b"", end=True)
            self.assertEqual(client.until(stream).trailers["grpc-status"], "0")
        self.assertGreater(messages, 5 * seconds / SLOW)
        self.assertGreater(pintle.generation(), 3)

    def test_mirror_and_headers(self):
        with H2Client(self.pintle.port()) as client:
            for _ in range(5):
                self.assertEqual(self.call(client, "/shop.Mirrored/Get").headers["x-backend"], "one")
        wait_until(lambda: len(self.copy.requests) == 5, what="the copies")
        self.assertEqual({(r[":path"], r["x-a"], r["content-type"]) for r in self.copy.requests},
                         {("/shop.Mirrored/Get", "1", "application/grpc")})


if __name__ == "__main__":
    unittest.main()
