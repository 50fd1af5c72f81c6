#!/usr/bin/env python3
"""Minutes at about 70 % of one worker's core, with route edits, endpoint churn and certificate swaps all the time.

    ./dev soak [MINUTES]      10 unless told; --share S of a core; --json FILE

Passes when not one request failed, and after the first fifth of the time memory grows by less than 1 MiB in ten
minutes, descriptors do not grow, and the number of threads stays."""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("PINTLE", str(ROOT / "build/release/pintle"))

from harness import (Folder, Pintle, certificate, free_port, gateway, prefix, route, secret, service, to,  # noqa: E402
                     wait_until)

HOST = "soak.test"
# s that one generator runs; then p50 and p99 are told, and the next one opens new connections. Shorter than the 10 s for
# which a connection may stay without its first request: at a fixed rate some are never needed.
SEGMENT = 8.0
CONNECTIONS, TLS_CONNECTIONS, TLS_RATE = 64, 4, 100
REQUEST = f"GET /%s/item?id=7 HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: soak\r\nAccept: */*\r\n\r\n"
MOST_GROWTH = 1024.0        # KiB in ten minutes
MOST_MORE_DESCRIPTORS = 20  # in ten minutes; pooled connections come and go with the endpoints
EDIT_EVERY, CHURN_EVERY, SWAP_EVERY = 0.2, 0.5, 3.0  # s


