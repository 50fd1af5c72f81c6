"""What every integration test stands on: the real binary, a folder of manifests, scripted backends, raw clients.

Only loopback addresses and ports chosen by the kernel are used. Every process started here is ended by its own id.
"""
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

PINTLE = os.environ.get("PINTLE", "build/release/pintle")
# Sanitizer builds are several times slower: every deadline of a test is multiplied by this.
SLOW = float(os.environ.get("PINTLE_TEST_SLOWNESS", "1"))
LONG = os.environ.get("PINTLE_TEST_LONG") == "1"  # floods at their full size and length


def free_offset(ports):
    """A port offset such that every listener port of a test is free on loopback."""
    for _ in range(200):
        offset = random.randint(20000, 23000)  # listeners up to 9767 stay below the ports that connections are given
        with contextlib.ExitStack() as stack:
            try:
                for port in ports:
                    s = stack.enter_context(socket.socket())
                    s.bind(("127.0.0.1", port + offset))
            except OSError:
                continue
        return offset
    raise RuntimeError("no free range of ports on loopback")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, seconds=10.0, what="condition"):
    deadline = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out waiting for {what}")
        time.sleep(0.01)


# --- manifests -------------------------------------------------------------------------------------------------------

def gateway(name="gw", listeners=None, **spec):
    listeners = listeners or [{"name": "http", "protocol": "HTTP", "port": 80}]
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"gatewayClassName": "pintle", "listeners": listeners, **spec}}


def route(name, rules, hostnames=None, gateway="gw", **parent):
    spec = {"parentRefs": [{"name": gateway, **parent}], "rules": rules}
    if hostnames:
        spec["hostnames"] = hostnames
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def to(service, weight=None, **more):
    ref = {"name": service, "port": 80, **more}
    if weight is not None:
        ref["weight"] = weight
    return ref


def prefix(path):
    return {"path": {"type": "PathPrefix", "value": path}}


def service(name, ports, app_protocol=None, ready=True):
    """A Service whose endpoints are loopback ports: one EndpointSlice per port, so several slices are merged."""
    port = {"name": "http", "port": 80, "targetPort": 80, "protocol": "TCP"}
    if app_protocol:
        port["appProtocol"] = app_protocol
    docs = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"},
             "spec": {"ports": [port]}}]
    for number in ports:
        docs.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                     "metadata": {"name": f"{name}-{number}", "namespace": "default",
                                  "labels": {"kubernetes.io/service-name": name}},
                     "addressType": "IPv4",
                     "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": ready}}],
                     "ports": [{"name": "http", "port": number, "protocol": "TCP"}]})
    return docs


def secret(name, cert_pem, key_pem):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"},
            "type": "kubernetes.io/tls", "stringData": {"tls.crt": cert_pem, "tls.key": key_pem}}


