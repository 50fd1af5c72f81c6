"""Gates without noise: what one keep-alive request costs in user instructions, heap allocations and data system calls,
what the number of routes adds, what one changed route costs, and what a route holds.

Each is the difference of two runs that differ in nothing but the number of requests, so start, connections and end
cancel out. A goal is where we want to be; a limit is what was reached once and must not be lost: exit 1 beyond a limit
(where none stands, the goal is it). `./dev bench gates`."""
import argparse
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from configs import numbered_host, numbered_path
from contenders import PORTS, Contenders, Counter
from load import Generator, ask_h2load, get_request
from programs import BenchError, end_as_interrupted
from single import applied_ms, edit_route

ROOT = Path(__file__).resolve().parents[2]
GOALS = {"instructions": 6000, "allocations": 0, "data calls": 4.1, "1,000 routes to one": 1.02,
         "h2: data calls": 2.5, "edit: million instr.": 4, "heap bytes a route": 1600}
# Lower one whenever a figure has become better for good; never raise one.
LIMITS = {"1,000 routes to one": 1.03, "heap bytes a route": 2465}
DATA_CALLS = {"read", "readv", "recvfrom", "recvmsg", "recvmmsg", "write", "writev", "sendto", "sendmsg", "sendmmsg",
              "sendfile", "splice"}
CONNECTIONS = 64
SHORT, LONG = 4000, 24000
FEW_EDITS, MANY_EDITS = 5, 25
# Timers of the control thread may allocate while a run lasts; a cost of the request itself shows as one or more.
NEARLY_NONE = 0.01


class Bench:
    """Runs Pintle under a tool with a given number of requests, and a generator that sends exactly those."""

    def __init__(self, contenders, connections, name="pintle", request=get_request("/catalog/item?id=7")):
        self.contenders = contenders
        self.connections = connections
        self.name = name
        self.request = request
        self.generator = Generator(contenders.tool("bench_load"), contenders.folder)

    def last_of(self, routes):
        """The same with so many routes, asking for the last."""
        request = get_request(numbered_path(routes - 1), host=numbered_host(routes - 1))
        return Bench(self.contenders, self.connections, f"pintle-{routes}", request)

    def run(self, requests, prefix=(), environment=None):
        program = self.contenders.start(self.name, prefix, environment)
        try:
            self.ask(requests)
        finally:
            stop_traced(program)

    def ask(self, requests):
        self.generator.run(PORTS[self.name].plain, self.request, "--connections", self.connections, "--requests", requests,
                           limit=300)


class H2Bench(Bench):
    """With 16 streams on each connection. Towards the backend it is two calls a request; frames of all that a turn of the loop brings
    leave in one, so that the client's side adds a sixteenth of two where all 16 come at once."""

    def ask(self, requests):
        ask_h2load(f"http://localhost:{PORTS[self.name].plain}/", self.connections, 16, ["-n", requests], 300)


def stop_traced(program):
    """A tracer ends when what it traces does; valgrind is the program itself."""
    for pid in reversed(program.pids()):
        os.kill(pid, signal.SIGTERM)
    program.process.wait(60)


def per_request(bench, count_of_run):
    """`count_of_run(requests)` runs once with few and once with many requests."""
    few, many = count_of_run(SHORT), count_of_run(LONG)
    if isinstance(few, dict):
        return {name: (many.get(name, 0) - few.get(name, 0)) / (LONG - SHORT) for name in {*few, *many}}
    return (many - few) / (LONG - SHORT)


def instructions(bench, keep=None):
    def count(requests):
        out = bench.contenders.folder / f"callgrind.{requests}"  # the number is for profile.py
        bench.run(requests, ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"])
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(out, keep / out.name)
        return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)[1])

    return per_request(bench, count)


def edit_instructions(contenders):
    """Millions for one changed route among 5,000, from the file to the last status, all threads."""
    def count(edits):
        out = contenders.folder / f"callgrind.edits.{edits}"
        program = contenders.start("pintle-5000", ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"])
        try:
            for number in range(edits):
                edit_route(contenders.manifests("pintle-5000"), number)
                await_generation(program, 2 + number)
        finally:
            stop_traced(program)
        return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)[1])

    return (count(MANY_EDITS) - count(FEW_EDITS)) / (MANY_EDITS - FEW_EDITS) / 1e6


def await_generation(program, number):
    deadline = time.monotonic() + 60
    while len(applied_ms(program.log.read_text())) < number:
        if time.monotonic() > deadline:
            raise BenchError(f"generation {number} was not served within 60 s")
        time.sleep(0.02)


