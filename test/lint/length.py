"""File length: past 400 lines a C++ file is two things. Between 250 and 400 it is only named."""
from common import Finding, code_files, expect, read

SUBJECT = "files of more than 400 lines"
LIMIT, AIM = 400, 250


def verdict(text):
    lines = text.count("\n")
    return "long" if lines > LIMIT else "longish" if lines > AIM else "fine"


def check(options):
    findings, longish = [], []
    for name in code_files():
        text = read(name)
        if verdict(text) == "long":
            findings.append(Finding(name, 0, f"{text.count(chr(10))} lines; split it (at most {LIMIT}, aim at {AIM})"))
        elif verdict(text) == "longish":
            longish.append(name)
    if longish:
        print(f"      length: {len(longish)} files are between {AIM} and {LIMIT} lines", flush=True)
    return findings


def self_test():
    complaints = []
    expect(complaints, verdict("x\n" * 401) == "long", "401 lines passed")
    expect(complaints, verdict("x\n" * 400) == "longish", "400 lines were refused")
    expect(complaints, verdict("x\n" * 250) == "fine", "250 lines were named")
    return complaints
