"""Rows of one measurement each: memory, start, and what becomes of a change of the configuration."""
import os
import re
import socket
import statistics
import time

from configs import numbered_host, route
from contenders import PORTS
from load import get_request
from programs import BenchError

FEW, MANY = 1000, 5000
EDITS = 200
EDITED_HOST = "edited.bench.test"
STARTS = 3
ANSWER_LIMIT = 5.0


def row(name, title, unit, values, goals=None):
    return {"name": name, "title": title, "kind": "single", "unit": unit, "values": values, "goals": goals or {}}


def settled_rss_kib(program):
    """Memory once it has stood still for 0.2 s: a worker that was just forked is not complete."""
    seen = []
    while len(seen) < 10 or len(set(seen[-10:])) > 1:
        seen.append(program.rss_kib())
        if len(seen) > 200:
            break
        time.sleep(0.02)
    return seen[-1]


def start_memory(contenders, _generator):
    values = {name: settled_rss_kib(contenders.restart(name)) / 1024 for name in ("nginx", "haproxy", "pintle")}
    return [row("start", "resident memory at start", "MB", values, {"pintle": 8.0})]


def idle_memory(contenders, generator):
    """KB a connection: the slope from 1,000 to 5,000, so that what the first ones set up counts for nothing."""
    rows = []
    for name, title, flags, goal in (("idle", "idle connection", (), 0.6),
                                     ("idle-tls", "idle TLS connection", ("--tls", "localhost"), 14.5)):
        values = {}
        for contender in ("nginx", "haproxy", "pintle"):
            program = contenders.restart(contender)
            port = PORTS[contender].tls if flags else PORTS[contender].plain
            few = generator.hold(port, get_request("/"), FEW, *flags)
            before = program.rss_kib()
            many = generator.hold(port, get_request("/"), MANY - FEW, *flags)
            values[contender] = (program.rss_kib() - before) / (MANY - FEW)
            generator.release(few)
            generator.release(many)
        rows.append(row(name, f"memory of an {title}", "KB", values, {"pintle": goal}))
    return rows


def applied_ms(log):
    """How long each generation took, from freezing the objects to every worker serving it."""
    return [float(found) for found in re.findall(r"applied in ([\d.]+) ms", log)]


def configuration(count, memory_goal, rebuild_goal):
    """The best of some starts: whatever else the machine does can only add."""
    def measure(contenders, _generator):
        starts = []
        for _ in range(STARTS):
            began = time.monotonic()
            program = contenders.restart(f"pintle-{count}")
            starts.append({"ready s": time.monotonic() - began, "RSS MB": program.rss_kib() / 1024,
                           "rebuild ms": applied_ms(program.log.read_text())[0]})
        values = {key: min(start[key] for start in starts) for key in starts[0]}
        return [row(f"table-{count}", f"{count:,} routes, best of {STARTS} starts", "", values,
                    {"RSS MB": memory_goal, "rebuild ms": rebuild_goal})]

    return measure


class Asker:
    """Asks again and again on one connection; says when the answer has become 200."""

    def __init__(self, port):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_LIMIT)

    def status(self, host, path):
        self.connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answer = b""
        while True:
            head, end, body = answer.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            if end and length and len(body) >= int(length[1]):
                return int(head.split()[1])
            more = self.connection.recv(65536)
            if not more:
                raise BenchError("the connection that watches an edit was closed")
            answer += more

    def seconds_until_found(self, host, path, began):
        while self.status(host, path) != 200:
            if time.monotonic() - began > ANSWER_LIMIT:
                raise BenchError(f"an edit was not served within {ANSWER_LIMIT:.0f} s")
        return time.monotonic() - began


def edit_route(folder, number):
    """Replaces the file of one route: its path becomes /edit-NUMBER. Returns when."""
    file = folder / "40-edited.yaml"
    hidden = file.with_name(".edited.new")
    hidden.write_text(route("edited", EDITED_HOST, f"/edit-{number}"))
    began = time.monotonic()
    os.replace(hidden, file)
    return began


def edits(contenders, _generator):
    """A file with one route is replaced; the clock runs from the rename to the first answer by the new route. A second
    connection asks for another route between edits: every one of its answers must be 200."""
    program = contenders.get("pintle-5000")
    folder = contenders.manifests("pintle-5000")
    asker, control = Asker(PORTS["pintle-5000"].plain), Asker(PORTS["pintle-5000"].plain)
    known = len(applied_ms(program.log.read_text()))
    seconds, failures = [], 0
    cpu = program.cpu_ns()
    for number in range(EDITS):
        began = edit_route(folder, number)
        seconds.append(asker.seconds_until_found(EDITED_HOST, f"/edit-{number}", began))
        failures += control.status(numbered_host(0), "/r/0") != 200
        time.sleep(0.02)  # longer than changes are gathered, so each edit is a first one
    cpu = program.cpu_ns() - cpu
    applied = applied_ms(program.log.read_text())[known:]
    ms = sorted(second * 1000 for second in seconds)
    values = {"p50 ms": statistics.median(ms), "p99 ms": ms[int(0.99 * (len(ms) - 1))],
              "rebuild ms": statistics.median(applied), "CPU ms": cpu / EDITS / 1e6, "failures": failures}
    return [row("edit", f"edit to first answer, {EDITS} edits among 5,000 routes", "", values,
                {"p50 ms": 3.0, "p99 ms": 10.0, "rebuild ms": 1.0, "failures": 0})]


SINGLE_ROWS = {"start": start_memory, "idle": idle_memory, "table-5000": configuration(5000, 16.0, 5.0),
               "edit": edits, "table-40000": configuration(40000, 48.0, 30.0)}
