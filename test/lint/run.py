#!/usr/bin/env python3
"""Runs the linters: first each one's self test, then each over the tree. Exit 0 when nothing was found.

    python3 test/lint/run.py [--jobs N] [--self-test] [NAME ...]      --self-test: only the self tests
"""
import argparse
import importlib
import sys
import threading
import time

from common import Options

LINTERS = ("format", "words", "places", "edges", "length", "scripts", "hardening", "headers", "tidy")
SHOWN = 200


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--self-test", action="store_true")
    arguments.add_argument("names", nargs="*", help=" ".join(LINTERS))
    options = arguments.parse_args()
    unknown = [name for name in options.names if name not in LINTERS]
    if unknown:
        print(f"lint: there is no linter '{unknown[0]}'; there are: {' '.join(LINTERS)}", file=sys.stderr)
        return 2
    failed = []
    for name in options.names or LINTERS:
        module = importlib.import_module(name)
        complaints = module.self_test()
        if complaints:
            failed.append(name)
            print(f"FAIL  {name:10s} its self test: " + "; ".join(complaints), flush=True)
            continue
        if options.self_test:
            print(f"ok    {name:10s} self test", flush=True)
            continue
        started = last = time.monotonic()
        guard = threading.Lock()

        def progress(text):
            nonlocal last
            with guard:
                if time.monotonic() - last > 20:
                    last = time.monotonic()
                    print(f"      {text}", flush=True)

        findings = module.check(Options(jobs=options.jobs, progress=progress))
        seconds = time.monotonic() - started
        if findings:
            failed.append(name)
            print(f"FAIL  {name:10s} {len(findings)} findings   {module.SUBJECT}   {seconds:.1f} s", flush=True)
            for finding in findings[:SHOWN]:
                print("      | " + str(finding).replace("\n", "\n      | "), flush=True)
            if len(findings) > SHOWN:
                print(f"      | ... and {len(findings) - SHOWN} more", flush=True)
        else:
            print(f"ok    {name:10s} {module.SUBJECT}   {seconds:.1f} s", flush=True)
    checked = len(options.names or LINTERS)
    print(f"lint: {checked - len(failed)} of {checked} clean" + (f"; failed: {' '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("lint: interrupted", file=sys.stderr)
        sys.exit(130)
