"""What `./dev conformance` makes of the suite's output and report, and what it asks of the suite; needs no cluster."""
import argparse
import contextlib
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/conformance"))
import output  # noqa: E402
import run as conformance  # noqa: E402

# ^ stands for the mark 0x16 that Go writes before its own lines.
SAMPLE = """\
^=== RUN   TestConformance
    conformance.go:65: Running conformance tests with pintle GatewayClass
^=== RUN   TestConformance/GatewayInvalidRouteKind
^=== PAUSE TestConformance/GatewayInvalidRouteKind
^=== RUN   TestConformance/HTTPRouteMatching
^=== NAME  TestConformance/HTTPRouteMatching
    apply.go:288: Creating matching HTTPRoute
^=== RUN   TestConformance/HTTPRouteMatching/0_request_to_'/'_should_go_to_infra-backend-v1
^--- PASS: TestConformance/HTTPRouteMatching/0_request_to_'/'_should_go_to_infra-backend-v1 (0.02s)
^--- PASS: TestConformance/HTTPRouteMatching (1.52s)
^=== RUN   TestConformance/HTTPRouteCORS
^=== NAME  TestConformance/HTTPRouteCORS
    suite.go:460: Skipping HTTPRouteCORS: suite does not support HTTPRouteCORS
^--- SKIP: TestConformance/HTTPRouteCORS (0.00s)
^=== RUN   TestConformance/HTTPRouteWeight
^=== RUN   TestConformance/HTTPRouteWeight/Requests_should_have_a_distribution
^=== NAME  TestConformance/HTTPRouteWeight/Requests_should_have_a_distribution
    weight.go:75: Error 0.21 of infra-backend-v1
    unfinished^--- FAIL: TestConformance/HTTPRouteWeight/Requests_should_have_a_distribution (30.11s)
^--- FAIL: TestConformance/HTTPRouteWeight (30.20s)
^=== CONT  TestConformance/GatewayInvalidRouteKind
    gateway.go:12: after the pause
^--- PASS: TestConformance/GatewayInvalidRouteKind (0.50s)
^--- FAIL: TestConformance (33.00s)
^FAIL
"""

REPORT = """\
apiVersion: gateway.networking.k8s.io/v1
date: "2026-01-01T00:00:00Z"
gatewayAPIChannel: experimental
gatewayAPIVersion: v1.6.3
implementation:
  contact:
  - https://pintle.dev
  organization: pintle
  project: pintle
kind: ConformanceReport
mode: default
profiles:
- core:
    failedTests:
    - HTTPRouteWeight
    result: failure
    statistics:
      Failed: 1
      Passed: 35
      Skipped: 0
  extended:
    result: success
    statistics:
      Failed: 0
      Passed: 2
      Skipped: 0
    supportedFeatures:
    - HTTPRouteMethodMatching
  name: GATEWAY-HTTP
  summary: Core tests failed with 1 test failures. Extended tests partially succeeded
    with 1 test skips.
- core:
    result: success
    statistics:
      Failed: 0
      Passed: 14
      Skipped: 0
  name: GATEWAY-GRPC
  summary: Core tests succeeded.
succeededProvisionalTests: []
"""


def read(text):
    suite = output.Suite()
    return suite, [outcome for line in text.replace("^", output.MARK).splitlines() if (outcome := suite.line(line))]


