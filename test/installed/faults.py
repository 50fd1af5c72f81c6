"""The API server killed and stalled, etcd stalled, a token that is no longer taken: traffic goes on, and changes follow after."""
import os
import signal
import time

import beside
from scene import HOST, NAMESPACE, RELEASE, Load, Scene, until

AWAY = int(os.environ.get("PINTLE_AWAY", "20"))  # seconds


class Faults(Scene):
    def steps(self):
        return (self.the_api_server_killed, self.the_api_server_stalled, self.etcd_stalled, self.a_token_that_is_not_taken_any_more)

    def away(self, begin, end, seconds_to_follow):
        """Under load; then how long a new route takes."""
        address = self.make_shop()
        load = Load(self, address, seconds=AWAY + 10, rate=50)
        time.sleep(2)
        begin()
        time.sleep(AWAY)
        end()
        until(lambda: self.cluster.output("kubectl", "get", "--raw", "/readyz").returncode == 0, "the API server does not come back", 60)
        told = load.join()
        until(self.answering, "the API does not answer", 60)
        address = self.make_shop()
        began = time.monotonic()
        name = f"new-{int(began)}"
        self.make_route(name, f"/{name}", "a")
        self.await_answer(address, f"/{name}", seconds=seconds_to_follow)
        return f"{told}; a route made after it answers {time.monotonic() - began:.1f} s later"

    def answering(self):
        return self.cluster.output("kubectl", "-n", NAMESPACE, "get", "lease", f"{RELEASE}-leader").returncode == 0

    def the_api_server_killed(self):
        self.begin()
        self.install()
        return self.away(lambda: self.cluster.kill("apiserver"), lambda: self.cluster.start("apiserver"), 10)

    def pause(self, name):
        pid = self.cluster.component(name)
        return lambda: self.signal(pid, signal.SIGSTOP), lambda: self.signal(pid, signal.SIGCONT)

    def the_api_server_stalled(self):
        return self.away(*self.pause("apiserver"), 10)

    def etcd_stalled(self):
        return self.away(*self.pause("etcd"), 10)

    def a_token_that_is_not_taken_any_more(self):
        """A program on the node, whose token is bound to a Secret: with that gone the API server answers 401."""
        with beside.prepared(self) as controller:
            controller.kubeconfig["users"][0]["user"] = {"tokenFile": str(controller.folder / "token")}
            self.give_token(controller.folder, "first")
            with controller.running():
                return self.refuse_and_renew(controller)

    def give_token(self, folder, name):
        self.kubectl("-n", NAMESPACE, "delete", "secret", name, "--ignore-not-found")
        self.kubectl("-n", NAMESPACE, "create", "secret", "generic", name)
        token = self.kubectl("-n", NAMESPACE, "create", "token", RELEASE, "--bound-object-kind", "Secret", "--bound-object-name", name)
        (folder / "token").write_text(token)

    def refuse_and_renew(self, controller):
        self.make_backend("c")
        self.make_gateway(beside.CLASS_NAME, of=beside.CLASS_NAME)
        self.make_route("c", "/c", "c", gateway=beside.CLASS_NAME)
        self.await_answer(beside.ADDRESS, "/c")
        self.kubectl("-n", NAMESPACE, "delete", "secret", "first")
        self.cluster.kill("apiserver")  # watches outlive the token they began with
        self.cluster.start("apiserver")
        until(lambda: "401" in controller.log(), "the API server still takes the token", 60)
        assert self.get(f"http://{beside.ADDRESS}/c", "--header", f"Host: {HOST}")[0] == 200, "it does not serve without a token"
        until(self.answering, "the API does not answer", 60)
        self.give_token(controller.folder, "second")
        self.make_route("d", "/d", "c", gateway=beside.CLASS_NAME)
        began = time.monotonic()
        self.await_answer(beside.ADDRESS, "/d", seconds=60)
        self.kubectl("-n", NAMESPACE, "delete", "secret", "second")
        return f"served meanwhile; a new token is in use {time.monotonic() - began:.1f} s after it was written"
