"""A second controller, a program on the node with a class and a kubeconfig of its own, beside the installed chart: what comes
between it and the API server is for a test to choose."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile

from scene import ROOT, SHOP, kubernetes

CLASS_NAME = "other"
ADDRESS = "100.64.88.1"
CLASS = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {{name: {CLASS_NAME}}}
spec: {{controllerName: test.pintle.dev/{CLASS_NAME}}}
"""


class Controller:
    """Files of it; it runs within `running`."""

    def __init__(self, scene, folder):
        self.scene, self.folder = scene, pathlib.Path(folder)
        self.kubeconfig = json.loads(scene.kubectl("config", "view", "--raw", "-o", "json"))

    def log(self):
        return (self.folder / "log").read_text()

    @contextlib.contextmanager
    def running(self):
        (self.folder / "kubeconfig").write_text(json.dumps(self.kubeconfig))
        with open(self.folder / "log", "w") as log:
            child = subprocess.Popen(self.scene.cluster.command(
                [str(ROOT / "build/release/pintle"), "controller", "--kubeconfig", str(self.folder / "kubeconfig"), "--leader-elect", "off",
                 "--controller-name", f"test.pintle.dev/{CLASS_NAME}", "--gateway-mode", "direct", "--address", ADDRESS,
                 "--admin", "off", "--health", "off", "--drain-delay", "0s", "--drain-max", "1s"]),
                stdout=log, stderr=log, env=kubernetes.environment(self.scene.cluster.run))
        try:
            yield
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(self.log().splitlines()[-15:])) from None
        finally:
            # While it still runs: it takes its finalizer off the class once no Gateway is left.
            self.scene.kubectl("-n", SHOP, "delete", "gateway", CLASS_NAME, "--ignore-not-found", fails=False)
            self.scene.kubectl("delete", "gatewayclass", CLASS_NAME, "--ignore-not-found", "--timeout=20s", fails=False)
            if inner := kubernetes.only_child(child.pid):  # nsenter passes no signal on
                os.kill(inner, signal.SIGTERM)
            child.wait(timeout=20)


@contextlib.contextmanager
def prepared(scene):
    """A Controller that is not yet running, whose class is made."""
    scene.apply(CLASS)
    with tempfile.TemporaryDirectory() as folder:
        yield Controller(scene, folder)
