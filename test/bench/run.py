"""The bench: Pintle beside nginx, HAProxy and a bare relay, all in one run. See docs/benchmarks.md; `./dev bench`."""
import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contenders import Contenders
from load import Generator
from measure import measure_cpu, measure_rate
from network import choose_congestion_control, congestion_control
from programs import BenchError, end_as_interrupted
from rows import CPU_ROWS, RATE_ROWS
from single import SINGLE_ROWS
from table import render

ROOT = Path(__file__).resolve().parents[2]
ALL_ROWS = [row.name for row in [*CPU_ROWS, *RATE_ROWS]] + list(SINGLE_ROWS)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"default: all of {', '.join(ALL_ROWS)}")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="interleaved rounds; medians of them (5)")
    parser.add_argument("--seconds", type=int, default=1, metavar="S", help="length of a cell (1)")
    parser.add_argument("--congestion", metavar="NAME",
                        help="TCP's congestion control, in a network namespace made for the bench (the machine's own, in its "
                             "own network); takes root")
    parser.add_argument("--json", type=Path, default=ROOT / "build/bench.json", metavar="FILE",
                        help="where the figures go (build/bench.json)")
    parser.add_argument("--docs", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [name for name in options.rows if name not in ALL_ROWS]
    if unknown:
        parser.error(f"there is no row '{unknown[0]}'; rows: {', '.join(ALL_ROWS)}")
    if options.rounds < 1 or options.seconds < 1:
        parser.error("at least one round of one second")
    return options


def measured(options, contenders):
    """Yields each row's results as they come."""
    generator = Generator(contenders.tool("bench_load"), contenders.folder)
    wanted = options.rows or ALL_ROWS
    # Memory first: a heap that once served 512 connections hides what the next ones cost.
    for name, measure in SINGLE_ROWS.items():
        if name in wanted:
            yield from measure(contenders, generator)
    for rows, measure in ((CPU_ROWS, measure_cpu), (RATE_ROWS, measure_rate)):
        for row in rows:
            if row.name in wanted:
                yield measure(row, contenders, generator, options.rounds, options.seconds)


def version_line(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def surroundings(options):
    model = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return {"when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "machine": f"{os.cpu_count()} x {model[0] if model else platform.machine()}, Linux {platform.release()}",
            "TCP": congestion_control(), "load before": f"{os.getloadavg()[0]:.1f}",
            "rounds": options.rounds, "seconds": options.seconds,
            "versions": [version_line([str(options.build / "pintle"), "version"]), version_line(["nginx", "-v"]),
                         version_line(["haproxy", "-v"])]}


def describe(about):
    return (f"{about['when']}; {about['machine']}; TCP: {about['TCP']}; load before: {about['load before']}; medians of {about['rounds']} "
            f"interleaved rounds of {about['seconds']} s; {'; '.join(about['versions'])}")


def write_docs(text):
    """Between the two marks; the words around them are a person's."""
    file = ROOT / "docs/benchmarks.md"
    begin, end = "<!-- generated: table -->", "<!-- end -->"
    before, _, rest = file.read_text().partition(begin)
    file.write_text(f"{before}{begin}\n\n{text}\n{end}{rest.partition(end)[2]}")


def main():
    end_as_interrupted()
    options = parse_arguments()
    if options.congestion:
        try:
            choose_congestion_control(options.congestion)
        except BenchError as error:
            print(f"bench: {error}", file=sys.stderr)
            return 2
    about = surroundings(options)
    print(describe(about), flush=True)
    rows, fault = [], None
    with tempfile.TemporaryDirectory(prefix="pintle-bench-") as folder:
        try:
            os.chmod(folder, 0o755)  # nginx's worker drops to an account of its own
            with Contenders(options.build, folder) as contenders:
                for row in measured(options, contenders):
                    rows.append(row)
                    print(f"      {row['name']}: done", flush=True)
        except BenchError as error:
            fault = error
    if rows:
        table = render(rows)
        print(f"\n{table}")
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")
        if options.docs and fault is None:
            write_docs(f"{describe(about)}\n\n{table}")
    if fault:
        print(f"bench: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
