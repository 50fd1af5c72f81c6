"""Routing by the real binary: weights, filters, failures of rules, listeners."""
import json
import threading
import time
import unittest

from harness import Backend, Client, Folder, Pintle, answer, fetch, gateway, prefix, route, service, to


class Routing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.one, cls.two = Backend("one"), Backend("two")
        cls.folder = Folder()
        listeners = [{"name": "any", "protocol": "HTTP", "port": 80},
                     {"name": "wild", "protocol": "HTTP", "port": 80, "hostname": "*.wild.test"},
                     {"name": "alt", "protocol": "HTTP", "port": 8080}]
        cls.folder.write("all", gateway(listeners=listeners), service("one", [cls.one.port]), service("two", [cls.two.port]),
                         service("empty", []),
                         route("weights", [{"backendRefs": [to("one", 90), to("two", 10)]}], ["weights.test"], sectionName="any"),
                         route("zero", [{"backendRefs": [to("one", 1), to("two", 0)]}], ["zero.test"], sectionName="any"),
                         route("missing", [{"backendRefs": [to("one", 1), to("absent", 1)]}], ["missing.test"], sectionName="any"),
                         route("empty", [{"backendRefs": [to("empty")]}], ["empty.test"], sectionName="any"),
                         route("none", [{"matches": [prefix("/")]}], ["none.test"], sectionName="any"),
                         route("filters", [
                             {"matches": [prefix("/redirect")], "filters": [
                                 {"type": "RequestRedirect", "requestRedirect": {
                                     "scheme": "https", "hostname": "new.test", "statusCode": 301,
                                     "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/to"}}}]},
                             {"matches": [prefix("/rewrite")], "backendRefs": [to("one")], "filters": [
                                 {"type": "URLRewrite", "urlRewrite": {
                                     "hostname": "inner.test", "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}}]},
                             {"matches": [prefix("/headers")], "backendRefs": [
                                 {**to("one"), "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {
                                     "set": [{"name": "X-Backend-Ref", "value": "one"}]}}]}],
                              "filters": [
                                 {"type": "RequestHeaderModifier", "requestHeaderModifier": {
                                     "set": [{"name": "X-Set", "value": "new"}], "add": [{"name": "X-Add", "value": "more"}],
                                     "remove": ["X-Remove"]}},
                                 {"type": "ResponseHeaderModifier", "responseHeaderModifier": {
                                     "set": [{"name": "X-Backend", "value": "hidden"}], "add": [{"name": "X-New", "value": "1"}]}}]},
                             {"matches": [prefix("/unknown")], "backendRefs": [to("one")], "filters": [
                                 {"type": "ExtensionRef", "extensionRef": {"group": "x.test", "kind": "Y", "name": "z"}}]},
                         ], ["filters.test"], sectionName="any"),
                         route("moved", [{"matches": [prefix("/")], "filters": [{"type": "RequestRedirect", "requestRedirect": {
                             "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/there"}}}]}], ["moved.test"]),
                         route("on-wild", [{"backendRefs": [to("two")]}], sectionName="wild"),
                         route("on-alt", [{"backendRefs": [to("two")]}], port=8080))
        cls.pintle = Pintle(cls.folder).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.pintle.__exit__(None, None, None)
        cls.one.close()
        cls.two.close()
        cls.folder.close()

    def get(self, host, path="/", port=80, **more):
        return fetch(self.pintle.port(port), host, path, **more)

    def test_weights(self):
        # Fresh connections, so no worker's state may bias the split.
        seen = {"one": 0, "two": 0}
        for _ in range(600):
            seen[self.get("weights.test").body.decode()] += 1
        self.assertAlmostEqual(seen["two"] / 600, 0.10, delta=0.05)

    def test_weight_zero_gets_nothing(self):
        with Client(self.pintle.port()) as client:
            self.assertEqual({client.get("zero.test").body for _ in range(100)}, {b"one"})

    def test_invalid_backend_keeps_its_share_as_500(self):
        with Client(self.pintle.port()) as client:
            statuses = [client.get("missing.test").status for _ in range(300)]
        self.assertEqual(set(statuses), {200, 500})
        self.assertAlmostEqual(statuses.count(500) / 300, 0.5, delta=0.12)

    def test_no_ready_endpoint_is_503(self):
        self.assertEqual(self.get("empty.test").status, 503)

    def test_rule_without_backends_is_500(self):
        self.assertEqual(self.get("none.test").status, 500)

    def test_unsupported_filter_is_500(self):
        self.assertEqual(self.get("filters.test", "/unknown").status, 500)

    def test_redirect(self):
        response = self.get("filters.test", "/redirect/tail?q=1")
        self.assertEqual((response.status, response.get("location")), (301, "https://new.test/to/tail?q=1"))

    def test_redirect_keeps_the_listener_port_clients_use(self):
        """Neither scheme nor port is said: the port that the connection came in by, whatever Host says."""
        for host in ("moved.test", "moved.test:80", "moved.test:12345"):
            for port in (80, 8080):
                response = self.get(host, "/x", port=port)
                self.assertEqual((response.status, response.get("location")),
                                 (302, f"http://moved.test:{self.pintle.port(port)}/there/x"), host)

    def test_rewrite(self):
        self.get("filters.test", "/rewrite/x/y?q=%20")
        request = self.one.requests[-1]
        self.assertEqual((request.target, request.get("host")), ("/x/y?q=%20", "inner.test"))
        self.assertEqual(request.get("x-forwarded-host"), "filters.test")

    def test_header_filters(self):
        response = self.get("filters.test", "/headers", headers=[("X-Set", "old"), ("X-Add", "first"), ("x-remove", "1")])
        request = self.one.requests[-1]
        self.assertEqual(request.all("x-set"), ["new"])
        self.assertEqual(",".join(request.all("x-add")), "first,more")
        self.assertEqual(request.all("x-remove"), [])
        self.assertEqual(request.all("x-backend-ref"), ["one"])
        self.assertEqual(response.all("x-backend"), ["hidden"])
        self.assertEqual(response.all("x-new"), ["1"])

    def test_listener_isolation(self):
        self.assertEqual(self.get("x.wild.test").body, b"two")
        self.assertEqual(self.get("a.b.wild.test").body, b"two")
        self.assertEqual(self.get("wild.test").status, 404)  # the apex belongs to the catch-all listener, which has no such route

    def test_second_port(self):
        self.assertEqual(self.get("anything.test", port=8080).body, b"two")

    def test_reasons_are_counted_and_logged(self):
        self.get("nobody.test")
        self.assertGreaterEqual(self.pintle.metric("pintle_route_requests_total", reason="no_host")
                                + self.pintle.metric("http_server_request_duration_seconds_count", http_response_status_code="404"), 1)