class Output(unittest.TestCase):
    def test_outcomes_come_as_they_happen(self):
        suite, outcomes = read(SAMPLE)
        self.assertEqual([(o.name, o.verdict, o.seconds) for o in outcomes],
                         [("HTTPRouteMatching", "PASS", 1.52), ("HTTPRouteCORS", "SKIP", 0.0), ("HTTPRouteWeight", "FAIL", 30.2),
                          ("GatewayInvalidRouteKind", "PASS", 0.5)])
        self.assertEqual(suite.close(1), [])
        self.assertEqual((suite.count("PASS"), suite.count("FAIL"), suite.count("SKIP")), (2, 1, 1))

    def test_a_failure_keeps_its_own_log(self):
        _, outcomes = read(SAMPLE)
        log = outcomes[2].log
        self.assertEqual([line.strip() for line in log],
                         ["weight.go:75: Error 0.21 of infra-backend-v1", "unfinished",
                          "--- FAIL: TestConformance/HTTPRouteWeight/Requests_should_have_a_distribution (30.11s)"])
        self.assertEqual(outcomes[3].log, ["    gateway.go:12: after the pause"])

    def test_without_marks_it_reads_the_same(self):
        plain, _ = read(SAMPLE.replace("^", "").replace("    unfinished", ""))
        self.assertEqual([o.name for o in plain.outcomes], [o.name for o in read(SAMPLE)[0].outcomes])

    def test_cut_anywhere_nothing_is_lost(self):
        """A suite that dies: each test that had begun is counted, and never as passed unless it had."""
        lines = SAMPLE.splitlines(keepends=True)
        for end in range(1, len(lines) - 2):
            suite, _ = read("".join(lines[:end]))
            suite.close(2)
            begun = {part.split("/")[1].strip() for part in lines[:end] if "RUN" in part and part.count("/") == 1}
            names = {outcome.name for outcome in suite.outcomes}
            self.assertLessEqual(begun, names)
            self.assertGreaterEqual(suite.count("FAIL"), 1, f"cut after line {end}")

    def test_a_failed_setup_is_one_failure(self):
        suite, outcomes = read("^=== RUN   TestConformance\n    suite.go:1: no GatewayClass\n^--- FAIL: TestConformance (0.1s)\n^FAIL\n")
        self.assertEqual(outcomes, [])
        (failed,) = suite.close(1)
        self.assertIn("exit code 1", failed.name)
        self.assertEqual((suite.count("PASS"), suite.count("FAIL")), (0, 1))
        self.assertIn("    suite.go:1: no GatewayClass", failed.log)

    def test_no_test_at_all_is_a_failure(self):
        suite, _ = read("testing: warning: no tests to run\nPASS\n")
        suite.close(0)
        self.assertEqual(suite.count("FAIL"), 1)

    def test_a_panic_fails_what_ran(self):
        suite, _ = read("^=== RUN   TestConformance\n^=== RUN   TestConformance/A\npanic: boom\n\ngoroutine 1 [running]:\n")
        (failed,) = suite.close(2)
        self.assertEqual((failed.name, failed.verdict), ("A", "FAIL"))
        self.assertIn("panic: boom", failed.log)

    def test_profiles_of_a_report(self):
        self.assertEqual(output.summaries(REPORT),
                         [("GATEWAY-HTTP", "Core tests failed with 1 test failures. Extended tests partially succeeded with 1 test skips."),
                          ("GATEWAY-GRPC", "Core tests succeeded.")])


class Documented(unittest.TestCase):
    PAGE = """\
| `Else` | X |

## Features

| Feature | Tests of the suite | Tests of ours |
|---|---|---|
| `One` | A, B | `x` |
| `Two` | B | `y` |
| `Three` | none | `z` |
"""

    def test_tests_of_the_table(self):
        self.assertEqual(output.documented_tests(self.PAGE), {"A", "B"})
        self.assertIn("HTTPRouteDisallowedKind", output.documented_tests((ROOT / "docs/conformance.md").read_text()))

    def test_what_differs(self):
        made = lambda **verdicts: [output.Outcome(name, verdict, 0.0, []) for name, verdict in verdicts.items()]
        self.assertEqual(output.compare(made(A="PASS", B="FAIL", MeshBasic="SKIP"), self.PAGE, REPORT), [])
        less = REPORT.replace("    supportedFeatures:", "    unsupportedFeatures:\n    - Y\n    - X\n    supportedFeatures:")
        self.assertEqual(output.compare(made(A="PASS", C="PASS", D="SKIP"), self.PAGE, less),
                         ["skipped: D", "in docs/conformance.md and did not run: B", "ran and not in docs/conformance.md: C",
                          "not claimed: X, Y"])


class Command(unittest.TestCase):
    def command(self, *arguments, features=()):
        options = conformance.parse(list(arguments))
        return conformance.suite_command(options, features, conformance.report_path(options)), conformance.report_path(options)

    def test_everything(self):
        command, report = self.command()
        self.assertIn("--conformance-profiles=GATEWAY-HTTP,GATEWAY-GRPC,GATEWAY-TLS,GATEWAY-TCP,GATEWAY-UDP", command)
        self.assertEqual(report.parent, ROOT / "conformance")
        self.assertRegex(report.name, r"^experimental-v\d+\.\d+\.\d+-default-report\.yaml$")
        self.assertIn(f"--report-output={report}", command)
        self.assertFalse([word for word in command if "features" in word], "the GatewayClass claims, not a flag")

    def test_a_part_never_replaces_the_report(self):
        command, report = self.command("--profile", "http", "--profile", "GATEWAY-TLS")
        self.assertIn("--conformance-profiles=GATEWAY-HTTP,GATEWAY-TLS", command)
        self.assertEqual(report.parent, ROOT / "build/conformance")

    def test_one_test_gets_the_claimed_features_and_makes_no_report(self):
        command, _ = self.command("--run-test", "HTTPRouteMatching", features=["Gateway", "HTTPRoute"])
        self.assertIn("--supported-features=Gateway,HTTPRoute", command)
        self.assertIn("--run-test=HTTPRouteMatching", command)
        self.assertFalse([word for word in command if word.startswith("--report-output")])

    def test_static_addresses_follow_the_type_of_service(self):
        for kind, begin in (("LoadBalancer", "100.64."), ("ClusterIP", "10.96.")):
            usable = [word for word in self.command("--service-type", kind)[0] if word.startswith("--usable-address=")]
            self.assertTrue(usable[0].startswith(f"--usable-address={begin}"), usable)

    def test_what_is_no_profile(self):
        with self.assertRaisesRegex(argparse.ArgumentTypeError, "there is no profile 'mesh'"):
            conformance.profile("mesh")
        with self.assertRaisesRegex(argparse.ArgumentTypeError, "no positive number"):
            conformance.positive("0")


