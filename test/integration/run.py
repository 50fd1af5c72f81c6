#!/usr/bin/env python3
"""Runs the integration suite against a built binary and closes with `N passed, N failed`.

    python3 test/integration/run.py --pintle build/release/pintle [--filter TEXT] [--slowness X] [--list]
"""
import argparse
import os
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


class Progress(unittest.TestResult):
    """A line for each test as it ends; output and traces of those that fail."""

    def __init__(self, total):
        super().__init__()
        self.buffer = True
        self.total, self.number, self.passed, self.failed = total, 0, 0, 0

    def startTest(self, test):
        super().startTest(test)
        self.number += 1
        self.started, self.traces = time.monotonic(), []

    def addError(self, test, error):
        super().addError(test, error)
        self.traces.append(self.errors[-1][1])

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.traces.append(self.failures[-1][1])

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.traces.append((self.failures + self.errors)[-1][1])

    def stopTest(self, test):
        super().stopTest(test)
        good = not self.traces
        self.passed, self.failed = self.passed + good, self.failed + (not good)
        print(f"[{self.number}/{self.total}] {'ok  ' if good else 'FAIL'} {test.id()}  {time.monotonic() - self.started:.1f} s",
              file=sys.__stdout__, flush=True)
        for trace in self.traces:
            print(trace, file=sys.__stdout__, flush=True)
        self.traces = []


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pintle", default="build/release/pintle", help="the binary under test")
    arguments.add_argument("--filter", default="", help="run only tests whose id holds this text")
    arguments.add_argument("--slowness", default="1", help="factor on every deadline, for sanitizer builds")
    arguments.add_argument("--list", action="store_true", help="print the test ids and stop")
    options = arguments.parse_args()

    binary = pathlib.Path(options.pintle).resolve()
    if not options.list and not os.access(binary, os.X_OK):
        print(f"integration: no executable at {binary}; build it first: ./dev build", file=sys.stderr)
        return 2
    os.environ["PINTLE"] = str(binary)
    os.environ["PINTLE_TEST_SLOWNESS"] = options.slowness
    sys.path.insert(0, str(HERE))

    tests = [t for t in flatten(unittest.defaultTestLoader.discover(str(HERE), pattern="test_*.py"))
             if options.filter in t.id()]
    if options.list:
        print("\n".join(t.id() for t in tests))
        return 0
    if not tests:
        print(f"integration: no test matches '{options.filter}'", file=sys.stderr)
        return 2
    # One suite, so that setUpClass and tearDownClass are run.
    progress = Progress(len(tests))
    progress.traces = []
    unittest.TestSuite(tests).run(progress)
    outside = [(test, trace) for test, trace in progress.errors if not isinstance(test, unittest.TestCase)]
    for test, trace in outside:
        print(f"FAIL {test.id()}\n{trace}", flush=True)
    passed, failed = progress.passed, progress.failed + len(outside)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
