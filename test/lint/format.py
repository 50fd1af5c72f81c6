#!/usr/bin/env python3
"""clang-format over every C++ file. With --fix it formats in place (./dev fmt)."""
import subprocess
import sys

from common import ROOT, Finding, code_files, expect

SUBJECT = "formatting (./dev fmt repairs it)"
TOOL = "clang-format-19"


def differs(text, name="sample.cpp"):
    result = subprocess.run([TOOL, f"--assume-filename={name}"], input=text, capture_output=True, text=True, cwd=ROOT)
    return result.returncode != 0 or result.stdout != text


def check(options):
    files = code_files()
    findings = []
    for start in range(0, len(files), 50):
        batch = files[start:start + 50]
        result = subprocess.run([TOOL, "--dry-run", "-Werror", "--ferror-limit=1", *batch],
                                capture_output=True, text=True, cwd=ROOT)
        if result.returncode:
            for line in result.stderr.splitlines():
                if ": error:" in line:
                    path, number = line.split(":")[:2]
                    findings.append(Finding(path, int(number), "not formatted"))
    return findings


def self_test():
    complaints = []
    expect(complaints, differs("int  main( ){return 0 ;}\n"), "a badly formatted sample passed")
    expect(complaints, not differs("int main() { return 0; }\n"), "a formatted sample was flagged")
    return complaints


if __name__ == "__main__":
    if sys.argv[1:] == ["--fix"]:
        names = code_files()
        subprocess.run([TOOL, "-i", *names], check=True, cwd=ROOT)
        print(f"formatted {len(names)} files")
    else:
        bad = check(None)
        print("\n".join(map(str, bad)))
        sys.exit(bool(bad))
