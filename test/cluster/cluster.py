#!/usr/bin/env python3
"""A real one-node Kubernetes in pid, mount and network namespaces of its own. Nothing in it has a route to the outside.

    ./dev cluster able              say whether this machine could run one; exit 1 with the reason if not
    ./dev cluster up                start it and wait until the node is Ready
    ./dev cluster exec CMD...       run CMD on its node: kubectl, helm, ctr, conformance.test on the PATH, KUBECONFIG set
    ./dev cluster load IMAGE.tar..  import image archives
    ./dev cluster logs [NAME]       a component's log; without NAME which there are
    ./dev cluster status            what runs
    ./dev cluster kill NAME         SIGKILL to a component: etcd, apiserver, ...
    ./dev cluster start NAME        and again
    ./dev cluster test              prove it: nodes, pods, both kinds of Service addresses
    ./dev cluster down              end it: one kill takes every process, mount and address with it

PINTLE_CLUSTER=NAME names another cluster, beside the first. Wants root. Programs come from the cache that build.py fills.
"""
import contextlib
import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import time

import layout

NODE = "172.30.0.1"
NAMESPACE = "k8s.io"  # of containerd's, where the kubelet looks for images
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
CAPABILITIES = {"CAP_SYS_ADMIN": 21, "CAP_NET_ADMIN": 12, "CAP_SYS_CHROOT": 18, "CAP_MKNOD": 27}
TOOLS = ("unshare", "nsenter", "ip", "iptables", "conntrack", "containerd", "ctr", "runc", "openssl", "sysctl")


class Trouble(Exception):
    """Something the user can act on; its text says how."""


# ---- what the machine must give -------------------------------------------------------------------------------------

def missing_capabilities(status):
    """status: the text of /proc/self/status."""
    effective = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:")), 0)
    return [name for name, bit in CAPABILITIES.items() if not effective >> bit & 1]


def check_kernel():
    """What no package can give."""
    if os.geteuid() != 0:
        raise Trouble("a cluster makes namespaces, mounts and network devices, which takes root: run it with sudo")
    lacking = missing_capabilities(pathlib.Path("/proc/self/status").read_text())
    if lacking:
        raise Trouble(f"this root lacks {', '.join(lacking)}. In a container, start that container privileged "
                      "(docker run --privileged, or securityContext.privileged: true)")
    tried = subprocess.run(["unshare", "--pid", "--fork", "--mount", "--net", "true"], capture_output=True, text=True)
    if tried.returncode:
        raise Trouble(f"this machine refuses new namespaces: {tried.stderr.strip()}")
    check_cgroups(pathlib.Path("/sys/fs/cgroup"))


def check_machine():
    check_kernel()
    absent = [tool for tool in TOOLS if not shutil.which(tool)]
    if absent:
        raise Trouble(f"not on the PATH: {' '.join(absent)}; ./dev cluster up installs them on Debian")
    if layout.missing():
        raise Trouble(f"not built yet: {' '.join(c.folder for c in layout.missing())}; python3 test/cluster/build.py builds them")


def check_cgroups(root):
    """Version 1: each controller a folder. Version 2: what pods need must be enabled for the children of the root."""
    unified = (root / "cgroup.controllers").exists()
    if not unified and not (root / "memory").is_dir():
        raise Trouble(f"{root} shows no cgroups, version 1 or 2; pods cannot be started without")
    probe = root if unified else root / "memory"
    if not os.access(probe, os.W_OK) or os.statvfs(probe).f_flag & os.ST_RDONLY:
        raise Trouble(f"{probe} is mounted read-only; a container must be started privileged for pods to run in it")
    if unified:
        try:
            (root / "cgroup.subtree_control").write_text("+cpu +cpuset +memory +pids")
        except OSError as error:
            raise Trouble(f"cgroup controllers cannot be enabled below {root} ({error.strerror}). In a container its own processes "
                          f"are in the way: move them into a cgroup below, for instance\n"
                          f"  mkdir {root}/self && for p in $(cat {root}/cgroup.procs); do echo $p >{root}/self/cgroup.procs; done"
                          ) from None


