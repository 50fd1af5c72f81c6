"""How load is made: wrk where it can, bench_load for raw requests, fixed rates and connections that are held."""
import json
import re
import subprocess

from configs import HOST
from programs import LOAD_CORE, BenchError, run_on_load_core

BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.5",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Referer": "https://localhost/catalog?page=2",
    "Cookie": "session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
    "Upgrade-Insecure-Requests": "1",
}
UPLOAD_SIZE = 1 << 20
CHUNKS, CHUNK_SIZE = 16, 4096


def get_request(path, host=HOST, extra=None):
    fields = {"Host": host, **BROWSER, **(extra or {})}
    return (f"GET {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n").encode()


def upload_request():
    return (f"POST /upload HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Length: {UPLOAD_SIZE}\r\n\r\n").encode() + b"u" * UPLOAD_SIZE


def chunked_request():
    chunk = f"{CHUNK_SIZE:x}\r\n".encode() + b"u" * CHUNK_SIZE + b"\r\n"
    return (f"POST /chunked HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/octet-stream\r\n"
            "Transfer-Encoding: chunked\r\n\r\n").encode() + chunk * CHUNKS + b"0\r\n\r\n"


def run_wrk(url, connections, seconds):
    """Raises when anything but 2xx came back or a socket failed: such a cell would count cheap failures as work."""
    fields = [word for name, value in BROWSER.items() for word in ("-H", f"{name}: {value}")]
    out = run_on_load_core(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *fields, url], seconds + 20)
    trouble = re.search(r"(Non-2xx.*|Socket errors.*)", out)
    if trouble:
        raise BenchError(f"wrk {url}: {trouble[1]}")


def run_h2load(url, connections, streams, seconds):
    """Prior knowledge; raises when a request failed or had no 2xx."""
    ask_h2load(url, connections, streams, ["-D", seconds], seconds + 20)


def ask_h2load(url, connections, streams, much, limit):
    """`much`: for how long, or how many requests."""
    fields = [word for name, value in BROWSER.items() for word in ("-H", f"{name}: {value}")]
    out = run_on_load_core(["h2load", "-t1", f"-c{connections}", f"-m{streams}", *much, *fields, url], limit)
    counts = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored", out)
    if not counts or not int(counts[2]) or int(counts[3]) or int(counts[4]):
        raise BenchError(f"h2load {url}: {counts[0] if counts else out[-200:]}")


class Generator:
    """bench_load with a request; files of requests lie in the bench's folder."""

    def __init__(self, tool, folder):
        self.tool = tool
        self.folder = folder
        self.files = {}

    def command(self, port, request, *flags):
        if request not in self.files:
            self.files[request] = self.folder / f"request-{len(self.files)}"
            self.files[request].write_bytes(request)
        return [self.tool, "--port", port, "--request", self.files[request], *flags]

    def run(self, port, request, *flags, limit=40):
        result = json.loads(run_on_load_core(self.command(port, request, *flags), limit))
        if result["errors"] or not result["answered"]:
            raise BenchError(f"port {port}: {result['errors']} errors, {result['answered']} answers")
        return result

    def hold(self, port, request, connections, *flags):
        """Idle connections, each of which was served once; they last until `release`."""
        command = self.command(port, request, "--idle", "--connections", connections, *flags)
        held = subprocess.Popen(["taskset", "-c", str(LOAD_CORE), *map(str, command)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        if held.stdout.readline().strip() != "ready":
            held.kill()
            raise BenchError(f"port {port}: {connections} idle connections could not be opened")
        return held

    @staticmethod
    def release(held):
        held.stdin.close()
        held.wait(20)
        held.stdout.close()
