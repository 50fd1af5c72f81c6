"""Words that say nothing, in identifiers and file names. Words are split at underscores and at case changes.

`handle` is allowed for an event (`handle_event`, `handle_readable`...). Names that others gave are listed with their
reason in words_allowed.txt.
"""
import re

from common import ROOT, Finding, all_files, code_files, expect, read, without_comments

SUBJECT = "names that say nothing: process, handle (but for an event), manager, util, helper"
FORBIDDEN = {"process", "processor", "handle", "manager", "util", "utils", "utility", "helper", "helpers"}
EVENTS = {"event", "events", "signal", "readable", "writable", "timeout", "accept", "close", "edge"}
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
FILE_FOLDERS = ("include", "src", "controller", "dataplane", "test", "cmake")


def words_of(identifier):
    parts = []
    for piece in identifier.split("_"):
        parts += re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", piece)
    return [part.lower() for part in parts]


def fault(identifier, allowed):
    if identifier in allowed:
        return None
    words = words_of(identifier)
    for word in words:
        if word in FORBIDDEN and not (word == "handle" and EVENTS & set(words)):
            return word
    return None


def allowed_names():
    names = {}
    for line in read("test/lint/words_allowed.txt").splitlines():
        if line and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            names[name] = reason.strip()
    return names


def check_text(path, text, allowed):
    findings = []
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        if line.lstrip().startswith("#include"):
            continue
        for identifier in IDENTIFIER.findall(line):
            word = fault(identifier, allowed)
            if word:
                findings.append(Finding(path, number, f"'{identifier}': '{word}' says nothing; name what it does"))
    return findings


def check(options):
    allowed = allowed_names()
    findings = [Finding("test/lint/words_allowed.txt", 0, f"'{name}' is allowed without a reason")
                for name, reason in allowed.items() if not reason]
    for name in all_files():
        if name.split("/")[0] not in FILE_FOLDERS:
            continue
        stem = name.rsplit("/", 1)[-1].split(".")[0]
        word = fault(stem, allowed)
        if word:
            findings.append(Finding(name, 0, f"file name: '{word}' says nothing"))
    for name in code_files():
        findings += check_text(name, read(name), allowed)
    return findings


def self_test():
    complaints = []
    bad = ["processRequest", "RouteManager", "string_util", "HTTPHelper", "handle_route", "request_processor"]
    good = ["handle_event", "handle_readable", "processed", "unprocessable", "manage", "Handler", "utilised", "on_close"]
    for name in bad:
        expect(complaints, fault(name, {}), f"'{name}' passed")
    for name in good:
        expect(complaints, not fault(name, {}), f"'{name}' was flagged")
    flagged = check_text("x.cpp", '// process this\nauto s = "a helper";\nint util_count = 0;\n', {})
    expect(complaints, [f.line for f in flagged] == [3], "comments, literals or lines are misread")
    expect(complaints, not fault("native_handle", {"native_handle": "Asio"}), "the list of allowed names is not read")
    return complaints
