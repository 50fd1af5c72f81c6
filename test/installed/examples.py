"""Every examples/*/run.sh with --cluster: the same requests through the installed chart print what stands in expected.txt."""
import pathlib
import re
import subprocess

from scene import ROOT, Scene, kubernetes

EXAMPLES = ROOT / "examples"
OF_SERVE_ALONE = "\n$ pintle status\n"  # the last part, where there is one: kubectl shows the statuses of a cluster


def comparable(text):
    """Without what differs: the ports that `pintle serve` adds 8000 to."""
    return re.sub(r":(8080|8443|80|443)\b", "", text.partition(OF_SERVE_ALONE)[0])


class Examples(Scene):
    def steps(self):
        return (self.the_chart_is_installed, *map(self.step, sorted(EXAMPLES.glob("*/run.sh"))))

    def the_chart_is_installed(self):
        self.install()

    def step(self, script):
        def run():
            return self.compare(script)
        run.__name__ = script.parent.name
        return run

    def compare(self, script: pathlib.Path):
        environment = kubernetes.environment(self.cluster.run)
        # Packages of Debian belong to Debian's Python.
        environment |= {"PATH": f"/usr/bin:{environment['PATH']}", "BACKEND_ADDRESS": kubernetes.NODE,
                       "PINTLE": str(ROOT / "build/release/pintle")}
        try:
            done = subprocess.run(self.cluster.command([str(script), "--cluster"]), capture_output=True, text=True, timeout=180,
                                  env=environment, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"not done after 3 minutes: {(error.stdout or b'').decode()}") from None
        assert done.returncode == 0, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
        wanted = comparable((script.parent / "expected.txt").read_text())
        assert comparable(done.stdout) == wanted, f"printed\n{comparable(done.stdout)}\nnot\n{wanted}\n{done.stderr}"
