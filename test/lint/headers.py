"""Every header compiles alone. Each is parsed as the only (and repeated) include of an empty file."""
import shutil
import subprocess

from common import ROOT, Closure, Finding, code_files, expect, run_cached

SUBJECT = "headers that do not compile alone"
COMPILER = "clang++-19"
FLAGS = ["-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
         "-D_GLIBCXX_ASSERTIONS", "-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_ASIO_NO_DEPRECATED",
         "-DBOOST_BEAST_SEPARATE_COMPILATION", "-Iinclude", "-I.", "-x", "c++", "-"]


def check(options):
    closure = Closure()
    version = subprocess.run([COMPILER, "--version"], capture_output=True, text=True).stdout
    jobs = []
    for name in code_files(suffixes=(".hpp",)):
        included = name.removeprefix("include/")
        text = f'#include "{included}"\n#include "{included}"\n'
        jobs.append((name, closure.digest(name, "headers", version, *FLAGS), [COMPILER, *FLAGS], text))
    return [Finding(name, 0, "\n".join(output.splitlines()[:12]))
            for name, output in run_cached(jobs, options, "headers")]


def compiles(text):
    return subprocess.run([COMPILER, *FLAGS], input=text, capture_output=True, text=True, cwd=ROOT).returncode == 0


def self_test():
    complaints = []
    if not shutil.which(COMPILER):
        return [f"{COMPILER} is not installed"]
    expect(complaints, not compiles("inline std::string name();\n"), "a header without its include passed")
    expect(complaints, compiles("#include <string>\ninline std::string name() { return {}; }\n"), "a good one was flagged")
    return complaints
