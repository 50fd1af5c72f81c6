"""What `explain` says, live and offline, is what becomes of real requests: random requests against a random-looking
configuration, each compared with the answer and with the access log."""
import json
import random
import ssl
import subprocess
import unittest
import urllib.parse

from harness import PINTLE, SLOW, Backend, Client, Folder, Pintle, gateway, route, service, to, wait_until

HOSTS = ["a.test", "A.TEST", "a.test.", "b.test", "x.wild.test", "deep.x.wild.test", "nobody.test", "shop.only.test", "127.0.0.1"]
PATHS = ["/", "/a%2Fb", "/a/./b", "/a//b", "/a;x", "/re/1%32", "/%7Ea", "/a/%2e%2e/b", "/exact%3F", "/a", "/a/", "/a/b", "/ab", "/A", "/a/../b", "/b//c", "/%61", "/re/123", "/re/abc", "/exact", "/exact/", "/%zz",
         "/old/1", "/gone", "/denied", "/half"]
METHODS = ["GET", "POST", "DELETE", "OPTIONS", "PATCH", "BREW"]
HEADERS = [None, ("X-CANARY", "yes "), ("x-canary", ""), ("x-canary", "yes, yes"), ("x-canary", "yes"), ("x-canary", "no"), ("X-Canary", "yes"), ("x-two", "1"),
           ("content-type", "application/grpc"), ("Content-Type", "application/grpc+proto")]
QUERIES = ["", "?q=1", "?q=2", "?q=2&q=1", "?other", "?Q=1", "?q=%31", "?q=1;x", "?%71=1", "?&&q=1&", "?q"]


def match(path, kind="PathPrefix", method=None, headers=None, query=None):
    made = {"path": {"type": kind, "value": path}}
    if method:
        made["method"] = method
    if headers:
        made["headers"] = [{"name": n, "value": v} for n, v in headers]
    if query:
        made["queryParams"] = [{"name": n, "value": v} for n, v in query]
    return made


