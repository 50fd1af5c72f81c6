"""What it costs: idle CPU, a change until it answers, memory with 5,000 routes, changes that concern nobody.

A figure is told; the step fails only above a bound that a busy machine cannot explain. docs/reliability.md holds the figures.
"""
import json
import os
import time

from scene import SHOP, Scene, until

ROUTES = int(os.environ.get("PINTLE_ROUTES", "5000"))


class Figures(Scene):
    def steps(self):
        return (self.idle_cpu, self.a_change_until_it_answers, self.memory_with_many_routes, self.what_nobody_refers_to_costs_no_rebuild)

    def ticks(self, pid):
        fields = self.cluster.output("cat", f"/proc/{pid}/stat").stdout.rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def memory(self, pid):
        lines = dict(line.split(":", 1) for line in self.cluster.output("cat", f"/proc/{pid}/status").stdout.splitlines() if ":" in line)
        return {"RSS": int(lines["VmRSS"].split()[0]) / 1024, "heap and stacks": int(lines["RssAnon"].split()[0]) / 1024}

    def shares(self, seconds):
        """Percent of a core of each replica."""
        ids = {pod: self.process_of(pod) for pod in self.pods()}
        before = {pod: self.ticks(pid) for pod, pid in ids.items()}
        time.sleep(seconds)
        return [(self.ticks(pid) - before[pod]) / os.sysconf("SC_CLK_TCK") / seconds * 100 for pod, pid in ids.items()]

    def idle_cpu(self):
        self.begin()
        self.install()
        self.make_shop()
        time.sleep(5)
        shares = self.shares(40)
        assert max(shares) <= 1, shares
        return "leader and standby: " + ", ".join(f"{share:.2f} %" for share in sorted(shares, reverse=True))

    def a_change_until_it_answers(self):
        told = self.changes("time", 200, SHOP, "shop", self.address_of("shop"))
        assert told["p50"] < 200, told
        return ", ".join(f"{name} {value:.1f} ms" for name, value in told.items())

    def memory_with_many_routes(self):
        told = self.changes("make", ROUTES, SHOP, "shop")
        address = self.address_of("shop")
        self.await_answer(address, "/", status=302, host=f"r-{ROUTES - 1}.many.test", seconds=60)

        def written():
            attached = self.kubectl("-n", SHOP, "get", "gateway", "shop", "-o", "jsonpath={.status.listeners[0].attachedRoutes}")
            return int(attached or 0) >= ROUTES

        until(written, "the statuses are not written", 120, pause=1)
        until(lambda: max(self.shares(5)) < 3, "it does not become calm", 180, pause=1)
        grown = {pod: self.memory(self.process_of(pod)) for pod in self.pods()}
        leader = self.leader()
        for pod in self.pods():
            self.kubectl("-n", "pintle-system", "delete", "pod", pod, "--wait=false")
        until(lambda: len(self.pods()) == 2 and not set(grown) & set(self.pods()), "no new pods", 60)
        self.kubectl("-n", "pintle-system", "rollout", "status", "deployment/pintle", "--timeout=90s")
        until(lambda: self.leader() in self.pods(), "nobody leads", 60)
        time.sleep(10)
        fresh = {pod: self.memory(self.process_of(pod)) for pod in self.pods()}

        def text(memory, pod):
            return ", ".join(f"{name} {value:.1f} MiB" for name, value in memory[pod].items())

        started = self.leader()
        return (f"{ROUTES} routes made in {told['seconds']:.0f} s; leader that saw them come: {text(grown, leader)}; "
                f"leader that listed them: {text(fresh, started)}; "
                f"standby that listed them: {text(fresh, next(p for p in fresh if p != started))}")

    def what_nobody_refers_to_costs_no_rebuild(self):
        pods = list(self.pods())
        before = [self.metric(pod, "pintle_config_generation") for pod in pods]
        objects = [{"apiVersion": "v1", "kind": kind, "metadata": {"name": f"nobody-{number}", "namespace": SHOP}, **more}
                   for number in range(100)
                   for kind, more in (("ConfigMap", {"data": {"a": "b"}}), ("Service", {"spec": {"ports": [{"port": 80}]}}))]
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.kubectl("apply", "-f", "-", text=listed)
        self.kubectl("delete", "-f", "-", text=listed)
        time.sleep(1)
        after = [self.metric(pod, "pintle_config_generation") for pod in pods]
        assert after == before, f"generations went from {before} to {after}"
        return f"{len(objects)} objects came and went at generation {before[0]:.0f}"
