"""CORS through the real binary: preflights never reach a backend, and the gateway's word replaces the backend's."""
import unittest

from harness import Backend, Client, Folder, Pintle, answer, fetch, free_port, gateway, prefix, route, service, to

LISTED = {"allowOrigins": ["https://www.foo.com", "https://*.bar.com"], "allowMethods": ["GET", "OPTIONS"],
          "allowHeaders": ["x-header-1", "x-header-2"], "exposeHeaders": ["x-header-3", "x-header-4"],
          "allowCredentials": True, "maxAge": 3600}
STARS = {"allowOrigins": ["*"], "allowMethods": ["*"], "allowHeaders": ["*"], "exposeHeaders": ["*"]}


def rule(path, cors, **more):
    return {"matches": [prefix(path)], "filters": [{"type": "CORS", "cors": cors}], "backendRefs": [to("one")], **more}


class Cors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # A backend with ideas of its own.
        cls.backend = Backend("one", respond=lambda request: answer("one", headers=[
            ("Access-Control-Allow-Origin", "*"), ("access-control-allow-credentials", "true"), ("X-Mine", "1")]))
        cls.folder = Folder()
        cls.folder.write("all", gateway(), service("one", [cls.backend.port]), service("dead", [free_port()]),
                         route("r", [rule("/listed", LISTED), rule("/stars", STARS),
                                     rule("/credentials", {**STARS, "allowCredentials": True}),
                                     {"matches": [prefix("/dead")], "filters": [{"type": "CORS", "cors": LISTED}],
                                      "backendRefs": [to("dead")]},
                                     {"matches": [prefix("/moved")],
                                      "filters": [{"type": "CORS", "cors": LISTED},
                                                  {"type": "RequestRedirect", "requestRedirect": {"hostname": "b.test"}}]},
                                     {"matches": [prefix("/backend")], "backendRefs": [
                                         {**to("one"), "filters": [{"type": "CORS", "cors": {"allowOrigins": ["http://b"]}}]}]},
                                     {"matches": [prefix("/plain")], "backendRefs": [to("one")]}], ["a.test"]))
        cls.pintle = Pintle(cls.folder).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.pintle.__exit__(None, None, None)
        cls.backend.close()
        cls.folder.close()

    def setUp(self):
        self.backend.requests.clear()

    def ask(self, path, origin=None, method="GET", **fields):
        headers = [("Origin", origin)] if origin else []
        headers += [(name.replace("_", "-"), value) for name, value in fields.items()]
        return fetch(self.pintle.port(), "a.test", path, method=method, headers=headers)

    def preflight(self, path, origin, method="PUT", headers="X-Header-1"):
        response = self.ask(path, origin, "OPTIONS", Access_Control_Request_Method=method,
                            Access_Control_Request_Headers=headers)
        self.assertEqual((response.status, response.body), (204, b""))
        self.assertEqual(self.backend.requests, [], "a preflight is the gateway's")
        return {name.lower()[len("access-control-"):]: value for name, value in response.headers
                if name.lower().startswith("access-control-")}

    def test_preflight_with_lists(self):
        for origin in ("https://www.foo.com", "https://www.bar.com", "https://xpto.www.bar.com"):
            self.assertEqual(self.preflight("/listed", origin),
                             {"allow-origin": origin, "allow-credentials": "true", "allow-methods": "GET, OPTIONS",
                              "allow-headers": "x-header-1, x-header-2", "expose-headers": "x-header-3, x-header-4",
                              "max-age": "3600"})

    def test_preflight_of_another_origin_allows_nothing(self):
        for origin in ("https://bar.com", "https://evil.example", "http://www.foo.com", "null"):
            self.assertEqual(self.preflight("/listed", origin), {}, origin)

    def test_preflight_with_stars(self):
        self.assertEqual(self.preflight("/stars", "https://any.example:8080"),
                         {"allow-origin": "*", "allow-methods": "*", "allow-headers": "*", "expose-headers": "*",
                          "max-age": "5"})

    def test_with_credentials_a_star_is_said_by_name(self):
        self.assertEqual(self.preflight("/credentials", "https://any.example", "PUT", "X-A, X-B"),
                         {"allow-origin": "https://any.example", "allow-credentials": "true", "allow-methods": "PUT",
                          "allow-headers": "X-A, X-B", "max-age": "5"})
        response = self.ask("/credentials", "https://any.example")
        self.assertEqual(response.all("access-control-allow-origin"), ["https://any.example"])
        self.assertEqual(response.all("access-control-allow-credentials"), ["true"])
        self.assertIn("X-Mine", response.get("access-control-expose-headers"))

    def test_actual_request(self):
        response = self.ask("/listed", "https://www.foo.com")
        self.assertEqual(response.body, b"one")
        self.assertEqual(response.all("access-control-allow-origin"), ["https://www.foo.com"])
        self.assertEqual(response.all("access-control-allow-credentials"), ["true"])
        self.assertEqual(response.all("access-control-expose-headers"), ["x-header-3, x-header-4"])
        self.assertEqual(response.all("vary"), ["Origin"])
        response = self.ask("/stars", "https://www.foo.com")
        self.assertEqual(response.all("access-control-allow-origin"), ["*"])
        self.assertEqual(response.all("access-control-allow-credentials"), [])

    def test_actual_request_of_another_origin_is_forwarded_and_not_allowed(self):
        for origin in ("https://evil.example", None):
            response = self.ask("/listed", origin)
            self.assertEqual(response.body, b"one")
            self.assertEqual([n for n, _ in response.headers if n.lower().startswith("access-control-")], [])
            self.assertEqual(response.all("vary"), ["Origin"])

    def test_options_that_is_no_preflight_reaches_the_backend(self):
        self.assertEqual(self.ask("/listed", "https://www.foo.com", "OPTIONS").body, b"one")
        self.assertEqual(self.ask("/listed", None, "OPTIONS", Access_Control_Request_Method="PUT").body, b"one")

    def test_own_answers_can_be_read_by_the_page(self):
        for path, status in (("/dead", 503), ("/moved", 302)):
            response = self.ask(path, "https://www.foo.com")
            self.assertEqual(response.status, status)
            self.assertEqual(response.all("access-control-allow-origin"), ["https://www.foo.com"])
        self.assertEqual(self.preflight("/moved", "https://www.foo.com")["allow-origin"], "https://www.foo.com")

    def test_filter_of_a_backend(self):
        self.assertEqual(self.preflight("/backend", "http://b"), {"allow-origin": "http://b", "max-age": "5"})
        self.assertEqual(self.ask("/backend", "http://b").all("access-control-allow-origin"), ["http://b"])

    def test_a_rule_without_cors_is_left_alone(self):
        response = self.ask("/plain", "https://www.foo.com", "OPTIONS", Access_Control_Request_Method="PUT")
        self.assertEqual(response.body, b"one")
        self.assertEqual(response.all("access-control-allow-origin"), ["*"])

    def test_connection_goes_on_after_a_preflight(self):
        with Client(self.pintle.port()) as client:
            for _ in range(3):
                client.get("a.test", "/listed", "OPTIONS", [("Origin", "https://www.foo.com"),
                                                            ("Access-Control-Request-Method", "GET")])
            self.assertEqual(client.get("a.test", "/listed").body, b"one")


if __name__ == "__main__":
    unittest.main()
