"""XBackendTrafficPolicy through the real binary: a retry budget of a backend's own, sessions for every rule of a Service."""
import unittest

from harness import SLOW, Backend, Folder, Pintle, answer, fetch, gateway, prefix, route, service, to, wait_until
from test_sessions import TOKEN, at, cookie_of, shown


def policy(name, *services, **spec):
    return {"apiVersion": "gateway.networking.x-k8s.io/v1alpha1", "kind": "XBackendTrafficPolicy",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": one} for one in services], **spec}}


def constraint(percent, count, interval="1h"):
    return {"retryConstraint": {"budget": {"percent": percent, "interval": interval},
                                "minRetryRate": {"count": count, "interval": interval}}}


class TrafficPolicy(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.close)

    def pods(self, name, count, respond=at):
        made = [Backend(f"{name}-{number}", respond=respond(f"{name}-{number}")) for number in range(count)]
        for backend in made:
            self.addCleanup(backend.close)
        return made

    def serve(self, rules, *documents):
        self.folder.write("all", gateway(), route("r", rules), *documents)
        pintle = Pintle(self.folder, "--threads", "1")
        pintle.__enter__()
        self.addCleanup(pintle.__exit__, None, None, None)
        return pintle

    def budget(self, percent, count, **more):
        """A backend that always fails, retried once for that by the rule at /."""
        self.broken = self.pods("a", 1, lambda name: lambda request: answer("no", "500 No"))[0]
        rules = [{"matches": [prefix("/plain")], "backendRefs": [to("a")]},
                 {"backendRefs": [to("a")], "retry": {"codes": [500], "attempts": 1}}]
        return self.serve(rules, service("a", [self.broken.port]), policy("p", "a", **constraint(percent, count, **more)))

    def statuses(self, pintle, times, path="/"):
        return [fetch(pintle.port(), "x.test", path).status for _ in range(times)]

    def test_what_is_over_the_budget_is_answered_503(self):
        pintle = self.budget(0, 3)
        self.assertEqual(self.statuses(pintle, 5), [500, 500, 500, 503, 503])
        self.assertEqual(len(self.broken.requests), 8)
        wait_until(lambda: [line["reason"] for line in pintle.access_log()].count("retry_budget") == 2, what="the log")
        self.assertEqual(self.statuses(pintle, 2, "/plain"), [500, 500], "what is not retried has no budget")
        self.broken.respond = at("a")
        self.assertEqual(self.statuses(pintle, 2), [200, 200])

    def test_a_share_of_the_requests(self):
        pintle = self.budget(20, 1)
        self.assertEqual(self.statuses(pintle, 80, "/plain"), [500] * 80)
        told = self.statuses(pintle, 60)
        self.assertEqual(told.count(500) + told.count(503), 60)
        # n retries of 80 + 60 first requests: n <= 20 % of 140 + n.
        self.assertAlmostEqual(told.count(500), 35, delta=2)

    def test_all_of_them(self):
        pintle = self.budget(100, 1)
        self.assertEqual(self.statuses(pintle, 40), [500] * 40)
        self.assertEqual(len(self.broken.requests), 80)

    def test_the_least_comes_again_with_its_interval(self):
        seconds = max(1, int(SLOW))
        pintle = self.budget(0, 2, interval=f"{seconds}s")
        self.assertEqual(self.statuses(pintle, 3), [500, 500, 503])
        wait_until(lambda: self.statuses(pintle, 1) == [500], what="the next interval")

    def test_a_policy_comes_and_goes(self):
        pintle = self.budget(0, 1)
        self.assertEqual(self.statuses(pintle, 3), [500, 503, 503])
        rules = [{"backendRefs": [to("a")], "retry": {"codes": [500], "attempts": 1}}]
        pintle.edit(lambda: self.folder.write("all", gateway(), route("r", rules), service("a", [self.broken.port])))
        self.assertEqual(self.statuses(pintle, 3), [500] * 3, "the worker's own budget")

    def test_sessions_of_every_rule_of_a_service(self):
        pods = [pod.port for pod in self.pods("a", 4)]
        rules = [{"matches": [prefix("/one")], "backendRefs": [to("a")]}, {"matches": [prefix("/two")], "backendRefs": [to("a")]}]
        documents = gateway(), route("r", rules), service("a", pods)
        pintle = self.serve(rules, service("a", pods))
        self.assertIsNone(cookie_of(fetch(pintle.port(), "x.test", "/one")))
        pintle.edit(lambda: self.folder.write("all", *documents, policy("p", "a", sessionPersistence={"sessionName": "s"})))
        told = {path: fetch(pintle.port(), "x.test", path) for path in ("/one", "/two")}
        for path, first in told.items():
            name, value, attributes = cookie_of(first)
            self.assertRegex(name, "^s-[0-9a-f]{8}$")
            self.assertRegex(value, f"^{TOKEN}$")
            self.assertEqual(attributes["path"], "", "which paths lead there is not known (GEP-1619)")
            both = [("Cookie", "; ".join(shown(one)[0][1] for one in told.values()))]
            self.assertEqual({fetch(pintle.port(), "x.test", path, headers=both).body for _ in range(12)}, {first.body})
        self.assertNotEqual(*(cookie_of(one)[0] for one in told.values()))
        pintle.edit(lambda: self.folder.write("all", *documents))
        self.assertIsNone(cookie_of(fetch(pintle.port(), "x.test", "/one")))

    def test_of_several_backends_those_with_a_policy_keep_their_clients(self):
        a, b = (service(name, [pod.port for pod in self.pods(name, 3)]) for name in ("a", "b"))
        pintle = self.serve([{"backendRefs": [to("a", 1), to("b", 1)]}], a, b, policy("p", "a", sessionPersistence={}))
        told = [fetch(pintle.port(), "x.test") for _ in range(60)]
        for one in told:
            self.assertEqual(cookie_of(one) is not None, one.body.startswith(b"a"))
        first = next(one for one in told if one.body.startswith(b"a"))
        self.assertEqual({fetch(pintle.port(), "x.test", headers=shown(first)).body for _ in range(20)}, {first.body})

    def test_what_a_rule_says_goes_first(self):
        rules = [{"sessionPersistence": {"sessionName": "mine"}, "backendRefs": [to("a")]}]
        pintle = self.serve(rules, service("a", [pod.port for pod in self.pods("a", 2)]),
                            policy("p", "a", sessionPersistence={"type": "Header"}))
        self.assertEqual(cookie_of(fetch(pintle.port(), "x.test"))[0], "mine")


if __name__ == "__main__":
    unittest.main()