# ---- a running cluster ----------------------------------------------------------------------------------------------

def start_time(pid):
    """With the id it names a process for good: ids are used again."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError):
        return None


def only_child(pid):
    with contextlib.suppress(OSError):
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else None
    return None


class Cluster:
    def __init__(self, name=None):
        self.name = name or layout.cluster_name()
        self.run = layout.run_folder(self.name)
        self.state, self.log = (self.run.with_name(f"{self.name}.{end}") for end in ("json", "log"))
        self.cgroup = f"/pintle-cluster-{self.name}"

    @contextlib.contextmanager
    def locked(self):
        self.run.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.run.with_name(f"{self.name}.lock"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def init(self):
        """The id of its first program, or None when it is down."""
        try:
            known = json.loads(self.state.read_text())
        except (OSError, ValueError):
            return None
        return known["pid"] if start_time(known["pid"]) == known["start"] else None

    def up(self, say):
        with self.locked():
            if self.init():
                say("already up")
                return
            check_machine()
            self.forget()  # one that died without a word: killed from outside, or with its machine
            self.run.mkdir(exist_ok=True)
            began = time.monotonic()
            with open(self.log, "w") as log:
                outer = subprocess.Popen(
                    ["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount", "--mount-proc", "--net", "--propagation", "private",
                     "bash", str(layout.HERE / "node.sh")],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, cwd="/", start_new_session=True,
                    env=environment(self.run) | {"RUN": str(self.run), "NODE": NODE, "CGROUP": self.cgroup,
                                                 "IMAGES": "\n".join(str(p) for p in layout.image_archives().values())})
            try:
                self.follow(outer, began, say)
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(outer.pid, signal.SIGKILL)  # its child, and with it everything, is killed by the kernel
                outer.wait()
                self.forget()
                raise

    def follow(self, outer, began, say):
        for line in outer.stdout:
            if not self.state.exists():
                pid = only_child(outer.pid)
                self.state.write_text(json.dumps({"pid": pid, "start": start_time(pid)}))
            if line.strip() == "ready":
                return
            say(f"{time.monotonic() - began:5.1f} s  {line.strip()}")
        raise Trouble(f"the cluster did not start:\n{self.log.read_text().strip() or 'it was killed'}")

    def down(self):
        with self.locked():
            pid = self.init()
            if pid:
                gone = os.pidfd_open(pid)
                os.kill(pid, signal.SIGKILL)
                select.select([gone], [], [], 30)
                os.close(gone)
            self.forget()
            self.log.unlink(missing_ok=True)
            return pid is not None

    def forget(self):
        for path in pathlib.Path("/sys/fs/cgroup").glob(f"*{self.cgroup}"):  # version 1
            remove_cgroup(path)
        remove_cgroup(pathlib.Path(f"/sys/fs/cgroup{self.cgroup}"))
        self.state.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.run.rmdir()

    def command(self, arguments):
        pid = self.init()
        if not pid:
            raise Trouble(f"cluster '{self.name}' is not up: ./dev cluster up")
        # The working folder is looked up again in there: the one held here belongs to the machine's mounts.
        return ["nsenter", "--target", str(pid), "--mount", "--pid", "--net", f"--wdns={os.getcwd()}", *arguments]

    def output(self, *arguments):
        return subprocess.run(self.command(arguments), capture_output=True, text=True, env=environment(self.run))

    def call(self, *arguments, **more):
        return subprocess.run(self.command(arguments), env=environment(self.run), **more)

    def component(self, name):
        """The id, in there, of the program that was started last under that name."""
        lines = [line.split() for line in self.output("cat", str(self.run / "components")).stdout.splitlines()]
        ids = [pid for pid, of in lines if of == name]
        if not ids:
            raise Trouble(f"there is no component {name}; there are {' '.join(sorted({of for _, of in lines}))}")
        return ids[-1]

    def kill(self, name):
        """Returns when it is gone, and its port with it."""
        self.output("bash", "-c", 'kill -KILL $0; while kill -0 $0 2>/dev/null; do sleep 0.05; done', self.component(name))

    def start(self, name):
        """A component that ended, as the cluster started it."""
        self.component(name)
        script = (f'cd {self.run}; setsid bash commands/{name} >>log/{name}.log 2>&1 </dev/null & '
                  f'echo "$! {name}" >>{self.run}/components; sed -i "/^{name} /d" {self.run}/ended')
        done = self.output("bash", "-c", script)
        if done.returncode:
            raise Trouble(f"{name} could not be started: {done.stderr.strip()}")

    def load(self, archives):
        for archive in archives:
            path = pathlib.Path(archive).resolve()
            if not path.is_file():
                raise Trouble(f"there is no image archive {archive}")
            done = self.output("ctr", "--address", str(self.run / "containerd.sock"), "--namespace", NAMESPACE, "images", "import", str(path))
            if done.returncode:
                raise Trouble(f"{archive} could not be imported: {done.stderr.strip()}")


def remove_cgroup(path):
    """Empty folders are all that a dead cluster leaves there."""
    for folder, _, _ in os.walk(path, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def environment(run):
    """No proxy: some clients would send even the node's own addresses to it."""
    kept = {key: value for key, value in os.environ.items() if key.lower() not in PROXIES}
    path = ":".join([*map(str, layout.program_folders()), os.environ.get("PATH", ""), "/usr/sbin:/sbin"])
    return kept | {"PATH": path, "KUBECONFIG": str(run / "admin.kubeconfig")}