class DefaultGateways(unittest.TestCase):
    def test_either_side_comes_and_goes(self):
        """A route that uses default Gateways, and a Gateway that offers itself as one: it serves while both say so."""
        with Backend("one") as backend:
            folder = self.enterContext(Folder())

            def write(offered, used):
                made = route("r", [{"backendRefs": [to("one")]}])
                made["spec"].pop("parentRefs")
                made["spec"] |= {"useDefaultGateways": "All"} if used else {}
                folder.write("all", gateway(**({"defaultScope": "All"} if offered else {})), service("one", [backend.port]), made)
            write(True, True)
            pintle = self.enterContext(Pintle(folder))
            self.assertEqual(fetch(pintle.port(), "x.test").status, 200)
            for offered, used in ((False, True), (True, True), (True, False), (False, False), (True, True)):
                pintle.edit(lambda offered=offered, used=used: write(offered, used))
                self.assertEqual(fetch(pintle.port(), "x.test").status, 200 if offered and used else 404, (offered, used))
                told = json.loads(pintle.admin("/status")[1])["items"]
                parents = [item["status"]["parents"] for item in told if item["kind"] == "HTTPRoute"]
                self.assertEqual(any(parents), offered and used, (offered, used))


class Balance(unittest.TestCase):
    def share_of_the_slow(self, *arguments):
        """How many of 160 requests, 8 at a time, go to the endpoint that takes its time."""
        slow = Backend("slow", respond=lambda request: time.sleep(0.05) or answer("slow"))
        fast = Backend("fast")
        folder = Folder()
        folder.write("all", gateway(), service("b", [slow.port, fast.port]), route("r", [{"backendRefs": [to("b")]}]))
        seen = []

        def ask():
            with Client(pintle.port()) as client:
                seen.extend(client.get("x.test").body for _ in range(20))

        try:
            with Pintle(folder, "--threads", "1", *arguments) as pintle:
                askers = [threading.Thread(target=ask) for _ in range(8)]
                for asker in askers:
                    asker.start()
                for asker in askers:
                    asker.join()
        finally:
            slow.close()
            fast.close()
            folder.close()
        self.assertEqual(len(seen), 160)
        return seen.count(b"slow")

    def test_round_robin_takes_turns(self):
        self.assertAlmostEqual(self.share_of_the_slow(), 80, delta=1)

    def test_least_in_flight_spares_the_slow(self):
        self.assertLess(self.share_of_the_slow("--balance", "least-in-flight"), 60)


if __name__ == "__main__":
    unittest.main()
