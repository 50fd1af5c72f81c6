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
    passed = failed = 0
    for number, test in enumerate(tests, 1):
        started = time.monotonic()
        result = unittest.TestResult()
        result.buffer = True
        test.run(result)
        good = result.wasSuccessful()
        passed, failed = passed + good, failed + (not good)
        print(f"[{number}/{len(tests)}] {'ok  ' if good else 'FAIL'} {test.id()}  {time.monotonic() - started:.1f} s", flush=True)
        for _, trace in result.failures + result.errors:
            print(trace, flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
