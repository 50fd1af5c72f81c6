#!/usr/bin/env python3
"""Line coverage of the parsers from seeds and regressions alone: builds build/coverage, runs test_fuzz, prints a table.

    python3 test/fuzz/coverage.py [--jobs N] [--at-least PERCENT]      exit 1 if the sum is below PERCENT (90)
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/coverage"
# What the targets are about; session-like code around it has tests of its own.
PARSERS = ("dataplane/http1/", "src/http/", "controller/api/", "controller/resolve/certificates.cpp",
           "dataplane/net/tls_callbacks.cpp", "dataplane/observe/log_line.cpp")


def build(jobs):
    flags = "-fprofile-instr-generate -fcoverage-mapping"
    subprocess.run(["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DCMAKE_CXX_COMPILER=clang++-19",
                    "-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_CXX_FLAGS={flags}"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, "-j", str(jobs), "test_fuzz"], check=True, stdout=subprocess.DEVNULL)


def measure():
    """{file: (lines, covered)} of the parser files."""
    raw, merged, program = BUILD / "fuzz.profraw", BUILD / "fuzz.profdata", BUILD / "tests/test_fuzz"
    subprocess.run([program, "--gtest_brief=1"], check=True, stdout=subprocess.DEVNULL, cwd=ROOT,
                   env={**os.environ, "LLVM_PROFILE_FILE": str(raw)})
    subprocess.run(["llvm-profdata-19", "merge", "-o", merged, raw], check=True)
    exported = subprocess.run(["llvm-cov-19", "export", "-summary-only", f"-instr-profile={merged}", program],
                              check=True, capture_output=True, text=True).stdout
    found = {}
    for file in json.loads(exported)["data"][0]["files"]:
        name = os.path.relpath(file["filename"], ROOT)
        if name.startswith(PARSERS):
            lines = file["summary"]["lines"]
            found[name] = (lines["count"], lines["covered"])
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--at-least", type=float, default=90)
    options = arguments.parse_args()
    build(options.jobs)
    files = measure()
    for name, (count, covered) in sorted(files.items()):
        print(f"{100 * covered / max(count, 1):6.1f} %  {covered:5d} of {count:5d}  {name}")
    count, covered = (sum(row[i] for row in files.values()) for i in (0, 1))
    share = 100 * covered / max(count, 1)
    print(f"{share:6.1f} %  {covered:5d} of {count:5d}  all of them")
    return 0 if share >= options.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
