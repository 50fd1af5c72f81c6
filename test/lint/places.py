"""Text that ties the tree to one machine: absolute paths of somebody's home or workplace, package registries."""
import re

from common import Finding, all_files, expect, read

SUBJECT = "machine paths and registry hosts in the text"
# Spelled in pieces, so that this file does not flag itself.
PATHS = re.compile(r"(?<![\w.$}/~-])/(?:home|Users|root|wor" + r"k|mnt|media)/[\w.-]+")
TEMPORARY = re.compile(r"/tm" + r"p/pl" + r"an\b")
HOSTS = re.compile(r"\b(?:[\w-]+\.)*(?:py" + r"pi\.org|pythonhosted\.org|npm" + r"js\.(?:org|com)|crat" + r"es\.io|"
                   r"rubygems\.org|proxy\.gol" + r"ang\.org|repo\d*\.maven\.org)\b")
BINARY = (".png", ".ico", ".gz", ".der", ".bin", ".jpg", ".woff2")
ALLOWED = {
    # path: reason
    "LICENSE": "the licence is verbatim",
}


def check_text(path, text):
    findings = []
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, what in ((PATHS, "a path of one machine"), (TEMPORARY, "a path of one machine"),
                              (HOSTS, "a registry host")):
            match = pattern.search(line)
            if match:
                findings.append(Finding(path, number, f"{what}: {match[0]}"))
    return findings


def check(options):
    findings = []
    for name in all_files():
        if name in ALLOWED or name.endswith(BINARY) or "/corpus/" in name or "/seeds/" in name:
            continue
        findings += check_text(name, read(name))
    return findings


def self_test():
    complaints = []
    for bad in ("see /ho" + "me/kim/pintle", 'open("/wor' + 'k/main/x")', "https://registry.npm" + "js.org/x",
                "/Us" + "ers/kim"):
        expect(complaints, check_text("x", bad), f"'{bad}' passed")
    for good in ("/etc/pintle", "/var/run/secrets/kubernetes.io", "~/.local/state/pintle", "http://localhost/work/x",
                 "GET /shop/home/page", "./build/work/x"):
        expect(complaints, not check_text("x", good), f"'{good}' was flagged")
    return complaints
