"""Programmed counts what every ready replica serves (docs/decisions/0006)."""
import json
import signal
import time

from scene import NAMESPACE, RELEASE, Scene, until

SERVED = r"pintle\.dev/served-gateways"


class Replicas(Scene):
    def steps(self):
        return (self.each_replica_tells_by_a_lease_of_its_own, self.programmed_waits_for_a_replica_that_is_held_back,
                self.a_replica_that_is_gone_is_not_waited_for, self.its_lease_goes_with_a_pod)

    def leases(self):
        """Pod -> what it serves, as it tells."""
        found = json.loads(self.kubectl("-n", NAMESPACE, "get", "leases", "-l", f"pintle.dev/replica-of={RELEASE}-replicas", "-o", "json"))
        return {one["spec"]["holderIdentity"]: one["metadata"]["annotations"]["pintle.dev/served-gateways"] for one in found["items"]}

    def standby(self):
        leader = self.leader()
        assert leader in self.pods(), f"{leader} leads, which is no pod of {list(self.pods())}"
        return next(pod for pod in self.pods() if pod != leader)

    def each_replica_tells_by_a_lease_of_its_own(self):
        self.begin()
        self.install()
        self.make_gateway("first")
        self.await_programmed("first")
        told = until(lambda: set(self.leases()) == set(self.pods()) and self.leases(), lambda: self.leases())
        assert len(set(told.values())) == 1 and all(told.values()), f"two that serve the same tell the same: {told}"

    def programmed_waits_for_a_replica_that_is_held_back(self):
        with self.paused(self.process_of(self.standby())):
            self.make_gateway("second")
            seen, end = set(), time.monotonic() + 4.5
            while time.monotonic() < end:
                seen.add(self.condition("second"))
            assert not any(one and one[0] == "True" for one in seen), f"Programmed too early: {seen}"
            assert ("False", "Pending", "served by 1 of 2 replicas") in seen, f"it was not said: {seen}"
        began = time.monotonic()
        self.await_programmed("second", 3)
        return f"Programmed {(time.monotonic() - began) * 1000:.0f} ms after it went on"

    def a_replica_that_is_gone_is_not_waited_for(self):
        pid = self.process_of(self.standby())
        with self.paused(pid):
            self.make_gateway("third")
            until(lambda: (self.condition("third") or [""])[0] == "False", "Programmed does not wait")
            self.signal(pid, signal.SIGKILL)
            began = time.monotonic()
            self.await_programmed("third", 10)
        return f"Programmed {time.monotonic() - began:.1f} s after it was killed"

    def its_lease_goes_with_a_pod(self):
        until(lambda: set(self.leases()) == set(self.pods()), lambda: self.leases(), 60)
        self.install({"replicaCount": 1})
        until(lambda: len(self.leases()) == 1, lambda: self.leases(), 60)
        self.make_gateway("fourth")
        self.await_programmed("fourth")
        self.end()