class StandIn:
    """A cluster whose suite prints the sample and ends with an exit code."""

    def __init__(self, folder, code, features="Gateway HTTPRoute"):
        self.run, self.features = folder, features
        self.script = f"cat {folder}/sample; exit {code}"
        (folder / "sample").write_bytes(SAMPLE.replace("^", output.MARK).encode())
        self.asked = []

    def output(self, *arguments):
        return subprocess.CompletedProcess(arguments, 0, self.features, "")

    def command(self, arguments):
        self.asked = arguments
        return ["sh", "-c", self.script]


class Run(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.enterContext(mock.patch.object(conformance, "ROOT", self.folder))

    def run_sample(self, cluster):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            suite = conformance.run_suite(cluster, conformance.parse(["--run-test", "X"]))
        return (suite.count("PASS"), suite.count("FAIL")), shown.getvalue()

    def test_lines_and_counts(self):
        cluster = StandIn(self.folder, 1)
        counts, shown = self.run_sample(cluster)
        self.assertEqual(counts, (2, 1))
        self.assertIn("--supported-features=Gateway,HTTPRoute", cluster.asked)
        lines = shown.splitlines()
        self.assertEqual(lines[0], "[1] ok   HTTPRouteMatching  1.5 s")
        self.assertEqual(lines[1], "[2] FAIL HTTPRouteWeight  30.2 s")
        self.assertIn("Error 0.21 of infra-backend-v1", lines[2])
        self.assertIn("1 tests of features not claimed", lines[-1])
        self.assertEqual((self.folder / "build/log/conformance.log").read_bytes(), (self.folder / "sample").read_bytes())

    def test_a_suite_that_dies_after_its_last_test(self):
        cluster = StandIn(self.folder, 7)
        (self.folder / "sample").write_text(f"{output.MARK}=== RUN   TestConformance/A\n{output.MARK}--- PASS: TestConformance/A (0.1s)\n")
        counts, shown = self.run_sample(cluster)
        self.assertEqual(counts, (1, 1))
        self.assertIn("exit code 7", shown)

    def test_a_class_that_claims_nothing(self):
        with self.assertRaisesRegex(conformance.Trouble, "claims no feature"):
            self.run_sample(StandIn(self.folder, 0, features=""))

    def test_again_and_each_alone(self):
        """Every run begins when what the one before made is gone; then each test that ran, alone, on base resources that stay."""
        cluster = StandIn(self.folder, 0, features="namespace/gateway-conformance-infra namespace/default")
        (self.folder / "sample").write_text("".join(f"{output.MARK}--- {verdict}: TestConformance/{name} (0.1s)\n"
                                                    for name, verdict in (("A", "PASS"), ("B", "SKIP"), ("C", "PASS"))))
        began = []
        with contextlib.redirect_stdout(io.StringIO()), mock.patch.object(conformance, "version", return_value="v0"), \
                mock.patch.object(cluster, "command", side_effect=lambda words: began.append(words) or ["sh", "-c", cluster.script]), \
                mock.patch.object(cluster, "output", wraps=cluster.output) as asked:
            suites = conformance.run_all(cluster, conformance.parse(["--repeat", "2", "--each", "--profile", "HTTP"]))
        self.assertEqual(len(suites), 4)
        self.assertEqual([[w for w in words if w.startswith("--run-test")] for words in began],
                         [[], [], ["--run-test=A"], ["--run-test=C"]])
        self.assertIn("--cleanup-base-resources=false", began[2])
        waits = [call.args for call in asked.call_args_list if "wait" in call.args]
        self.assertEqual(len(waits), 4)
        self.assertEqual(waits[0][-1], "namespace/gateway-conformance-infra")

    def test_no_chart(self):
        with self.assertRaisesRegex(conformance.Trouble, "--controller"), mock.patch.object(conformance, "CHART", self.folder / "absent"), \
                mock.patch.object(conformance.kubernetes, "Cluster", side_effect=AssertionError("a cluster was started for nothing")):
            conformance.run(conformance.parse([]))

    def test_a_check_starts_nothing(self):
        with mock.patch.object(conformance.kubernetes, "Cluster", side_effect=AssertionError("a cluster was started")):
            self.assertEqual(conformance.run(conformance.parse(["--check", "--controller", "x"])), 0)
