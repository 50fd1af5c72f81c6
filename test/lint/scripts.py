"""Shell and Python scripts parse; ./dev and its parts are POSIX sh."""
import re
import subprocess

from common import ROOT, Finding, all_files, expect, read

SUBJECT = "scripts that do not parse, bashisms in ./dev"
BASHISMS = re.compile(r"\[\[ |^\s*function |\bdeclare |\blocal |=\(|<\(|\$'|&>|\bsource ")


def parses(text, shell):
    return subprocess.run([shell, "-n"], input=text, capture_output=True, text=True).returncode == 0


def bashisms(path, text):
    return [Finding(path, number, "not POSIX sh") for number, line in enumerate(text.splitlines(), 1)
            if BASHISMS.search(line) and not line.lstrip().startswith("#")]


def check(options):
    findings = []
    for name in all_files():
        posix = name == "dev" or (name.startswith("test/dev/") and name.endswith(".sh"))
        text = read(name) if posix or name.endswith((".sh", ".py")) or name == ".ci/run" else ""
        if posix:
            findings += bashisms(name, text)
            if not parses(text, "sh"):
                findings.append(Finding(name, 0, "sh cannot parse it"))
        elif name.endswith(".sh") or name == ".ci/run":
            if not parses(text, "bash"):
                findings.append(Finding(name, 0, "bash cannot parse it"))
        elif name.endswith(".py"):
            try:
                compile(text, name, "exec")
            except SyntaxError as error:
                findings.append(Finding(name, error.lineno or 0, f"python cannot parse it: {error.msg}"))
    return findings


def self_test():
    complaints = []
    expect(complaints, not parses("if true; then\n", "sh"), "half an if parsed")
    expect(complaints, bashisms("dev", "if [[ $a == b ]]; then :; fi"), "a bashism passed")
    expect(complaints, not bashisms("dev", 'if [ "$a" = b ]; then :; fi'), "plain sh was flagged")
    return complaints
