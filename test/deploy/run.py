#!/usr/bin/env python3
"""Runs the tests of what is under deploy/ and closes with `N passed, N failed`.

    python3 test/deploy/run.py [--filter TEXT]

Tests that render the chart need helm: $PINTLE_HELM, the PATH, or the one `./dev cluster` builds. Without it they are
skipped, and a line says so; PINTLE_NEED_HELM=1 makes that a failure.
"""
import argparse
import collections
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class Report(unittest.TestResult):
    """What failed as it fails; at the end what was skipped, by reason."""

    def __init__(self):
        super().__init__()
        self.passed = 0

    def addSuccess(self, test):
        self.passed += 1

    def addFailure(self, test, error):
        super().addFailure(test, error)
        print(f"FAIL {test.id()}\n{self.failures[-1][1]}", flush=True)

    def addError(self, test, error):
        super().addError(test, error)
        print(f"FAIL {test.id()}\n{self.errors[-1][1]}", flush=True)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            print(f"FAIL {subtest}\n{error[1]}", flush=True)


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--filter", default="", help="run only tests whose id holds this text")
    options = arguments.parse_args()
    found = unittest.defaultTestLoader.discover(str(HERE), pattern="test_*.py", top_level_dir=str(HERE))
    report = Report()
    unittest.TestSuite(test for test in flatten(found) if options.filter in test.id()).run(report)
    for reason, count in collections.Counter(reason for _, reason in report.skipped).items():
        print(f"skip {count} tests: {reason}" if count > 1 else f"skip 1 test: {reason}")
    failed = len(report.failures) + len(report.errors)
    print(f"{report.passed} passed, {failed} failed")
    return 1 if failed or not report.passed else 0


if __name__ == "__main__":
    sys.exit(main())
