#!/usr/bin/env python3
"""Runs the integration suite against a built binary and closes with `N passed, N failed`.

    python3 test/integration/run.py --pintle build/release/pintle [--filter TEXT] [--repeat N] [--slowness X]
                                    [--long] [--list]
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


class Report(unittest.TestResult):
    """A line a test as it ends. What a class or module cannot set up counts as one failure."""

    def __init__(self, total):
        super().__init__()
        self.buffer = True
        self.total, self.number, self.passed, self.failed = total, 0, 0, 0
        self.traces, self.began, self.reason = [], 0.0, ""

    def startTest(self, test):
        super().startTest(test)
        self.number += 1
        self.traces, self.began, self.reason = [], time.monotonic(), ""

    def stopTest(self, test):
        super().stopTest(test)
        if self.reason:
            print(f"[{self.number}/{self.total}] skip {test.id()}: {self.reason}", file=sys.__stdout__, flush=True)
            return
        self.passed, self.failed = self.passed + (not self.traces), self.failed + bool(self.traces)
        self.show("FAIL" if self.traces else "ok  ", test, self.traces, time.monotonic() - self.began)

    def show(self, word, test, traces, seconds):
        print(f"[{self.number}/{self.total}] {word} {test.id()}  {seconds:.1f} s", file=sys.__stdout__, flush=True)
        for trace in traces:
            print(trace, file=sys.__stdout__, flush=True)

    def keep(self, test, error):
        trace = self._exc_info_to_string(error, test)
        if hasattr(test, "_testMethodName"):
            self.traces.append(trace)
        else:  # setUpClass, tearDownClass
            self.failed += 1
            self.show("FAIL", test, [trace], 0.0)

    def addError(self, test, error):
        super().addError(test, error)
        self.keep(test, error)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.keep(test, error)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.reason = reason

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.traces.append(f"{subtest}\n{self._exc_info_to_string(error, subtest)}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pintle", default="build/release/pintle", help="the binary under test")
    arguments.add_argument("--filter", default="", help="run only tests whose id holds this text")
    arguments.add_argument("--slowness", default="1", help="factor on every deadline, for sanitizer builds")
    arguments.add_argument("--repeat", type=int, default=1, metavar="N", help="run them N times; how flaky they are")
    arguments.add_argument("--long", action="store_true", help="floods at their full size and length (./dev floods)")
    arguments.add_argument("--list", action="store_true", help="print the test ids and stop")
    options = arguments.parse_args()

    binary = pathlib.Path(options.pintle).resolve()
    if not options.list and not os.access(binary, os.X_OK):
        print(f"integration: no executable at {binary}; build it first: ./dev build", file=sys.stderr)
        return 2
    os.environ["PINTLE"] = str(binary)
    os.environ["PINTLE_TEST_SLOWNESS"] = options.slowness
    if options.long:
        os.environ["PINTLE_TEST_LONG"] = "1"
    sys.path.insert(0, str(HERE))

    def find_tests():  # a fresh instance each time: a test is run once
        return [t for t in flatten(unittest.defaultTestLoader.discover(str(HERE), pattern="test_*.py"))
                if options.filter in t.id()]

    tests = [t for _ in range(options.repeat) for t in find_tests()]
    if options.list:
        print("\n".join(t.id() for t in tests))
        return 0
    if not tests:
        print(f"integration: no test matches '{options.filter}'", file=sys.stderr)
        return 2
    result = Report(len(tests))
    unittest.TestSuite(tests).run(result)
    print(f"{result.passed} passed, {result.failed} failed")
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
