"""The programs compared, and the backend they forward to. All are up at once; each has ports of its own."""
import base64
import mmap
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from configs import HAPROXY, NGINX, write_manifests
from programs import CONTENDER_CORE, LOAD_CORE, BenchError, Program, is_listening, refuse_busy

BACKEND_PORT = 21000
FLOOR_PORT = 21001
PINTLE_FLAGS = ["--threads", "1", "--access-log", "off", "--address", "127.0.0.1", "--log-level", "info"]


class Counter:
    """Numbers of 8 bytes in memory shared with a program."""

    def __init__(self, file, numbers=1):
        self.file = Path(file)
        self.file.write_bytes(bytes(8 * numbers))
        with open(self.file, "r+b") as handle:
            self.memory = mmap.mmap(handle.fileno(), 8 * numbers)

    def value(self, number=0):
        return struct.unpack_from("<Q", self.memory, 8 * number)[0]


@dataclass(frozen=True)
class Ports:
    plain: int
    tls: int = 0
    admin: int = 0
    h2: int = 0  # of HTTP/2 with prior knowledge, where `plain` does not speak it

    def used(self):
        return [port for port in (self.plain, self.tls, self.admin, self.h2) if port]


PORTS = {
    "floor": Ports(FLOOR_PORT),
    "nginx": Ports(21010, 21011, h2=21012),
    "haproxy": Ports(21020, 21021, h2=21022),
    "pintle": Ports(21030, 21031, 21039),
    "pintle-1": Ports(21040, 21041, 21049),
    "pintle-1000": Ports(21050, 21051, 21059),
    "pintle-5000": Ports(21060, 21061, 21069),
    "pintle-40000": Ports(21070, 21071, 21079),
}


class Contenders:
    """Starts what a row asks for, once, and ends everything when the bench is over."""

    def __init__(self, build, folder):
        self.build = Path(build)
        self.folder = Path(folder)
        self.running = {}
        self.make_certificate()
        refuse_busy(BACKEND_PORT, "the backend")
        self.requests = Counter(self.folder / "requests")
        self.backend = Program("backend", [self.tool("bench_backend"), "--port", BACKEND_PORT, "--counter",
                                           self.requests.file], self.folder, LOAD_CORE)
        self.backend.wait_for(lambda: is_listening(BACKEND_PORT), "its port")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in [*self.running.values(), self.backend]:
            program.stop()

    def tool(self, name):
        return self.build / "bench" / name

    def make_certificate(self):
        key, certificate = self.folder / "tls.key", self.folder / "tls.crt"
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                               "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                               "subjectAltName=DNS:localhost"], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise BenchError(f"openssl could not make a certificate: {made.stderr.strip()[-200:]}")
        (self.folder / "tls.pem").write_text(certificate.read_text() + key.read_text())

    def get(self, name):
        if name not in self.running:
            self.running[name] = self.start(name)
        return self.running[name]

    def restart(self, name):
        if name in self.running:
            self.running.pop(name).stop()
        return self.get(name)

    def start(self, name, prefix=(), environment=None):
        """`prefix` runs it under a tool: valgrind, strace."""
        ports = PORTS[name]
        for port in ports.used():
            refuse_busy(port, name)
        command = [*prefix, *self.command(name, ports)]
        program = Program(name, command, self.folder, CONTENDER_CORE, environment)
        try:
            if name.startswith("pintle"):
                program.wait_for(lambda: "is served" in program.log.read_text(errors="replace"), "its configuration")
            if name == "nginx":
                program.wait_for(lambda: len(program.pids()) > 1, "its worker")
            for port in ports.used():
                program.wait_for(lambda port=port: is_listening(port), f"port {port}")
        except BaseException:
            program.stop()
            raise
        return program

    def command(self, name, ports):
        values = {"folder": self.folder, "backend": BACKEND_PORT, "plain": ports.plain, "tls": ports.tls,
                  "h2": ports.h2}
        if name == "floor":
            return [self.tool("bench_relay"), "--port", ports.plain, "--to", BACKEND_PORT]
        if name == "nginx":
            (self.folder / "nginx.conf").write_text(NGINX.format(**values))
            return ["nginx", "-c", self.folder / "nginx.conf", "-e", "stderr"]
        if name == "haproxy":
            (self.folder / "haproxy.cfg").write_text(HAPROXY.format(**values))
            return ["haproxy", "-db", "-f", self.folder / "haproxy.cfg"]
        manifests = self.manifests(name)
        if not manifests.exists():
            for key, file in (("certificate", "tls.crt"), ("key", "tls.key")):
                values[key] = base64.b64encode((self.folder / file).read_bytes()).decode()
            write_manifests(manifests, values, int(name.partition("-")[2] or 0))
        return [self.build / "pintle", "serve", "--config", manifests, "--admin", f"127.0.0.1:{ports.admin}",
                *PINTLE_FLAGS]

    def manifests(self, name):
        return self.folder / f"manifests-{name}"