class Tools:
    def __init__(self, folder):
        self.folder, self.bench = pathlib.Path(folder), ROOT / "build/release/bench"
        for path in ("a", "b"):
            (self.folder / path).write_text(REQUEST % path)

    def backend(self):
        port = free_port()
        return port, subprocess.Popen([self.bench / "bench_backend", "--port", str(port)], stdout=subprocess.DEVNULL)

    def load(self, port, path, seconds, connections, *more):
        return subprocess.Popen([self.bench / "bench_load", "--port", str(port), "--request", self.folder / path,
                                 "--connections", str(connections), "--milliseconds", str(int(seconds * 1000)),
                                 *map(str, more)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def outcome(load):
    out, errors = load.communicate(timeout=120)
    return json.loads(out) if load.returncode == 0 else {"answered": 0, "errors": 1, "why": errors.strip()[-200:]}


class Changes:
    """Everything an operator does in a day, again and again until told to stop."""

    def __init__(self, folder, ports, pairs):
        self.folder, self.ports, self.pairs = folder, ports, pairs
        self.stop, self.counts = threading.Event(), {"edits": 0, "churns": 0, "swaps": 0}
        self.edits(0), self.churns(0), self.swaps(0)
        self.threads = [threading.Thread(target=self.repeat, args=row, daemon=True) for row in (
            ("edits", self.edits, EDIT_EVERY), ("churns", self.churns, CHURN_EVERY), ("swaps", self.swaps, SWAP_EVERY))]

    def repeat(self, name, change, every):
        while not self.stop.wait(every):
            self.counts[name] += 1
            change(self.counts[name])

    def edits(self, number):
        header = {"name": "X-Edit", "value": str(number)}
        rules = [{"matches": [prefix("/a")], "backendRefs": [to("one", number % 10 + 1), to("two", 5)],
                  "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [header]}}]},
                 {"matches": [prefix("/b")], "backendRefs": [to("two")]},
                 {"matches": [prefix(f"/edit-{number % 7}")], "backendRefs": [to("one")]}]
        self.folder.write("routes", route("r", rules if number % 2 else rules[::-1], [HOST]))

    def churns(self, number):
        sets = [self.ports, self.ports[:2], self.ports[1:], self.ports[::-1]]
        self.folder.write("one", service("one", sets[number % 4]))

    def swaps(self, number):
        self.folder.write("secret", secret("cert", *self.pairs[number % len(self.pairs)]))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def cpu_seconds(pid):
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def sample(pintle, began):
    pid = pintle.process.pid
    return {"at": time.monotonic() - began, "rss_kib": pintle.rss_kib(), "descriptors": pintle.descriptors(),
            "threads": len(os.listdir(f"/proc/{pid}/task")), "cpu": cpu_seconds(pid)}


def slope(points):
    """Least squares: what y grows by in ten minutes."""
    count = len(points)
    mean_x, mean_y = (sum(p[i] for p in points) / count for i in (0, 1))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return 600 * sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def calibrate(tools, pintle, share):
    """The rate at which the worker is busy for `share` of a core by what a request costs; less on a machine that cannot
    make so much load beside it, because requests would only queue up."""
    began = cpu_seconds(pintle.process.pid)
    at_most = outcome(tools.load(pintle.port(), "a", 4, CONNECTIONS))
    if at_most["errors"] or not at_most["answered"]:
        sys.exit(f"soak: the first load failed: {at_most}")
    cost = (cpu_seconds(pintle.process.pid) - began) / at_most["answered"]
    return max(500, int(min(share / cost, share * at_most["answered"] / at_most["seconds"])))


def soak(tools, pintle, rate, minutes):
    samples, segments, began = [], [], time.monotonic()
    while time.monotonic() - began < minutes * 60:
        loads = [tools.load(pintle.port(), "a", SEGMENT, CONNECTIONS // 2, "--rate", rate // 2),
                 tools.load(pintle.port(), "b", SEGMENT, CONNECTIONS // 2, "--rate", rate - rate // 2),
                 tools.load(pintle.port(443), "a", SEGMENT, TLS_CONNECTIONS, "--rate", TLS_RATE, "--tls", HOST)]
        for _ in range(4):  # while all connections are open
            time.sleep(SEGMENT / 5)
            samples.append(sample(pintle, began))
        results = [outcome(load) for load in loads]
        segments.append({"at": time.monotonic() - began, "answered": sum(r["answered"] for r in results),
                         "errors": sum(r["errors"] for r in results), "p50_us": results[0].get("p50_us", 0),
                         "p99_us": results[0].get("p99_us", 0), "tls_p99_us": results[2].get("p99_us", 0),
                         "why": [r["why"] for r in results if "why" in r]})
        show(samples, segments[-1])
    return samples, segments


def show(samples, segment):
    last = samples[-1]
    print(f"{segment['at']:6.0f} s  {segment['answered']:8d} answered  {segment['errors']} failed  "
          f"rss {last['rss_kib'] / 1024:6.2f} MiB  {last['descriptors']} descriptors  {last['threads']} threads  "
          f"p50 {segment['p50_us']} us  p99 {segment['p99_us']} us  tls p99 {segment['tls_p99_us']} us", flush=True)


def verdict(samples, segments, minutes):
    settled = [s for s in samples if s["at"] >= 60 * minutes / 5]
    spans = [(b["at"] - a["at"], b["cpu"] - a["cpu"]) for a, b in zip(samples, samples[1:]) if b["at"] - a["at"] < SEGMENT / 3]
    figures = {"errors": sum(s["errors"] for s in segments), "answered": sum(s["answered"] for s in segments),
               "cpu_share": sum(c for _, c in spans) / sum(t for t, _ in spans),
               "rss_kib_per_10_min": slope([(s["at"], s["rss_kib"]) for s in settled]),
               "descriptors": [min(s["descriptors"] for s in settled), max(s["descriptors"] for s in settled)],
               "descriptors_per_10_min": slope([(s["at"], s["descriptors"]) for s in settled]),
               "threads": sorted({s["threads"] for s in settled}),
               "p99_us": sorted(s["p99_us"] for s in segments)[len(segments) // 2]}
    faults = []
    if figures["errors"] or not figures["answered"]:
        faults.append(f"{figures['errors']} requests failed: {[w for s in segments for w in s['why']][:3]}")
    if figures["rss_kib_per_10_min"] >= MOST_GROWTH:
        faults.append("memory grows")
    if figures["descriptors_per_10_min"] > MOST_MORE_DESCRIPTORS:
        faults.append("descriptors grow")
    if len(figures["threads"]) != 1:
        faults.append("the number of threads changes")
    return figures, faults


def main():
    arguments = argparse.ArgumentParser(prog="./dev soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("minutes", nargs="?", type=float, default=10)
    arguments.add_argument("--share", type=float, default=0.7, metavar="S", help="of a core, for the worker (0.7)")
    arguments.add_argument("--json", type=pathlib.Path, metavar="FILE", help="where samples and figures go too")
    options = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="pintle-soak-") as scratch:
        tools, folder = Tools(scratch), Folder()
        backends = [tools.backend() for _ in range(3)]
        try:
            ports = [port for port, _ in backends]
            pairs = [certificate(scratch, f"c{i}", [HOST]) for i in range(3)]
            folder.write("gateway", gateway(listeners=[
                {"name": "http", "protocol": "HTTP", "port": 80},
                {"name": "https", "protocol": "HTTPS", "port": 443, "tls": {"certificateRefs": [{"name": "cert"}]}}]))
            folder.write("two", service("two", ports[:2]))
            changes = Changes(folder, ports, pairs)
            with Pintle(folder, "--threads", "1", "--access-log", "off", "--log-level", "error") as pintle:
                wait_until(lambda: pintle.generation() > 0, what="the first generation")
                rate = calibrate(tools, pintle, options.share)
                print(f"{options.minutes:g} minutes at {rate} requests/s; load of the machine: {os.getloadavg()[0]:.1f}", flush=True)
                with changes:
                    samples, segments = soak(tools, pintle, rate, options.minutes)
                generations = pintle.generation()
        finally:
            for _, process in backends:
                process.terminate()
                process.wait(10)
            folder.close()
    figures, faults = verdict(samples, segments, options.minutes)
    figures |= {"rate": rate, "minutes": options.minutes, "generations": generations, **changes.counts}
    if options.json:
        options.json.write_text(json.dumps({"figures": figures, "samples": samples, "segments": segments}, indent=1) + "\n")
    print(json.dumps(figures))
    print("soak: " + ("passed" if not faults else "; ".join(faults)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
