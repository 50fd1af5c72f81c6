"""Session persistence (GEP-1619) through the real binary: who goes where, for how long, and what the client is told."""
import collections
import http.cookies
import ssl
import tempfile
import time
import unittest

from h2_peers import H2Backend, H2Client
from harness import SLOW, Backend, Client, Folder, Pintle, answer, certificate, fetch, gateway, prefix, route, secret, service, to
from test_grpc import call, grpc_route
from test_upgrade import UPGRADE

TOKEN = r"[A-Za-z0-9_-]{64}"


def cookie_of(response):
    """(name, value, the rest of the attributes) of the one cookie that is set; None without one."""
    values = response.all("set-cookie")
    if not values:
        return None
    assert len(values) == 1, values
    parsed = http.cookies.SimpleCookie(values[0])
    (name, morsel), = parsed.items()
    return name, morsel.value, morsel


def shown(response):
    name, value, _ = cookie_of(response)
    return [("Cookie", f"{name}={value}")]


def at(backend):
    return lambda request: answer(backend, headers=[("X-Backend", backend)])


class Sessions(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.backends = {}

    def pods(self, name, count):
        """Backends called name-0, name-1, ...; gives their ports."""
        for number in range(count):
            pod = f"{name}-{number}"
            self.backends[pod] = Backend(pod, respond=at(pod))
            self.addCleanup(self.backends[pod].close)
        return [self.backends[f"{name}-{number}"].port for number in range(count)]

    def start(self, *arguments, **more):
        pintle = Pintle(self.folder, *arguments, **more)
        pintle.__enter__()
        self.addCleanup(lambda: pintle.exit_code is None and pintle.__exit__(None, None, None))
        return pintle

    def serve(self, rules, *documents, **more):
        self.folder.write("all", gateway(), *documents)
        self.folder.write("routes", route("r", rules))
        return self.start(**more)

    def body(self, pintle, path="/", headers=()):
        return fetch(pintle.port(), "x.test", path, headers=headers).body.decode()

    def held(self, pintle, headers, path="/", turns=12):
        """Where requests with these headers go, each on a connection of its own."""
        return {self.body(pintle, path, headers) for _ in range(turns)}

    def test_a_session_holds_on_every_connection_and_worker(self):
        pintle = self.serve([{"sessionPersistence": {}, "backendRefs": [to("a")]}], service("a", self.pods("a", 5)))
        self.assertEqual(len(self.held(pintle, (), turns=40)), 5)
        for _ in range(5):
            first = fetch(pintle.port(), "x.test")
            name, value, attributes = cookie_of(first)
            self.assertRegex(name, "^pintle-session-[0-9a-f]{8}$")
            self.assertRegex(value, f"^{TOKEN}$")
            self.assertEqual((attributes["path"], attributes["max-age"], attributes["samesite"], bool(attributes["httponly"]),
                              bool(attributes["secure"])), ("/", "", "Strict", True, False))
            self.assertEqual(self.held(pintle, shown(first), turns=50), {first.body.decode()})
            self.assertEqual(fetch(pintle.port(), "x.test", headers=shown(first)).all("set-cookie"), [])

    def test_weights_are_for_new_sessions_and_a_weight_of_0_keeps_its_own(self):
        a, b = self.pods("a", 2), self.pods("b", 2)
        rule = {"sessionPersistence": {"sessionName": "s"}, "backendRefs": [to("a", 70), to("b", 30)]}
        pintle = self.serve([rule], service("a", a), service("b", b))
        told = [fetch(pintle.port(), "x.test") for _ in range(300)]
        self.assertAlmostEqual(sum(t.body.startswith(b"a") for t in told) / 300, 0.7, delta=0.12)
        of_a = next(t for t in told if t.body.startswith(b"a"))
        for weights in ((70, 30), (1, 1000), (0, 1)):
            rule["backendRefs"] = [to("b", weights[1]), to("a", weights[0])]
            pintle.edit(lambda: self.folder.write("routes", route("r", [rule])))
            self.assertEqual(self.held(pintle, shown(of_a)), {of_a.body.decode()}, weights)
        self.assertEqual({name[0] for name in self.held(pintle, ())}, {"b"})
        rule["backendRefs"] = [to("b")]
        pintle.edit(lambda: self.folder.write("routes", route("r", [rule])))
        moved = fetch(pintle.port(), "x.test", headers=shown(of_a))
        self.assertTrue(moved.body.startswith(b"b"))
        self.assertEqual(self.held(pintle, shown(moved)), {moved.body.decode()})

    def test_an_endpoint_that_is_not_ready_gives_way_and_keeps_nothing(self):
        ports = self.pods("a", 3)
        pintle = self.serve([{"sessionPersistence": {}, "backendRefs": [to("a")]}], service("a", ports))
        first = fetch(pintle.port(), "x.test")
        gone = int(first.body[-1:])
        rest = [port for number, port in enumerate(ports) if number != gone]
        pintle.edit(lambda: self.folder.write("all", gateway(), service("a", rest)))
        moved = fetch(pintle.port(), "x.test", headers=shown(first))
        self.assertNotEqual(moved.body, first.body)
        pintle.edit(lambda: self.folder.write("all", gateway(), service("a", ports)))
        self.assertEqual(self.held(pintle, shown(moved)), {moved.body.decode()})

    def test_an_endpoint_that_died_gives_way(self):
        pintle = self.serve([{"sessionPersistence": {}, "backendRefs": [to("a")]}], service("a", self.pods("a", 3)))
        first = fetch(pintle.port(), "x.test")
        self.backends[first.body.decode()].close()
        moved = fetch(pintle.port(), "x.test", headers=shown(first))
        self.assertEqual(moved.status, 200)
        self.assertNotEqual(moved.body, first.body)
        self.assertEqual(self.held(pintle, shown(moved)), {moved.body.decode()})

    def test_rules_do_not_share_sessions(self):
        rules = [{"name": name, "matches": [prefix(f"/{name}")], "sessionPersistence": {"sessionName": "s"}, "backendRefs": [to("a")]}
                 for name in ("one", "two")]
        pintle = self.serve(rules, service("a", self.pods("a", 4)))
        first = fetch(pintle.port(), "x.test", "/one")
        self.assertEqual(cookie_of(first)[2]["path"], "/one")
        self.assertGreater(len(self.held(pintle, shown(first), "/two", turns=30)), 1)
        second = fetch(pintle.port(), "x.test", "/two/x")
        both = [("Cookie", f"{shown(second)[0][1]}; {shown(first)[0][1]}")]
        self.assertEqual(self.held(pintle, both, "/one"), {first.body.decode()})
        self.assertEqual(self.held(pintle, both, "/two"), {second.body.decode()})
        # By its name a rule is the same one wherever it stands.
        pintle.edit(lambda: self.folder.write("routes", route("r", [{"matches": [prefix("/new")], "backendRefs": [to("a")]}, *reversed(rules)])))
        self.assertEqual(self.held(pintle, both, "/one"), {first.body.decode()})

    def test_header(self):
        session = {"sessionName": "X-Session", "type": "Header"}
        pintle = self.serve([{"sessionPersistence": session, "backendRefs": [to("a")]}], service("a", self.pods("a", 4)))
        first = fetch(pintle.port(), "x.test")
        self.assertRegex(first.get("x-session"), f"^{TOKEN}$")
        self.assertEqual(first.all("set-cookie"), [])
        self.assertEqual(self.held(pintle, [("x-session", first.get("x-session"))]), {first.body.decode()})
        self.assertIsNone(fetch(pintle.port(), "x.test", headers=[("x-session", first.get("x-session"))]).get("x-session"))

    def test_absolute_timeout(self):
        session = {"absoluteTimeout": f"{int(2 * SLOW)}s", "cookieConfig": {"lifetimeType": "Permanent"}}
        pintle = self.serve([{"sessionPersistence": session, "backendRefs": [to("a")]}], service("a", self.pods("a", 3)))
        first = fetch(pintle.port(), "x.test")
        self.assertEqual(cookie_of(first)[2]["max-age"], str(int(2 * SLOW)))
        self.assertEqual(fetch(pintle.port(), "x.test", headers=shown(first)).all("set-cookie"), [])
        time.sleep(2 * SLOW + 1)
        self.assertEqual(len(fetch(pintle.port(), "x.test", headers=shown(first)).all("set-cookie")), 1)

    def test_a_restart_ends_no_session(self):
        state = tempfile.mkdtemp(prefix="pintle-test-state-")
        pintle = self.serve([{"sessionPersistence": {}, "backendRefs": [to("a")]}], service("a", self.pods("a", 4)),
                            env={"XDG_STATE_HOME": state})
        first = fetch(pintle.port(), "x.test")
        pintle.__exit__(None, None, None)
        again = self.start(env={"XDG_STATE_HOME": state})
        self.assertEqual(self.held(again, shown(first)), {first.body.decode()})
        again.__exit__(None, None, None)
        other = self.start()
        self.assertGreater(len(self.held(other, shown(first), turns=40)), 1, "another key")

    def test_what_is_no_token_is_no_session(self):
        pintle = self.serve([{"sessionPersistence": {"sessionName": "s"}, "backendRefs": [to("a")]}], service("a", self.pods("a", 2)))
        token = cookie_of(fetch(pintle.port(), "x.test"))[1]
        for value in ("", "A" * 64, token[1:] + token[:1], "\x80" * 64):
            response = fetch(pintle.port(), "x.test", headers=[("Cookie", f"s={value}")])
            self.assertEqual((response.status, len(response.all("set-cookie"))), (200, 1), value)

    def test_what_has_not_the_form_of_a_token_is_the_applications_own(self):
        pintle = self.serve([{"sessionPersistence": {"sessionName": "s"}, "backendRefs": [to("a")]}], service("a", self.pods("a", 2)))
        token = cookie_of(fetch(pintle.port(), "x.test"))[1]
        for value in ("x", token[:-1], token + "A", "%00", '"' + token + '"'):
            response = fetch(pintle.port(), "x.test", headers=[("Cookie", f"s={value}")])
            self.assertEqual((response.status, len(response.all("set-cookie"))), (200, 0), value)

    def test_tls_and_http2(self):
        pair = certificate(self.folder.path, "x", ["x.test"])
        listeners = [{"name": "https", "protocol": "HTTPS", "port": 443, "tls": {"certificateRefs": [{"name": "cert"}]}}]
        self.folder.write("all", gateway(listeners=listeners), secret("cert", *pair), service("a", self.pods("a", 4)))
        self.folder.write("routes", route("r", [{"sessionPersistence": {"sessionName": "s"}, "backendRefs": [to("a")]}]))
        pintle = self.start()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with Client(pintle.port(443), tls=context, server_name="x.test") as client:
            first = client.get("x.test")
        self.assertTrue(cookie_of(first)[2]["secure"])
        value = cookie_of(first)[1]
        with H2Client(pintle.port(443), tls=context, server_name="x.test") as client:
            # Crumbs of the cookie, as browsers send them (RFC 9113 section 8.2.3).
            for _ in range(8):
                got = client.get("x.test", headers=[("cookie", "a=b"), ("cookie", f"s={value}"), ("cookie", "c=d")], scheme="https")
                self.assertEqual((got.body, got.headers.get("set-cookie")), (first.body, None))
            told = client.get("x.test", scheme="https").headers["set-cookie"]
            self.assertRegex(told, f"^s={TOKEN}; Path=/; HttpOnly; SameSite=Strict; Secure$")

    def test_grpc(self):
        pods = [H2Backend(f"g-{number}") for number in range(4)]
        for pod in pods:
            self.addCleanup(pod.close)
        rules = [{"matches": [call("shop.Cart")], "backendRefs": [to("g")], "sessionPersistence": {"type": "Header", "sessionName": "session-id"}},
                 {"matches": [call("shop.Till", "Open")], "backendRefs": [to("g")], "sessionPersistence": {}}]
        self.folder.write("all", gateway(), service("g", [pod.port for pod in pods]), grpc_route("calls", rules))
        pintle = self.start()
        with H2Client(pintle.port()) as client:
            def ask(path, *headers):
                stream = client.request("x.test", path, "POST", [("content-type", "application/grpc"), ("te", "trailers"), *headers], end=False)
                client.send(stream, b"\0\0\0\0\1x", end=True)
                return client.until(stream)

            first = ask("/shop.Cart/Add")
            self.assertRegex(first.headers["session-id"], f"^{TOKEN}$")
            self.assertEqual(first.trailers["grpc-status"], "0")
            told = [ask("/shop.Cart/Add", ("session-id", first.headers["session-id"])) for _ in range(50)]
            self.assertEqual({t.headers["x-backend"] for t in told}, {first.headers["x-backend"]})
            self.assertEqual(len({ask("/shop.Cart/Add").headers["x-backend"] for _ in range(50)}), 4)
            first = ask("/shop.Till/Open")
            self.assertRegex(first.headers["set-cookie"], f"={TOKEN}; Path=/shop.Till/Open; HttpOnly; SameSite=Strict$")
            told = [ask("/shop.Till/Open", ("cookie", first.headers["set-cookie"].split(";")[0])) for _ in range(50)]
            self.assertEqual({t.headers["x-backend"] for t in told}, {first.headers["x-backend"]})

    def test_websocket(self):
        def script(stream, sock):
            stream.read_request()
            sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n")
            stream.to_end()

        backend = Backend("ws", script=script)
        self.addCleanup(backend.close)
        pintle = self.serve([{"sessionPersistence": {}, "backendRefs": [to("ws")]}], service("ws", [backend.port], "kubernetes.io/ws"))
        with Client(pintle.port()) as client:
            client.send(UPGRADE % "dGhlIHNhbXBsZSBub25jZQ==")
            response = client.response()
        self.assertEqual(response.status, 101)
        self.assertRegex(cookie_of(response)[1], f"^{TOKEN}$")

    def test_retries_stay_at_the_endpoint_and_leave_one_that_breaks(self):
        seen = collections.Counter()

        def respond(name):
            def flaky(request):
                seen[request.target, name] += 1
                if request.target == "/busy" and sum(n for (t, _), n in seen.items() if t == "/busy") % 2:
                    return answer("no", "503 No")
                return answer(name)
            return flaky

        ports = self.pods("a", 3)
        for name, backend in self.backends.items():
            backend.respond = respond(name)
        pintle = self.serve([{"sessionPersistence": {}, "retry": {"codes": [503], "attempts": 2}, "backendRefs": [to("a")]}], service("a", ports))
        first = fetch(pintle.port(), "x.test")
        for _ in range(6):
            self.assertEqual(fetch(pintle.port(), "x.test", "/busy", headers=shown(first)).body, first.body)
        self.assertEqual({name for target, name in seen if target == "/busy"}, {first.body.decode()})
        self.backends[first.body.decode()].close()
        moved = fetch(pintle.port(), "x.test", headers=shown(first))
        self.assertNotEqual(moved.body, first.body)
        self.assertIsNotNone(cookie_of(moved))


if __name__ == "__main__":
    unittest.main()
