#!/usr/bin/env python3
"""Runs every suite of one build and closes with exactly one line `N passed, N failed`.

    python3 test/dev/suites.py --preset release [--jobs 2] [NAME ...]

Suites: each GoogleTest binary that CTest knows in build/PRESET (among them test_golden), the tests of deploy/, and the
integration tests.
A suite that crashes, hangs past --timeout seconds, or holds no test at all counts as one failure more.
With NAMEs only suites whose name holds one of them run. Exit 0 when nothing failed, else 1.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLOWNESS = {"release": 1, "asan": 3, "tsan": 6}
Outcome = collections.namedtuple("Outcome", "name passed failed skipped seconds notes")
lock = threading.Lock()
running = set()  # process groups of suites that have not ended
interrupted = threading.Event()


def say(line):
    with lock:
        print(line, flush=True)


def sanitizer_environment():
    environment = dict(os.environ)
    # The quarantine is small since some tests measure resident memory, which holds what was freed into it.
    environment.setdefault("ASAN_OPTIONS", "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:"
                                           "quarantine_size_mb=48")
    environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    environment.setdefault("TSAN_OPTIONS", "halt_on_error=1:second_deadlock_stack=1")
    for variable in ("ASAN", "TSAN", "UBSAN", "LSAN"):
        environment.setdefault(f"{variable}_SYMBOLIZER_PATH", "/usr/bin/llvm-symbolizer-19")
    return environment


def find_suites(build, preset):
    """[(name, command, reader)]: what to run, and how to count its output."""
    listing = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"], capture_output=True, text=True)
    if listing.returncode:
        sys.exit(f"suites: ctest cannot list the tests of {build}:\n{listing.stderr}")
    suites = [(test["name"].removeprefix("test_"), test["command"], GoogleTest)
              for test in json.loads(listing.stdout)["tests"] if test.get("command")]
    suites.append(("deploy", [sys.executable, str(ROOT / "test/deploy/run.py")], Integration))
    runner = ROOT / "test/integration/run.py"
    if runner.exists():
        suites.append(("integration", ["/usr/bin/python3",  # the one that packages.txt installs for
                                        str(runner), "--pintle", str(build / "pintle"),
                                       "--slowness", str(SLOWNESS[preset])], Integration))
    return suites


class GoogleTest:
    """Counts the lines a GoogleTest binary prints; keeps the output of failed tests."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.notes, self.current, self.tail = [], [], collections.deque(maxlen=60)
        self.summary = False

    def line(self, text):
        self.tail.append(text)
        if re.match(r"\[=+\] \d+ tests? from .* ran", text):
            self.summary = True
        if self.summary:
            return
        if text.startswith("[ RUN      ]"):
            self.current = []
        self.current.append(text)
        if text.startswith("[       OK ]"):
            self.passed += 1
        elif text.startswith("[  SKIPPED ]"):
            self.skipped += 1
        elif re.match(r"\[  FAILED  \] \S+.* \(\d+ ms\)$", text):
            self.failed += 1
            self.notes += self.current[-60:]

    def live(self, text):
        return None


class Integration:
    """Reads a runner of Python tests: its lines are shown as they come, its closing line is taken as the count."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.notes, self.tail = [], collections.deque(maxlen=60)
        self.closed = False

    def line(self, text):
        self.tail.append(text)
        closing = re.fullmatch(r"(\d+) passed, (\d+) failed", text)
        if closing:
            self.passed, self.failed, self.closed = int(closing[1]), int(closing[2]), True

    def live(self, text):
        return None if re.fullmatch(r"\d+ passed, \d+ failed", text) else f"      {text}"


def run_suite(name, command, reader_type, timeout):
    reader = reader_type()
    started = time.monotonic()
    with lock:
        if interrupted.is_set():
            return Outcome(name, 0, 0, 0, 0.0, [])
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 errors="replace", env=sanitizer_environment(), start_new_session=True)
        running.add(child.pid)
    hung = threading.Event()

    def end():
        hung.set()
        os.killpg(child.pid, signal.SIGKILL)

    timer = threading.Timer(timeout, end)
    timer.daemon = True  # an interrupted run does not wait for it
    timer.start()
    beat = time.monotonic()
    for text in child.stdout:
        text = text.rstrip("\n")
        reader.line(text)
        shown = reader.live(text)
        if shown is not None:
            say(shown)
        elif time.monotonic() - beat > 20:
            beat = time.monotonic()
            say(f"      {name}: {reader.passed} passed so far")
    code = child.wait()
    with lock:
        running.discard(child.pid)
    timer.cancel()
    failed = reader.failed
    notes = list(reader.notes)
    if hung.is_set():
        failed += 1
        notes += [f"{name} did not end within {timeout} s; its last lines:", *reader.tail]
    elif code != 0 and failed == 0:
        failed += 1
        notes += [f"{name} ended with exit code {code} and no failed test; its last lines:", *reader.tail]
    elif code < 0 or (isinstance(reader, GoogleTest) and failed and not reader.summary):
        failed += 1
        notes += [f"{name} was cut short (exit code {code}); its last lines:", *reader.tail]
    elif reader.passed + failed + reader.skipped == 0:
        failed += 1
        notes += [f"{name} holds no test"]
    return Outcome(name, reader.passed, failed, reader.skipped, time.monotonic() - started, notes)


def end_running():
    """Each suite is a process group of its own, which Ctrl-C at the terminal does not reach."""
    with lock:
        interrupted.set()
        for group in running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def report(outcome):
    verdict = "FAIL" if outcome.failed else "ok  "
    counts = f"{outcome.passed:5d} passed"
    if outcome.failed:
        counts += f"  {outcome.failed} FAILED"
    if outcome.skipped:
        counts += f"  {outcome.skipped} skipped"
    lines = [f"{verdict}  {outcome.name:14s} {counts}   {outcome.seconds:.1f} s"]
    lines += [f"      | {note}" for note in outcome.notes]
    say("\n".join(lines))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--preset", default="release")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--timeout", type=float, default=900)
    arguments.add_argument("names", nargs="*")
    options = arguments.parse_args()

    suites = [s for s in find_suites(ROOT / "build" / options.preset, options.preset)
              if not options.names or any(name in s[0] for name in options.names)]
    if not suites:
        sys.exit("suites: no suite has such a name" if options.names else "suites: there is no suite")
    try:
        outcomes = run_all(suites, options)
    except KeyboardInterrupt:
        end_running()
        print("suites: interrupted", file=sys.stderr)
        return 130
    passed, failed = (sum(o[i] for o in outcomes) for i in (1, 2))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def run_all(suites, options):
    # Unit binaries share the cores; the integration tests measure time and have them alone.
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        unit = [pool.submit(run_suite, *s, options.timeout) for s in suites if s[2] is GoogleTest]
        try:
            for future in concurrent.futures.as_completed(unit):
                outcomes.append(future.result())
                report(outcomes[-1])
        except KeyboardInterrupt:
            end_running()  # else the pool would wait for them
            raise
    for suite in (s for s in suites if s[2] is Integration):
        outcomes.append(run_suite(*suite, options.timeout * 2))
        report(outcomes[-1])
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
