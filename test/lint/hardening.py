"""Hardening, read from the shipped binary rather than from the flags: PIE, full RELRO, stack not executable, stack
protector, fortified calls, checks of the standard library, landing pads for indirect branches, no library search path.
What a binary does not show is the level of fortify."""
import re
import subprocess

from common import ROOT, Finding, expect

SUBJECT = "hardening of build/release/pintle (skipped while it is not built)"
BINARY = "build/release/pintle"
# What a function begins with under -fcf-protection and -mbranch-protection: endbr64, paciasp. A few come with the C runtime
# in any case; the program has thousands of functions.
LANDING_PADS = {"X86-64": b"\xf3\x0f\x1e\xfa", "AArch64": b"\x3f\x23\x03\xd5"}
FEWEST_PADS = 1000


def faults(text):
    """What is missing, by the output of readelf -hlds --dyn-syms."""
    missing = []
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\w[\w ]*)", text)
    for wanted, what in ((r"Type:\s+DYN", "PIE"), (r"GNU_RELRO", "RELRO"), (r"BIND_NOW|Flags:.*\bNOW\b", "immediate binding"),
                         (r"__stack_chk_fail", "stack protector"), (r"__\w+_chk\b(?<!__stack_chk)", "fortified calls"),
                         (r"__glibcxx_assert_fail", "checks of the standard library")):
        if not re.search(wanted, text):
            missing.append(f"without {what}")
    if stack and "E" in stack[1]:
        missing.append("with an executable stack")
    if re.search(r"\((RPATH|RUNPATH)\)", text):
        missing.append("with a library search path")
    return missing


def lacks_landing_pads(text, code):
    pads = [pad for machine, pad in LANDING_PADS.items() if re.search(rf"Machine:.*{machine}", text)]
    return bool(pads) and code.count(pads[0]) < FEWEST_PADS


def check(options):
    if not (ROOT / BINARY).exists():
        return []
    text = subprocess.run(["readelf", "-W", "-h", "-l", "-d", "--dyn-syms", BINARY],
                          capture_output=True, text=True, cwd=ROOT, check=True).stdout
    missing = faults(text)
    if lacks_landing_pads(text, (ROOT / BINARY).read_bytes()):
        missing.append("without landing pads for indirect branches")
    return [Finding(BINARY, 0, fault) for fault in missing]


def self_test():
    complaints = []
    good = ("Type: DYN (PIE)\n GNU_RELRO 0x1\n GNU_STACK 0x000000 0x0000000000000000 0x0000000000000000 0x000000 0x000000"
            " RW  0x0\n (FLAGS) BIND_NOW\n __stack_chk_fail\n __memcpy_chk\n __glibcxx_assert_fail\n")
    expect(complaints, not faults(good), f"a hardened binary was flagged: {faults(good)}")
    for piece in ("DYN", "GNU_RELRO", "BIND_NOW", "__stack_chk_fail", "__memcpy_chk", "__glibcxx_assert_fail"):
        expect(complaints, len(faults(good.replace(piece, "-"))) == 1, f"a binary without {piece} passed")
    expect(complaints, faults(good.replace(" RW ", " RWE")), "an executable stack passed")
    expect(complaints, faults(good + "(RUNPATH)"), "a search path passed")
    pad = LANDING_PADS["X86-64"]
    expect(complaints, not lacks_landing_pads("Machine: X86-64", pad * FEWEST_PADS), "a binary with landing pads was flagged")
    expect(complaints, lacks_landing_pads("Machine: X86-64", pad * 9), "a binary without landing pads passed")
    return complaints
