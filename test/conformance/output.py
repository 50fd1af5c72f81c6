"""Reads what the suite prints, as it prints it.

The suite is a Go test binary run with `-test.v=test2json`: without that flag Go holds back the results of subtests until their
parent ends, so an hour of tests would show nothing. Lines of the framework begin with the byte 0x16:

    ^V=== RUN   TestConformance/HTTPRouteMatching      also PAUSE, CONT, NAME: whose output follows
        http.go:224: making GET request ...            output of that test
    ^V--- PASS: TestConformance/HTTPRouteMatching (1.02s)

A test of ours is what stands directly below TestConformance; what it runs inside of itself is its own business.
"""
import dataclasses
import re

MARK = "\x16"
TOP = "TestConformance"
TURN = re.compile(r"=== (RUN|PAUSE|CONT|NAME)\s+(\S*)")
ENDED = re.compile(r"\s*--- (PASS|FAIL|SKIP): (\S+) \(([\d.]+)s\)")
KEPT = 400  # lines of a test's log


@dataclasses.dataclass
class Outcome:
    name: str
    verdict: str  # PASS, FAIL or SKIP
    seconds: float
    log: list


class Suite:
    """Feed it lines; it answers with an Outcome whenever one of the suite's tests has ended."""

    def __init__(self):
        self.logs = {}  # of the tests that run; those outside any test are under ""
        self.whose = ""
        self.outcomes = []
        self.ended = False

    def test_of(self, path):
        parts = path.split("/")
        return parts[1] if parts[0] == TOP and len(parts) > 1 else ""

    def line(self, text):
        # Output without a line end may stand before the mark.
        before, mark, framework = text.rpartition(MARK)
        if mark and before:
            self.keep(before)
        text = framework if mark else text
        turn = TURN.match(text)
        if turn:
            self.whose = self.test_of(turn[2])
            self.logs.setdefault(self.whose, [])
            return None
        ended = ENDED.match(text)
        if not ended:
            self.keep(text)
            return None
        verdict, path, seconds = ended.groups()
        name = self.test_of(path)
        self.whose = name
        if path == TOP:
            self.ended = True
        if path != f"{TOP}/{name}":
            if verdict == "FAIL" and name:
                self.keep(text.strip())
            return None
        return self.conclude(name, verdict, float(seconds))

    def keep(self, text):
        log = self.logs.setdefault(self.whose, [])
        log.append(text)
        del log[:-KEPT]

    def conclude(self, name, verdict, seconds):
        outcome = Outcome(name, verdict, seconds, self.logs.pop(name, []))
        self.outcomes.append(outcome)
        return outcome

    def close(self, code):
        """The binary has ended with this exit code. What still ran has failed; so has a run that failed in no test."""
        cut = [] if self.ended else [self.conclude(name, "FAIL", 0.0) for name in sorted(self.logs) if name]
        if code and not self.count("FAIL"):
            cut.append(Outcome(f"suite (exit code {code})", "FAIL", 0.0, self.logs.get("", [])))
            self.outcomes.append(cut[-1])
        if not code and not self.count("PASS"):
            cut.append(Outcome("suite (no test ran)", "FAIL", 0.0, self.logs.get("", [])))
            self.outcomes.append(cut[-1])
        return cut

    def count(self, verdict):
        return sum(outcome.verdict == verdict for outcome in self.outcomes)


def documented_tests(page):
    """Those that the table of features in docs/conformance.md names."""
    rows = re.findall(r"^\| `\w+` \| ([\w, ]+) \|", page[page.index("\n## Features\n"):], re.MULTILINE)
    return {name for row in rows for name in row.split(", ")} - {"none"}


def missing_features(report):
    lists = re.findall(r"^ *unsupportedFeatures:\n((?: *- \w+\n)*)", report, re.MULTILINE)
    return {name for one in lists for name in re.findall(r"- (\w+)", one)}


def compare(outcomes, page, report):
    """What is wrong with a run of everything, for people: each test that is documented ran and no other; but those of meshes, which
    Pintle is none of, were skipped. The suite knows no feature of a profile that is not claimed."""
    ran = {outcome.name for outcome in outcomes if outcome.verdict != "SKIP"}
    skipped = {outcome.name for outcome in outcomes if outcome.verdict == "SKIP" and not outcome.name.startswith("Mesh")}
    told = documented_tests(page)
    faults = {"skipped": skipped, "in docs/conformance.md and did not run": told - ran, "ran and not in docs/conformance.md": ran - told,
              "not claimed": missing_features(report)}
    return [f"{what}: {', '.join(sorted(names))}" for what, names in faults.items() if names]


def summaries(report):
    """The profiles of a report (YAML of the suite's own making) as [(name, summary)]."""
    found, fields = [], {}
    for line in re.sub(r"(\n  summary: .*)\n    (?=\S)", r"\1 ", report).splitlines():  # a long one is folded
        match = re.match(r"(- |  )(name|summary): (.*)", line)
        if line.startswith("- "):
            fields = {}
        if match:
            fields[match[2]] = match[3].strip("'\"")
            if len(fields) == 2:
                found.append((fields["name"], fields["summary"]))
    return found
