"""What the test cluster is made of and where it lives: pinned versions, the cache, the run folder of a cluster.

    $XDG_CACHE_HOME/pintle/cluster/    programs and images, a folder for each component and version; may be deleted
    /run/pintle-cluster/NAME/          a running cluster: seen as a tmpfs from inside, so nothing of it is left behind
"""
import dataclasses
import hashlib
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent

GO = "1.26.8"  # fetched only where there is no Go from 1.21 on; such a one fetches what a module asks for by itself
KUBERNETES = "v1.34.4"  # the last minor version that takes cgroup v1 and containerd 1.6 (Debian 12) without a word
GATEWAY_API = "v1.6.3"  # suite and CRDs; the suite refuses CRDs of any version but its own


@dataclasses.dataclass(frozen=True)
class Component:
    """One folder of the cache: programs out of one Go module."""

    name: str
    version: str
    modules: tuple  # required at this version
    programs: dict  # file name -> import path of its main package, or a file beside this one

    @property
    def folder(self):
        own = b"".join((HERE / path).read_bytes() for path in self.own_sources)
        return f"{self.name}-{self.version}" + (f"-{hashlib.sha256(own).hexdigest()[:8]}" if own else "")

    @property
    def own_sources(self):
        return [path for path in self.programs.values() if path.endswith(".go")]


COMPONENTS = (
    Component("etcd", "v3.6.6", ("go.etcd.io/etcd/server/v3",), {"etcd": "go.etcd.io/etcd/server/v3"}),
    Component("kubernetes", KUBERNETES, ("k8s.io/kubernetes",),
              {name: f"k8s.io/kubernetes/cmd/{name}"
               for name in ("kubectl", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")}),
    Component("gateway-api", GATEWAY_API, ("sigs.k8s.io/gateway-api", "sigs.k8s.io/gateway-api/conformance"),
              {"echo-basic": "sigs.k8s.io/gateway-api/conformance/echo-basic",
               "conformance.test": "sigs.k8s.io/gateway-api/conformance"}),
    Component("coredns", "v1.12.2", ("github.com/coredns/coredns",), {"coredns": "github.com/coredns/coredns"}),
    Component("helm", "v3.19.0", ("helm.sh/helm/v3",), {"helm": "helm.sh/helm/v3/cmd/helm"}),
    Component("grpc-peer", "v1.81.1", ("google.golang.org/grpc",), {"grpc-peer": "./grpc_peer.go"}),
    Component("pause", "1", (), {"pause": "./pause.go"}),
)

# Image archive (in the cache) -> program, and the names by which manifests ask for it.
IMAGES = {
    "pause": ("pause", ["registry.k8s.io/pause:3.10"]),
    "echo-basic": ("echo-basic", [f"registry.k8s.io/gateway-api/echo-basic:{tag}"
                                  for tag in ("v1.5.1", "v1.6.0-dev.2", "v1.6.0-dev.3")]),
    "coredns": ("coredns", ["registry.k8s.io/coredns/coredns:v1.12.2"]),
}


def component(name):
    return next(c for c in COMPONENTS if c.name == name)


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "pintle/cluster"


def missing():
    """Components the cache does not hold at the wanted version."""
    return [c for c in COMPONENTS if not (cache_folder() / c.folder).is_dir()]


def program_folders():
    return [cache_folder() / c.folder for c in COMPONENTS]


def image_archives():
    """name -> path; the version of the program is part of the path, so a newer one makes a new archive."""
    owner = {program: c for c in COMPONENTS for program in c.programs}
    return {name: cache_folder() / owner[program].folder / f"{name}.tar" for name, (program, _) in IMAGES.items()}


def crd_folder():
    return cache_folder() / component("gateway-api").folder / "crds"


def cluster_name():
    """Two clusters live side by side under two names."""
    name = os.environ.get("PINTLE_CLUSTER", "") or "default"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", name):
        raise ValueError(f"PINTLE_CLUSTER is '{name}'; a name has lowercase letters, digits and dashes, at most 31")
    return name


def run_folder(name):
    return pathlib.Path("/run/pintle-cluster") / name
