#!/usr/bin/env python3
"""Line coverage of the parsers, in two measures: from the fuzz seeds and regressions alone, and with the unit tests of
the parsers' modules. Builds build/coverage, runs them, prints a table; exit 1 when a sum is below its goal.

    python3 test/fuzz/coverage.py [--jobs N] [--uncovered]      --uncovered: name the lines that nothing reached
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/coverage"
SEEDS, UNIT = "test_fuzz", ("test_http", "test_http1", "test_api", "test_resolve", "test_net", "test_observe", "test_golden", "test_compile",
                            "test_source", "test_app")
GOALS = {"seeds": 90.0, "tests": 96.0}
# What reads bytes that somebody else wrote; session-like code around it has tests of its own.
PARSERS = ("dataplane/http1/", "src/http/", "controller/api/", "controller/resolve/certificates.cpp",
           "dataplane/net/tls_callbacks.cpp", "dataplane/observe/log_line.cpp")


def build(jobs):
    flags = "-fprofile-instr-generate -fcoverage-mapping"
    subprocess.run(["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DCMAKE_CXX_COMPILER=clang++-19",
                    "-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_CXX_FLAGS={flags}"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, "-j", str(jobs), SEEDS, *UNIT], check=True, stdout=subprocess.DEVNULL)


def program(name):
    return BUILD / "tests" / name


def run(name):
    """The profile that one test program leaves."""
    raw = BUILD / f"{name}.profraw"
    subprocess.run([program(name), "--gtest_brief=1"], check=True, stdout=subprocess.DEVNULL, cwd=ROOT,
                   env={**os.environ, "LLVM_PROFILE_FILE": str(raw)})
    return raw


def covered_lines(label, programs, profiles):
    """{file: {line: reached}} of the parser files, over several programs that share them. A line of a header is reached
    when it is in any of them."""
    merged = BUILD / f"{label}.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-o", merged, *profiles], check=True)
    lines = {}
    for name in programs:
        listing = subprocess.run(["llvm-cov-19", "export", "-format=lcov", f"-instr-profile={merged}", program(name)],
                                 check=True, capture_output=True, text=True).stdout
        file = None
        for text in listing.splitlines():
            if text.startswith("SF:"):
                path = os.path.relpath(text[3:], ROOT)
                file = lines.setdefault(path, {}) if path.startswith(PARSERS) else None
            elif text.startswith("DA:") and file is not None:
                number, count = text[3:].split(",")[:2]
                file[int(number)] = file.get(int(number), False) or count != "0"
    return lines


def share(lines):
    return 100 * sum(lines.values()) / max(len(lines), 1)


def main():
    arguments = argparse.ArgumentParser(prog="./dev coverage", description=__doc__,
                                        formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--uncovered", action="store_true", help="name the lines that nothing reached")
    arguments.add_argument("--json", type=pathlib.Path, metavar="FILE", help="where the sums go too")
    options = arguments.parse_args()
    build(options.jobs)
    profiles = {name: run(name) for name in (SEEDS, *UNIT)}
    by = {"seeds": covered_lines("seeds", [SEEDS], [profiles[SEEDS]]),
          "tests": covered_lines("tests", profiles, profiles.values())}
    print(" seeds    tests    lines")
    for name, lines in sorted(by["tests"].items()):
        print(f"{share(by['seeds'].get(name, {})):6.1f} % {share(lines):6.1f} %  {len(lines):5d}  {name}")
        missed = [str(n) for n, reached in sorted(lines.items()) if not reached]
        if options.uncovered and missed:
            print("                          not reached: " + " ".join(missed))
    sums = {label: share({(f, n): reached for f, lines in files.items() for n, reached in lines.items()})
            for label, files in by.items()}
    for label, goal in GOALS.items():
        print(f"{'ok   ' if sums[label] >= goal else 'BELOW'} {label}: {sums[label]:.1f} % of the lines, goal {goal:g} %")
    if options.json:
        options.json.write_text(json.dumps({"sums": sums, "goals": GOALS}, indent=1) + "\n")
    return 0 if all(sums[label] >= goal for label, goal in GOALS.items()) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        print(f"coverage: {' '.join(map(str, error.cmd[:2]))} ended with {error.returncode}", file=sys.stderr)
        sys.exit(1)
