"""Retries by rule (GEP-1731) through the real binary: which failures, how often, what of the body, within which time."""
import threading
import time
import unittest

from h2_peers import H2Backend, H2Client
from harness import SLOW, Backend, Client, Folder, Pintle, answer, fetch, gateway, route, service, to


class Flaky:
    """Fails the first `failures` requests of each path, each by `fail`."""

    def __init__(self, failures, fail):
        self.failures, self.fail, self.seen, self.lock = failures, fail, {}, threading.Lock()
        self.times = []

    def __call__(self, request):
        with self.lock:
            self.times.append(time.monotonic())
            count = self.seen[request.target] = self.seen.get(request.target, 0) + 1
        return self.fail(request) if count <= self.failures else answer(request.body or b"ok")


def status(code):
    return lambda request: answer("no", f"{code} No")


def slow(seconds):
    def wait(request):
        time.sleep(seconds)
        return answer("late")
    return wait


class Retry(unittest.TestCase):
    def serve(self, fail, failures, retry, *arguments, timeouts=None):
        self.flaky = Flaky(failures, fail)
        self.backend = Backend("b", respond=self.flaky)
        self.addCleanup(self.backend.close)
        folder = Folder()
        self.addCleanup(folder.close)
        rule = {"backendRefs": [to("b")], "retry": retry, **({"timeouts": timeouts} if timeouts else {})}
        folder.write("all", gateway(), service("b", [self.backend.port]), route("r", [rule]))
        pintle = Pintle(folder, *arguments)
        pintle.__enter__()
        self.addCleanup(pintle.__exit__, None, None, None)
        return pintle

    def tries(self):
        return len(self.backend.requests)

    def test_codes_and_attempts(self):
        for failures, code, expected, tries in ((2, 500, 200, 3), (3, 500, 200, 4), (4, 500, 500, 4), (1, 503, 503, 1), (1, 404, 404, 1)):
            with self.subTest(failures=failures, code=code):
                pintle = self.serve(status(code), failures, {"codes": [500, 502], "attempts": 3})
                self.assertEqual(fetch(pintle.port(), "x.test").status, expected)
                self.assertEqual(self.tries(), tries)

    def test_attempts_are_two_unless_said(self):
        pintle = self.serve(status(502), 9, {"codes": [502]})
        self.assertEqual(fetch(pintle.port(), "x.test").status, 502)
        self.assertEqual(self.tries(), 3)

    def test_broken_connections(self):
        pintle = self.serve(lambda request: None, 2, {"attempts": 2})
        for method in ("GET", "POST"):
            with self.subTest(method):
                self.assertEqual(fetch(pintle.port(), "x.test", f"/{method}", method=method).status, 200)
        self.flaky.failures = 9
        self.assertEqual(fetch(pintle.port(), "x.test", "/always").status, 502)

    def test_a_request_gives_back_what_it_took_of_the_budget(self):
        """An answer with a code, then a pooled connection that is closed: two reasons to try again, one retry."""
        pair, seen = threading.Barrier(2), {}

        def respond(request):
            if request.target == "/warm":
                pair.wait(10 * SLOW)
                return answer("warm")
            count = seen[request.target] = seen.get(request.target, 0) + 1
            return answer("no", "503 No") if count == 1 else None if count == 2 and request.target != "/last" else answer("ok")
        pintle = self.serve(None, 0, {"codes": [503], "attempts": 1}, "--threads", "1")
        self.backend.respond = respond
        for number in range(12):  # a quiet worker may do ten at a time
            warm = [threading.Thread(target=fetch, args=(pintle.port(), "x.test", "/warm")) for _ in range(2)]
            for thread in warm:
                thread.start()
            for thread in warm:
                thread.join()
            self.assertEqual(fetch(pintle.port(), "x.test", f"/{number}").status, 200, number)
            self.assertEqual(seen[f"/{number}"], 3)
        self.assertEqual(fetch(pintle.port(), "x.test", "/last").status, 200)

    def test_refused_connections(self):
        for retry in ({"attempts": 3, "backoff": f"{int(300 * SLOW)}ms"}, {"attempts": 20}):
            with self.subTest(retry):
                pintle = self.serve(None, 0, retry)
                port = self.backend.port
                self.backend.close()
                back = []
                timer = threading.Timer(0.4, lambda port=port, back=back: back.append(Backend("back", port=port)))
                timer.start()
                self.assertEqual(fetch(pintle.port(), "x.test").status, 200)
                timer.join()
                back[0].close()

    def test_refused_for_good(self):
        pintle = self.serve(None, 0, {"attempts": 3})
        self.backend.close()
        began = time.monotonic()
        self.assertEqual(fetch(pintle.port(), "x.test").status, 503)
        self.assertGreaterEqual(time.monotonic() - began, 0.3)  # each try after a wait, though none was asked for

    def test_backend_timeout(self):
        pintle = self.serve(slow(2 * SLOW), 1, {"attempts": 1}, timeouts={"backendRequest": f"{int(300 * SLOW)}ms"})
        self.assertEqual(fetch(pintle.port(), "x.test").status, 200)
        self.flaky.failures = 2
        self.assertEqual(fetch(pintle.port(), "x.test", "/twice").status, 504)

    def test_request_timeout_covers_all_tries(self):
        pintle = self.serve(slow(0.4 * SLOW), 100, {"attempts": 50},
                            timeouts={"request": f"{int(1000 * SLOW)}ms", "backendRequest": f"{int(200 * SLOW)}ms"})
        began = time.monotonic()
        self.assertEqual(fetch(pintle.port(), "x.test").status, 504)
        self.assertLess(time.monotonic() - began, 2.5 * SLOW)
        self.assertGreater(self.tries(), 1)

    def test_backoff_is_kept_and_grows(self):
        pintle = self.serve(status(500), 3, {"codes": [500], "attempts": 3, "backoff": "200ms"})
        self.assertEqual(fetch(pintle.port(), "x.test").status, 200)
        waits = [b - a for a, b in zip(self.flaky.times, self.flaky.times[1:])]
        for wait, least in zip(waits, (0.2, 0.4, 0.8)):
            self.assertGreaterEqual(wait, least)

    def test_client_that_leaves_while_it_waits(self):
        pintle = self.serve(status(500), 9, {"codes": [500], "attempts": 3, "backoff": "30s"})
        with Client(pintle.port()) as client:
            client.send("GET / HTTP/1.1\r\nHost: x.test\r\n\r\n")
            time.sleep(0.3)
            client.reset()
        self.assertEqual(self.tries(), 1)

    def test_body_is_sent_again_within_a_bound(self):
        pintle = self.serve(status(500), 1, {"codes": [500], "attempts": 1})
        cases = ((0, 200), (10, 200), (30_000, 200), (60_000, 200), (70_000, 500), (1_000_000, 500))
        for size, expected in cases:
            for framing in ("length", "chunked"):
                with self.subTest(size=size, framing=framing), Client(pintle.port()) as client:
                    body = bytes(i & 0xFF for i in range(size))
                    head = f"POST /{framing}/{size} HTTP/1.1\r\nHost: x.test\r\n"
                    if framing == "length":
                        client.send(f"{head}Content-Length: {size}\r\n\r\n")
                        for at in range(0, size, 10_000):
                            client.send(body[at:at + 10_000])
                    else:
                        client.send(f"{head}Transfer-Encoding: chunked\r\n\r\n")
                        for at in range(0, size, 10_000):
                            part = body[at:at + 10_000]
                            client.send(b"%x\r\n%s\r\n" % (len(part), part))
                        client.send(b"0\r\n\r\n")
                    response = client.response()
                    self.assertEqual(response.status, expected)
                    if expected == 200:
                        self.assertEqual(response.body, body or b"ok")

    def test_bodies_over_http2(self):
        """From a client that speaks HTTP/2, to a backend that speaks it and to one that does not."""
        for app_protocol in (None, "kubernetes.io/h2c"):
            with self.subTest(app_protocol):
                flaky = Flaky(1, status(500))
                backend = H2Backend(failures=1) if app_protocol else Backend("b", respond=flaky)
                self.addCleanup(backend.close)
                folder = self.enterContext(Folder())
                folder.write("all", gateway(), service("b", [backend.port], app_protocol),
                             route("r", [{"backendRefs": [to("b")], "retry": {"codes": [500], "attempts": 1}}]))
                pintle = self.enterContext(Pintle(folder))
                body = bytes(i & 0xFF for i in range(50_000))
                with H2Client(pintle.port()) as client:
                    stream = client.request("x.test", "/", "POST", end=False)
                    for at in range(0, len(body), 7_000):
                        client.send(stream, body[at:at + 7_000], end=at + 7_000 >= len(body))
                    answered = client.until(stream)
                    self.assertEqual((answered.status, answered.body), (200, body))
                self.assertEqual(len(backend.requests), 2)

    def test_nothing_is_repeated_once_an_answer_has_begun(self):
        def script(stream, sock):
            stream.read_request()
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        pintle = self.serve(None, 0, {"codes": [500], "attempts": 3})
        self.backend.script = script
        with Client(pintle.port()) as client, self.assertRaises(ConnectionError):
            client.get("x.test")
        self.assertEqual(self.backend.connections, 1)

    def test_without_retry_nothing_changes(self):
        pintle = self.serve(status(500), 1, {"codes": [503], "attempts": 3})
        self.assertEqual(fetch(pintle.port(), "x.test").status, 500)
        self.assertEqual(self.tries(), 1)


if __name__ == "__main__":
    unittest.main()