# ---- commands -------------------------------------------------------------------------------------------------------

def say(text):
    print(f"      {text}", flush=True)


def show_logs(cluster, name):
    if name and "/" not in name:
        return cluster.call("cat", str(cluster.run / "log" / f"{name}.log")).returncode
    listing = cluster.output("ls", str(cluster.run / "log")).stdout.split()
    print("logs: " + " ".join(file.removesuffix(".log") for file in listing))
    return 0


def show_status(cluster):
    if not cluster.init():
        print(f"cluster {cluster.name}: down")
        return 1
    print(f"cluster {cluster.name}: up, node {NODE}, pods 10.244.0.0/16, services 10.96.0.0/16, gateways 100.64.0.0/16")
    print(cluster.output("kubectl", "get", "nodes", "--output", "wide").stdout.rstrip())
    ended = cluster.output("cat", str(cluster.run / "ended")).stdout.splitlines()
    started = [line.split()[1] for line in cluster.output("cat", str(cluster.run / "components")).stdout.splitlines()]
    dead = {line.split()[0] for line in ended}
    print("runs: " + " ".join(name for name in started if name not in dead))
    for line in ended:
        print(f"{line}; see ./dev cluster logs {line.split()[0]}")
    return 1 if ended else 0


def main(arguments):
    command, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if command in ("help", "--help", "-h"):
        print(__doc__.strip())
        return 0
    cluster = Cluster()
    if command == "exec" and rest:
        os.execvpe("nsenter", cluster.command(rest), environment(cluster.run))
    if command == "load" and rest:
        cluster.load(rest)
        return 0
    if command == "logs" and len(rest) < 2:
        return show_logs(cluster, rest[0] if rest else None)
    if command in ("kill", "start") and len(rest) == 1:
        (cluster.kill if command == "kill" else cluster.start)(rest[0])
        return 0
    if command == "up" and not rest:
        cluster.up(say)
        return 0
    if command == "down" and not rest:
        print(f"cluster {cluster.name}: {'ended' if cluster.down() else 'was not up'}")
        return 0
    if command == "able" and not rest:
        check_kernel()
        print("a cluster can run here")
        return 0
    if command == "status" and not rest:
        return show_status(cluster)
    if command == "test" and not rest:
        import prove  # noqa: PLC0415: it imports this
        return prove.main(cluster)
    print(f"cluster: '{' '.join(arguments)}' is not a command of it\n\n{__doc__.strip()}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Trouble, ValueError) as error:
        print(f"cluster: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
