"""clang-tidy (.clang-tidy) over the product's sources, with the flags of build/release. What was clean is remembered
by the content of the file and of all it includes, outside the tree."""
import json
import pathlib
import re
import subprocess
import tempfile

from common import PRODUCT_FOLDERS, ROOT, Closure, Finding, code_files, expect, read, run_cached

SUBJECT = "clang-tidy: bugprone, performance, concurrency"
TOOL = "clang-tidy-19"
BUILD = "build/release"


def check(options):
    database = ROOT / BUILD / "compile_commands.json"
    if not database.exists():
        return [Finding(str(BUILD), 0, "has no compile_commands.json; run ./dev lint or ./dev build")]
    commands = {}
    for entry in json.loads(database.read_text()):
        commands[str(pathlib.Path(entry["file"]).resolve())] = entry["command"].replace(str(ROOT), "")
    version = subprocess.run([TOOL, "--version"], capture_output=True, text=True).stdout
    rules, closure, jobs = read(".clang-tidy"), Closure(), []
    for name in code_files(PRODUCT_FOLDERS, (".cpp",)):
        command = commands.get(str((ROOT / name).resolve()))
        if command is None:
            continue
        digest = closure.digest(name, "tidy", version, rules, command)
        jobs.append((name, digest, [TOOL, "-p", BUILD, "--quiet", name], None))
    findings = []
    for name, output in run_cached(jobs, options, "tidy"):
        findings += [finding for finding in diagnostics(name, output) if finding not in findings]
    return findings


def diagnostics(name, output):
    """One finding per error; a header's error is met in many sources and must be said once."""
    output = output.replace(str(ROOT) + "/", "")
    findings = []
    for piece in re.split(r"(?m)^(?=\S+:\d+:\d+: (?:error|warning): )", output)[1:]:
        path, line, text = re.match(r"(\S+?):(\d+):\d+: (.*)", piece, re.DOTALL).groups()
        lines = [part for part in text.splitlines() if not re.match(r"\d+ warnings? |Suppressed |Use -header", part)]
        findings.append(Finding(path, int(line), "\n".join(lines[:8])))
    return findings or [Finding(name, 0, output[-2000:])]


def self_test():
    complaints = []
    with tempfile.TemporaryDirectory() as folder:
        def clean(text):
            path = pathlib.Path(folder) / "sample.cpp"
            path.write_text(text)
            return subprocess.run([TOOL, "--quiet", f"--config-file={ROOT}/.clang-tidy", str(path), "--", "-std=c++23"],
                                  capture_output=True, text=True).returncode == 0

        expect(complaints, not clean("int f(int a) {\n  if (a == 1) return 2; else return 2;\n}\n"), "equal branches passed")
        expect(complaints, clean("int f(int a) { return a + 1; }\n"), "a clean sample was flagged")
    sample = "a/x.hpp:3:4: error: bad [check]\n  3 | text\n2 warnings generated.\na/y.cpp:9:1: error: worse [check]\n"
    expect(complaints, [(f.path, f.line) for f in diagnostics("n", sample)] == [("a/x.hpp", 3), ("a/y.cpp", 9)],
           "the tool's output is misread")
    return complaints
