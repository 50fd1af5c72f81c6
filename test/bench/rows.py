"""The rows whose figure is CPU per request, and those at a fixed rate. Goals are ratios of medians of the same run."""
from dataclasses import dataclass, field

from configs import numbered_host, numbered_path
from load import chunked_request, get_request, run_h2load, run_wrk, upload_request

PLAIN = ("floor", "nginx", "haproxy", "pintle")
TLS = ("nginx", "haproxy", "pintle")


@dataclass(frozen=True)
class Cell:
    """What a row may use to make its load."""
    contender: str
    ports: object
    seconds: int
    generator: object


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    run: object                      # run(cell): makes the load
    contenders: tuple = PLAIN
    subject: str = "pintle"          # whose figure is compared
    goals: dict = field(default_factory=dict)  # {peer: largest ratio}


def wrk(path, connections):
    return lambda cell: run_wrk(f"http://localhost:{cell.ports.plain}{path}", connections, cell.seconds)


def wrk_tls(path, connections):
    return lambda cell: run_wrk(f"https://localhost:{cell.ports.tls}{path}", connections, cell.seconds)


def h2(path, connections, streams):
    return lambda cell: run_h2load(f"http://localhost:{cell.ports.h2 or cell.ports.plain}{path}", connections, streams,
                                   cell.seconds)


def closed(request, connections, *flags):
    return lambda cell: cell.generator.run(cell.ports.plain, request, "--connections", connections, "--milliseconds",
                                           cell.seconds * 1000, *flags)


def handshakes(cell):
    request = get_request("/", extra={"Connection": "close"})
    cell.generator.run(cell.ports.tls, request, "--connections", 16, "--milliseconds", cell.seconds * 1000, "--fresh",
                       "--tls", "localhost")


def last_route(cell):
    last = int(cell.contender.partition("-")[2]) - 1
    closed(get_request(numbered_path(last), host=numbered_host(last)), 64)(cell)


CPU_ROWS = [
    Row("h1-64", "h1 100 B, 64 connections", wrk("/", 64), goals={"nginx": 0.75, "haproxy": 0.80, "floor": 1.10}),
    Row("h1-512", "h1 100 B, 512 connections", wrk("/", 512), goals={"nginx": 0.75, "haproxy": 0.80, "floor": 1.10}),
    Row("h1-10k", "h1 10 KB, 64 connections", wrk("/10k", 64), goals={"nginx": 0.80, "haproxy": 0.80}),
    Row("h1-1m", "h1 1 MB, 16 connections", wrk("/1m", 16), goals={"nginx": 0.60, "haproxy": 0.65}),
    Row("upload", "uploads of 1 MB, 16 connections", closed(upload_request(), 16)),
    Row("chunked", "chunked both ways, 64 KB, 16 connections", closed(chunked_request(), 16)),
    Row("tls-100", "TLS 1.3 h1 100 B, 64 connections", wrk_tls("/", 64), TLS, goals={"nginx": 0.80, "haproxy": 0.80}),
    Row("tls-10k", "TLS 1.3 h1 10 KB, 64 connections", wrk_tls("/10k", 64), TLS),
    Row("tls-1m", "TLS 1.3 h1 1 MB, 16 connections", wrk_tls("/1m", 16), TLS, goals={"nginx": 0.85, "haproxy": 0.75}),
    Row("h2-8x16", "h2 100 B, 8 connections of 16 streams", h2("/", 8, 16), TLS, goals={"nginx": 0.45, "haproxy": 0.78}),
    Row("h2-64x1", "h2 100 B, 64 connections of a stream", h2("/", 64, 1), TLS, goals={"nginx": 0.75, "haproxy": 0.92}),
    Row("handshake", "TLS 1.3 full handshake for each request", handshakes, TLS,
        goals={"nginx": 0.95, "haproxy": 0.85}),
    Row("connect", "new connection for each request",
        closed(get_request("/", extra={"Connection": "close"}), 32, "--fresh"), goals={"nginx": 0.90, "haproxy": 0.90}),
    Row("routes-1000", "last of 1,000 routes", last_route, ("pintle-1", "pintle-1000"), "pintle-1000",
        {"pintle-1": 1.02}),
    Row("routes-40000", "last of 40,000 routes", last_route, ("pintle-1", "pintle-40000"), "pintle-40000",
        {"pintle-1": 1.02}),
]


@dataclass(frozen=True)
class RateRow:
    name: str
    title: str
    rate: int
    contenders: tuple = TLS

    def run(self, cell):
        return cell.generator.run(cell.ports.plain, get_request("/"), "--connections", 64, "--milliseconds",
                                  cell.seconds * 1000, "--rate", self.rate)


RATE_ROWS = [RateRow("rate-5000", "latency at 5,000 requests/s", 5000),
             RateRow("rate-20000", "latency at 20,000 requests/s", 20000)]
