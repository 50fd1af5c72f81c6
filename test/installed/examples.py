"""Every examples/*/run.sh with --cluster: the same requests through the installed chart print what stands in expected.txt."""
import pathlib
import re
import subprocess

from scene import ROOT, Scene, kubernetes

EXAMPLES = ROOT / "examples"
KINDS = ",".join(("gateways", "listenersets", "httproutes", "grpcroutes", "tlsroutes", "tcproutes", "udproutes", "referencegrants",
                  "backendtlspolicies", "xbackendtrafficpolicies"))
OF_SERVE_ALONE = "\n$ pintle status\n"  # the last part, where there is one: kubectl shows the statuses of a cluster


def comparable(text):
    """Without what differs: the ports that `pintle serve` adds 8000 to."""
    return re.sub(r":(8080|8443|80|443)\b", "", text.partition(OF_SERVE_ALONE)[0])


class Examples(Scene):
    def steps(self):
        examples = map(self.step, sorted(EXAMPLES.glob("*/run.sh")))
        return (self.the_chart_is_installed, self.what_is_there_already_stays, *examples, self.nothing_is_left)

    def the_chart_is_installed(self):
        self.install()
        self.namespaces_before = self.kubectl("get", "namespaces", "-o", "name")

    def what_is_there_already_stays(self):
        """An example that needs the name of somebody's object is not begun."""
        for example, kind, name, made in (("retry", "service", "app", ("service", "clusterip", "app", "--tcp=80")),
                                          ("cross-namespace", "namespace", "shared", ("namespace", "shared"))):
            self.kubectl("create", *made)
            try:
                before = self.kubectl("get", kind, name, "-o", "json")
                done = self.run_script(EXAMPLES / example / "run.sh")
                assert done.returncode == 1 and f"{kind}/{name}\n" in done.stderr, f"{done.returncode}: {done.stdout}{done.stderr}"
                assert self.kubectl("get", kind, name, "-o", "json") == before, f"the {kind} {name} was changed"
                assert not self.kubectl("get", "gateways", "-A", "-o", "name"), f"{example} was begun"
            finally:
                self.kubectl("delete", kind, name)

    def nothing_is_left(self):
        left = self.kubectl("get", KINDS, "-A", "-o", "name")
        left += self.kubectl("get", "services,endpointslices", "-A", "-l", "pintle.dev/example", "-o", "name")
        left += self.kubectl("-n", "default", "get", "services,secrets,configmaps", "-o", "name",
                             "--field-selector", "metadata.name!=kubernetes,metadata.name!=kube-root-ca.crt")
        assert not left, left
        assert self.kubectl("get", "namespaces", "-o", "name") == self.namespaces_before

    def step(self, script):
        def run():
            return self.compare(script)
        run.__name__ = script.parent.name
        return run

    def run_script(self, script: pathlib.Path):
        environment = kubernetes.environment(self.cluster.run)
        # Packages of Debian belong to Debian's Python.
        environment |= {"PATH": f"/usr/bin:{environment['PATH']}", "BACKEND_ADDRESS": kubernetes.NODE,
                        "PINTLE": str(ROOT / "build/release/pintle")}
        try:
            return subprocess.run(self.cluster.command([str(script), "--cluster"]), capture_output=True, text=True, timeout=180,
                                  env=environment, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"not done after 3 minutes: {(error.stdout or b'').decode()}") from None

    def compare(self, script: pathlib.Path):
        done = self.run_script(script)
        assert done.returncode == 0, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
        wanted = comparable((script.parent / "expected.txt").read_text())
        assert comparable(done.stdout) == wanted, f"printed\n{comparable(done.stdout)}\nnot\n{wanted}\n{done.stderr}"