class Folder:
    """A folder of manifests. JSON is YAML enough, and JSON documents are read by the same decoder."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="pintle-test-"))

    def write(self, name, *documents):
        flat = []
        for d in documents:
            flat.extend(d if isinstance(d, list) else [d])
        self.write_text(f"{name}.yaml", "\n---\n".join(json.dumps(d, indent=1) for d in flat))

    def write_text(self, file, text):
        """Atomic, as editors and kubelets write."""
        temporary = self.path / f".{file}.tmp"
        temporary.write_text(text)
        temporary.rename(self.path / file)

    def remove(self, name):
        (self.path / f"{name}.yaml").unlink()

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# --- the process -----------------------------------------------------------------------------------------------------

class Pintle:
    """`pintle serve` on a folder; ready when entered, ended when left. The exit must be clean unless told otherwise.
    `under` is a command that runs it, and becomes it: the process keeps its id."""

    def __init__(self, folder, *arguments, ports=(80, 443, 8080), env=None, under=()):
        self.folder = folder
        self.offset = free_offset(ports)
        self.admin_port = free_port()
        self.log_path = folder.path.parent / f"{folder.path.name}.log"
        self.log = open(self.log_path, "wb")
        self.exit_code = None
        self.command = [*under, PINTLE, "serve", "--config", str(folder.path), "--port-offset", str(self.offset),
                        "--admin", f"127.0.0.1:{self.admin_port}", *arguments]
        if "--threads" not in arguments:
            self.command += ["--threads", "2"]
        environment = dict(os.environ)
        environment.setdefault("XDG_STATE_HOME", str(folder.path.parent / f"{folder.path.name}.state"))
        environment.update(env or {})
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log, env=environment)

    def port(self, listener_port=80):
        return listener_port + self.offset

    def admin(self, path):
        c = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=10 * SLOW)
        try:
            c.request("GET", path)
            r = c.getresponse()
            return r.status, r.read().decode()
        finally:
            c.close()

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"pintle ended with {self.process.returncode}: {self.log_text()[-2000:]}")
        try:
            return self.admin("/readyz")[0] == 200
        except OSError:
            return False

    def generation(self):
        """Served configuration generation, from the metrics."""
        for line in self.admin("/metrics")[1].splitlines():
            if line.startswith("pintle_config_generation "):
                return int(float(line.split()[1]))
        return 0

    def metric(self, name, **labels):
        """Sum of all series of a name that carry these labels."""
        total = 0.0
        for line in self.admin("/metrics")[1].splitlines():
            if line.startswith("#") or not (line.startswith(name + "{") or line.startswith(name + " ")):
                continue
            if all(f'{k}="{v}"' in line for k, v in labels.items()):
                total += float(line.rsplit(" ", 1)[1])
        return total

    def edit(self, change, seconds=5):
        """Makes a change in the folder and waits until a new generation serves."""
        before = self.generation()
        change()
        wait_until(lambda: self.generation() > before, seconds, "the edit to be served")

    def rss_kib(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def log_text(self):
        return self.log_path.read_text(errors="replace")

    def access_log(self):
        lines = []
        for line in self.log_text().splitlines():
            if line.startswith("{") and '"reason"' in line:
                lines.append(json.loads(line))
        return lines

    def stop(self, sig=signal.SIGTERM, seconds=20):
        if self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(seconds * SLOW)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.exit_code = self.process.returncode
        return self.exit_code

    def __enter__(self):
        try:
            wait_until(self.ready, 20, "pintle to be ready")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    def __exit__(self, kind, value, trace):
        code = self.stop()
        self.log.close()
        text = self.log_text()
        with contextlib.suppress(OSError):
            self.log_path.unlink()
        shutil.rmtree(self.folder.path.parent / f"{self.folder.path.name}.state", ignore_errors=True)
        if kind is None and code != 0:
            raise AssertionError(f"pintle ended with {code}\n{text[-4000:]}")
        if kind is not None:
            print(text[-3000:])


# --- backends --------------------------------------------------------------------------------------------------------

class Request:
    def __init__(self, method, target, version, headers, raw):
        self.method, self.target, self.version, self.headers, self.raw = method, target, version, headers, raw
        self.body = b""
        self.trailers = []

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None


class Stream:
    """A socket with a read buffer. EOF inside a message raises ConnectionError."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def fill(self):
        data = self.sock.recv(1 << 16)
        if not data:
            raise ConnectionError("peer closed")
        self.buffer += data

    def until(self, mark):
        while mark not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(mark, 1)
        return head + mark

    def exactly(self, count):
        while len(self.buffer) < count:
            self.fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def to_end(self):
        with contextlib.suppress(ConnectionError):
            while True:
                self.fill()
        data, self.buffer = self.buffer, b""
        return data

    def chunked(self):
        body, trailers = b"", []
        while True:
            size = int(self.until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                break
            body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"
        while (line := self.until(b"\r\n")) != b"\r\n":
            name, value = line[:-2].split(b":", 1)
            trailers.append((name.decode("latin-1"), value.strip().decode("latin-1")))
        return body, trailers

    def head(self):
        raw = self.until(b"\r\n\r\n")
        lines = raw[:-4].decode("latin-1").split("\r\n")
        headers = []
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers.append((name, value.strip()))
        return lines[0], headers, raw

    def read_request(self):
        first, headers, raw = self.head()
        method, target, version = first.split(" ")
        request = Request(method, target, version, headers, raw)
        if request.get("transfer-encoding") == "chunked":
            request.body, request.trailers = self.chunked()
        elif request.get("content-length"):
            request.body = self.exactly(int(request.get("content-length")))
        return request


def answer(body=b"", status="200 OK", headers=()):
    if isinstance(body, str):
        body = body.encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *(f"{n}: {v}" for n, v in headers)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Backend:
    """A scripted upstream. `script(stream, sock)` owns one connection; the default answers each request with `respond`."""

    def __init__(self, name="b", respond=None, script=None, port=0):
        self.name = name
        self.requests = []
        self.connections = 0
        self.lock = threading.Lock()
        self.respond = respond or (lambda request: answer(name, headers=[("X-Backend", name)]))
        self.script = script or self.serve
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(1024)
        self.port = self.listener.getsockname()[1]
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                self.open.append(sock)
            threading.Thread(target=self.run, args=(sock,), daemon=True).start()

    def run(self, sock):
        with contextlib.suppress(OSError, ConnectionError, ValueError):
            self.script(Stream(sock), sock)
        with self.lock, contextlib.suppress(ValueError):
            self.open.remove(sock)
        sock.close()

    def serve(self, stream, sock):
        while True:
            request = stream.read_request()
            with self.lock:
                self.requests.append(request)
            reply = self.respond(request)
            if reply is None:
                return
            sock.sendall(reply)
            if b"connection: close" in reply.split(b"\r\n\r\n")[0].lower():
                return

    def close(self):
        # shutdown first: close alone does not wake a thread blocked in accept.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for sock in self.open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# --- clients ---------------------------------------------------------------------------------------------------------

class Response:
    def __init__(self, status, headers, body, trailers, raw_head):
        self.status, self.headers, self.body, self.trailers, self.raw_head = status, headers, body, trailers, raw_head

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None


class Client(Stream):
    """A raw client: bytes out, strictly parsed responses in."""

    def __init__(self, port, tls=None, server_name=None, seconds=10.0, address="127.0.0.1"):
        sock = socket.create_connection((address, port), timeout=seconds * SLOW)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            sock = tls.wrap_socket(sock, server_hostname=server_name)
        super().__init__(sock)

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def get(self, host, path="/", method="GET", headers=()):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{n}: {v}" for n, v in headers)]
        self.send("\r\n".join(lines) + "\r\n\r\n")
        return self.response(method)

    def response(self, method="GET"):
        first, headers, raw = self.head()
        status = int(first.split(" ")[1])
        response = Response(status, headers, b"", [], raw)
        if method == "HEAD" or status in (204, 304) or 100 <= status < 200:
            return response
        if (response.get("transfer-encoding") or "").lower() == "chunked":
            response.body, response.trailers = self.chunked()
        elif response.get("content-length") is not None:
            response.body = self.exactly(int(response.get("content-length")))
        else:
            response.body = self.to_end()
        return response

    def closed(self):
        """True if the peer closes without sending another byte."""
        try:
            return self.buffer == b"" and self.sock.recv(1) == b""
        except ConnectionError:
            return True

    def close(self):
        self.sock.close()

    def reset(self):
        """Leaves with RST, which says that the answer is not wanted; FIN alone may be half a close."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def fetch(port, host, path="/", **more):
    with Client(port) as client:
        return client.get(host, path, **more)


def certificate(directory, name, hosts, days=30):
    """A self-signed certificate by the openssl command. Returns (certificate PEM, key PEM)."""
    directory = pathlib.Path(directory)
    key, cert = directory / f".{name}.key", directory / f".{name}.crt"
    names = ",".join(f"DNS:{h}" for h in hosts)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", str(key), "-out", str(cert), "-days", str(days), "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName={names}"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pair = cert.read_text(), key.read_text()
    key.unlink()
    cert.unlink()
    return pair