class Heap:
    """What the preloaded counter sees of a program's heap."""

    def __init__(self, contenders, name):
        self.counter = Counter(contenders.folder / name, 2)
        self.preload = {"LD_PRELOAD": str(contenders.tool("bench_allocations.so").resolve()),
                        "BENCH_ALLOCATIONS": str(self.counter.file)}

    def allocations(self):
        return self.counter.value(0)

    def held_bytes(self):
        return self.counter.value(1)


def heap_of(contenders, name):
    """Bytes held once the configuration is served and its statuses are made."""
    heap = Heap(contenders, f"heap-{name}")
    program = contenders.start(name, environment=heap.preload)
    try:
        seen = []
        while len(seen) < 20 or max(seen[-20:]) - min(seen[-20:]) > 4096:
            seen.append(heap.held_bytes())
            if len(seen) > 600:
                raise BenchError(f"the heap of {name} does not come to rest")
            time.sleep(0.05)
    finally:
        program.stop()
    if not seen[-1]:
        raise BenchError("not one byte was seen: the counter was not loaded")
    return seen[-1]


def heap_per_route(contenders):
    return (heap_of(contenders, "pintle-5000") - heap_of(contenders, "pintle-1")) / 4999


def allocations(bench):
    heap = Heap(bench.contenders, "allocations")

    def count(requests):
        before = heap.allocations()
        bench.run(requests, environment=heap.preload)
        if heap.allocations() == before:
            raise BenchError("not one allocation was seen: the counter was not loaded")
        return heap.allocations() - before

    return per_request(bench, count)


def system_calls(bench):
    def count(requests):
        out = bench.contenders.folder / f"strace.{requests}"
        bench.run(requests, ["strace", "-f", "-c", "-U", "calls,name", "-o", out])
        return {name: int(calls) for calls, name in re.findall(r"^ *(\d+) +(\w+)$", out.read_text(), re.MULTILINE)
                if name != "total"}

    return per_request(bench, count)


def data_calls(calls):
    return sum(calls.get(name, 0) for name in DATA_CALLS)


def verdicts(figures):
    """(name, figure, goal, within)"""
    for name, goal in GOALS.items():
        slack = NEARLY_NONE if goal == 0 else 0
        yield name, figures[name], goal, figures[name] <= goal + slack


def main():
    parser = argparse.ArgumentParser(prog="./dev bench gates", description=__doc__, allow_abbrev=False)
    parser.add_argument("--connections", type=int, default=CONNECTIONS, metavar="N", help=f"({CONNECTIONS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go too")
    parser.add_argument("--profiles", type=Path, metavar="DIR", help="keep the callgrind files, for callgrind_annotate")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help=argparse.SUPPRESS)
    options = parser.parse_args()
    end_as_interrupted()
    with tempfile.TemporaryDirectory(prefix="pintle-gates-") as folder:
        try:
            with Contenders(options.build, folder) as contenders:
                bench = Bench(contenders, options.connections)
                calls = system_calls(bench)
                figures = {"instructions": instructions(bench, options.profiles), "allocations": allocations(bench),
                           "data calls": data_calls(calls),
                           "h2: data calls": data_calls(system_calls(H2Bench(contenders, 8))),
                           "1,000 routes to one": instructions(bench.last_of(1000)) / instructions(bench.last_of(1)),
                           "edit: million instr.": edit_instructions(contenders),
                           "heap bytes a route": heap_per_route(contenders)}
        except BenchError as error:
            print(f"gates: {error}", file=sys.stderr)
            return 1
    print(f"per keep-alive h1 request, {options.connections} connections, {LONG - SHORT} requests apart:")
    good = True
    for name, figure, goal, within in verdicts(figures):
        held = within or figure <= LIMITS.get(name, goal)
        word = "ok    " if within else "held  " if held else "BEYOND"
        limit = "" if within or name not in LIMITS else f", limit <= {LIMITS[name]:g}"
        print(f"  {word} {name:<20} {figure:10.2f}   goal <= {goal:g}{limit}")
        good = good and held
    often = sorted(((n, name) for name, n in calls.items() if n >= 0.005), reverse=True)
    print("  calls: " + ", ".join(f"{name} {n:.2f}" for n, name in often))
    if options.json:
        options.json.write_text(json.dumps({"figures": figures, "goals": GOALS, "calls": calls}, indent=1) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