def rules():
    b = [to("b")]
    return [
        {"matches": [match("/a")], "backendRefs": b},
        {"matches": [match("/a", headers=[("x-canary", "yes")])], "backendRefs": b},
        {"matches": [match("/a", method="POST"), match("/b", query=[("q", "1")])], "backendRefs": b},
        {"matches": [match("/re/[0-9]+", "RegularExpression")], "backendRefs": b},
        {"matches": [match("/exact", "Exact")], "backendRefs": b},
        {"matches": [match("/old")], "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "new.test"}}]},
        {"matches": [match("/gone")], "backendRefs": [to("empty")]},
        {"matches": [match("/denied")], "backendRefs": [to("b", namespace="other")]},
        {"matches": [match("/half")], "backendRefs": [to("b", weight=1), to("missing", weight=1)]},
    ]


class ExplainAgrees(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backend = Backend("b")
        cls.folder = Folder()
        listeners = [{"name": "any", "protocol": "HTTP", "port": 80},
                     {"name": "only", "protocol": "HTTP", "port": 80, "hostname": "*.only.test"}]
        cls.folder.write("all", gateway(listeners=listeners), service("b", [cls.backend.port]), service("empty", []),
                         route("a", rules(), ["a.test", "*.wild.test"]),
                         route("b", [{"matches": [match("/", method="GET")], "backendRefs": [to("b")]}], ["b.test", "a.test"]),
                         route("only", [{"backendRefs": [to("b")]}], ["shop.only.test"], sectionName="only"))
        cls.pintle = Pintle(cls.folder).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.pintle.__exit__(None, None, None)
        cls.backend.close()
        cls.folder.close()

    def explain_live(self, url, method, header):
        query = [("url", url), ("method", method)] + ([("header", f"{header[0]}: {header[1]}")] if header else [])
        status, body = self.pintle.admin("/explain?" + urllib.parse.urlencode(query))
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def explain_offline(self, url, method, header):
        command = [PINTLE, "explain", url, "-X", method, "-o", "json", "--config", str(self.folder.path),
                   "--port-offset", str(self.pintle.offset)]
        if header:
            command += ["-H", f"{header[0]}: {header[1]}"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=30 * SLOW)
        self.assertIn(result.returncode, (0, 4), result.stderr)
        return json.loads(result.stdout)

    def send(self, case, mark):
        host, path, method, header = case
        headers = [("User-Agent", mark)] + ([header] if header else []) + ([("Content-Length", "0")] if method == "POST" else [])
        with Client(self.pintle.port()) as client:
            return client.get(f"{host}:{self.pintle.port()}", path, method, headers)

    def check(self, walk, response, line, case):
        """`walk` against what the client got and the log says."""
        answer = walk["answer"]
        if answer["reason"] == "upstream" and "partly" in answer:
            expected = {(200, "upstream"), (answer["partly"]["status"], answer["partly"]["reason"])}
        else:
            expected = {(answer.get("status", 200), answer["reason"])}
        self.assertIn((response.status, line["reason"]), expected, case)
        told = answer.get("grpcStatus", answer.get("partly", {}).get("grpcStatus"))
        if response.get("grpc-status") is not None or (told and "partly" not in answer):
            self.assertEqual(response.get("grpc-status"), str(told), case)
        if "rule" in walk:
            self.assertEqual(walk["rule"], f"{line.get('route')} rule {line.get('rule')}", case)
        else:
            self.assertNotIn("route", line, case)
        if "location" in answer:
            self.assertEqual(response.get("location"), answer["location"], case)
        if "listener" in walk and "listener" in line:
            self.assertEqual(walk["listener"]["name"], line["listener"], case)

    def test_random_requests(self):
        rng = random.Random(20)
        cases = [(rng.choice(HOSTS), rng.choice(PATHS) + rng.choice(QUERIES), rng.choice(METHODS), rng.choice(HEADERS)) for _ in range(400)]
        responses = [self.send(case, f"case-{number}") for number, case in enumerate(cases)]
        lines = wait_until(lambda: [l for l in [self.pintle.access_log()] if len(l) == len(cases)], 5, "a log line for each request")[0]
        by_mark = {line["user_agent.original"]: line for line in lines if "user_agent.original" in line}
        refused = {"reason": "bad_request"}  # a head that is refused is not looked at further: its line has no mark
        seen, calls = set(), 0
        for number, (case, response) in enumerate(zip(cases, responses)):
            host, path, method, header = case
            url = f"http://{host}:{self.pintle.port()}{path}"
            line = by_mark.get(f"case-{number}", refused)
            walk = self.explain_live(url, method, header)
            self.check(walk, response, line, case)
            if number % 10 == 0:
                offline = self.explain_offline(url, method, header)
                self.assertEqual({**walk, "generation": 0}, {**offline, "generation": 0}, case)
            seen.add(line["reason"])
            calls += response.get("grpc-status") is not None
        self.assertGreater(calls, 10)
        self.assertLessEqual({"upstream", "redirect", "no_host", "no_route", "bad_request", "no_endpoints", "ref_not_permitted"}, seen)


class ExplainAgreesOverTls(unittest.TestCase):
    """The handshake chooses the listener, the Host may ask for another: every pair of them."""

    NAMES = ["a.test", "A.test", "x.wild.test", "deep.x.wild.test", "wild.test", "other.test"]

    def setUp(self):
        backend, self.folder = Backend("b"), Folder()
        self.addCleanup(backend.close)
        self.addCleanup(self.folder.close)
        tls = {"certificateRefs": [{"name": "absent"}]}
        listeners = [{"name": "a", "protocol": "HTTPS", "port": 443, "hostname": "a.test", "tls": tls},
                     {"name": "wild", "protocol": "HTTPS", "port": 443, "hostname": "*.wild.test", "tls": tls},
                     {"name": "closed", "protocol": "HTTPS", "port": 8443, "hostname": "only.test", "tls": tls}]
        self.folder.write("all", gateway(listeners=listeners), service("b", [backend.port]),
                          route("a", [{"matches": [match("/a")], "backendRefs": [to("b")]}], ["a.test"]),
                          route("wild", [{"backendRefs": [to("b")]}], ["*.wild.test", "wild.test"]))

    def reality(self, pintle, sni, host, path):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with Client(pintle.port(443), context, sni) as client:
                return client.get(f"{host}:{pintle.port(443)}", path).status
        except (ssl.SSLError, ConnectionError):
            return None

    def test_every_pair_of_sni_and_host(self):
        seen = set()
        with Pintle(self.folder, "--tls", "internal", ports=(443, 8443)) as pintle:
            for sni in self.NAMES:
                for host in self.NAMES:
                    for path in ("/a", "/b"):
                        status = self.reality(pintle, sni, host, path)
                        url = f"https://{host}:{pintle.port(443)}{path}"
                        query = urllib.parse.urlencode([("url", url), ("sni", sni)])
                        code, body = pintle.admin("/explain?" + query)
                        self.assertEqual(code, 200, body)
                        answer = json.loads(body)["answer"]
                        expected = 200 if answer["reason"] == "upstream" else answer["status"] or None  # 0: no handshake
                        self.assertEqual(expected, status, (sni, host, path, answer))
                        seen.add(status)
        self.assertLessEqual({200, 404, 421, None}, seen)


if __name__ == "__main__":
    unittest.main()
