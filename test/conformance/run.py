#!/usr/bin/env python3
"""Runs the Gateway API's own conformance suite against Pintle in a real cluster; closes with `N passed, N failed`.

    ./dev conformance                                   the chart installed, every profile, report in conformance/
    ./dev conformance --profile HTTP --profile GRPC     only these profiles
    ./dev conformance --run-test HTTPRouteMatching      one test; its log is shown when it fails
    ./dev conformance --controller 'build/release/pintle controller ...'
                                                        a program on the node instead of the chart: the fast loop

What Pintle claims stands in the status of its GatewayClass, where the suite reads it; no flag here claims a feature. The cluster is
left as it was found: up if it was up. PINTLE_CLUSTER names another one.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

from output import Outcome, Suite, compare, summaries

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/cluster"))
import cluster as kubernetes  # noqa: E402
import layout  # noqa: E402

PROFILES = ("HTTP", "GRPC", "TLS", "TCP", "UDP")
CLASS = "pintle"
CONTROLLER_NAME = "pintle.dev/gateway-controller"
NAMESPACE = "pintle-system"
CHART = ROOT / "deploy/helm/pintle"
VALUES = ROOT / "test/conformance/values.yaml"
# Of the cluster's ranges (test/cluster/README.md): one that can be had, and one of nobody's.
USABLE = {"LoadBalancer": "100.64.200.1", "ClusterIP": "10.96.0.200"}
UNUSABLE = "198.51.100.1"
IMPLEMENTATION = {"organization": "pintle", "project": "pintle", "url": "https://pintle.dev", "contact": "https://pintle.dev"}
Trouble = kubernetes.Trouble


def parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev conformance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", action="append", type=profile, metavar="P", help=f"{', '.join(PROFILES)}; every one unless told")
    parser.add_argument("--run-test", metavar="NAME", help="only this test")
    parser.add_argument("--repeat", type=positive, default=1, metavar="N", help="the whole run N times")
    parser.add_argument("--each", action="store_true", help="after that every test that ran once more, alone")
    parser.add_argument("--parallel", type=positive, default=8, metavar="N", help="tests at once, of those that allow it (8)")
    parser.add_argument("--service-type", choices=sorted(USABLE), default="LoadBalancer", help="of a Gateway's Service")
    parser.add_argument("--controller", metavar="COMMAND", help="run this on the node instead of installing the chart")
    parser.add_argument("--check", action="store_true", help="only say whether this could run, before anything long is begun")
    return parser.parse_args(arguments)


def profile(text):
    name = text.upper().removeprefix("GATEWAY-")
    if name not in PROFILES:
        raise argparse.ArgumentTypeError(f"there is no profile '{text}'; there are {', '.join(PROFILES)}")
    return name


def positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no positive number")
    return int(text)


def say(text):
    print(f"      {text}", flush=True)


def must(cluster, what, *command):
    done = cluster.output(*command)
    if done.returncode:
        raise Trouble(f"{what} failed:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout


# ---- Pintle in the cluster ------------------------------------------------------------------------------------------

def install_crds(cluster):
    folder = str(layout.crd_folder() / "experimental")
    must(cluster, "applying the CRDs", "kubectl", "apply", "--server-side", "--force-conflicts", "--filename", folder)
    must(cluster, "waiting for the CRDs", "kubectl", "wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    say(f"CRDs of Gateway API {layout.GATEWAY_API}, experimental channel, applied")


def check_chart():
    if not (CHART / "Chart.yaml").is_file():
        raise Trouble(f"there is no chart at {CHART.relative_to(ROOT)} to install; "
                      "--controller 'COMMAND' runs a controller on the node instead")


@contextlib.contextmanager
def installed_chart(cluster, service_type):
    cluster.load([ROOT / "build/image/pintle.tar"])
    cluster.output("helm", "uninstall", "pintle", "--namespace", NAMESPACE, "--wait")  # an earlier run's, with an older image
    must(cluster, "installing the chart", "helm", "install", "pintle", str(CHART), "--namespace", NAMESPACE, "--create-namespace",
         "--values", str(VALUES), "--set", f"service.type={service_type}", "--wait", "--timeout", "120s")
    say(f"chart installed in {NAMESPACE}, two replicas, Services of type {service_type}")
    yield
    must(cluster, "uninstalling the chart", "helm", "uninstall", "pintle", "--namespace", NAMESPACE, "--wait")


@contextlib.contextmanager
def running_controller(cluster, command):
    """A program on the node. A chart would bring the GatewayClass; here it is made by hand."""
    manifest = (f"apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{name: {CLASS}}}\n"
                f"spec: {{controllerName: {CONTROLLER_NAME}}}\n")
    cluster.call("kubectl", "apply", "--filename", "-", input=manifest, text=True, check=True, stdout=subprocess.DEVNULL)
    log = ROOT / "build/log/conformance-controller.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w") as out:
        child = subprocess.Popen(cluster.command(shlex.split(command)), stdout=out, stderr=subprocess.STDOUT, cwd=ROOT,
                                 env=kubernetes.environment(cluster.run))
    try:
        accepted = subprocess.Popen(cluster.command(["kubectl", "wait", "--for=condition=Accepted", f"gatewayclass/{CLASS}", "--timeout=60s"]),
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=kubernetes.environment(cluster.run))
        while accepted.poll() is None and child.poll() is None:
            time.sleep(0.1)
        end(accepted)
        if child.poll() is not None or accepted.returncode:
            how = f"ended with exit code {child.returncode}" if child.poll() is not None else f"did not accept GatewayClass {CLASS} within 60 s"
            raise Trouble(f"the controller {how}; the end of {log.relative_to(ROOT)}:\n" + "\n".join(log.read_text().splitlines()[-20:]))
        say(f"controller runs on the node; its log: {log.relative_to(ROOT)}")
        yield
        if child.poll() is not None:
            raise Trouble(f"the controller ended during the run with exit code {child.returncode}; see {log.relative_to(ROOT)}")
    finally:
        end(child)


def end(child):
    """A program started in the cluster, if it still runs; nsenter passes no signal on, so its child is told."""
    inner = kubernetes.only_child(child.pid)
    if inner and child.poll() is None:
        os.kill(inner, signal.SIGTERM)
    try:
        child.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.kill(inner or child.pid, signal.SIGKILL)
        child.wait()


# ---- the suite ------------------------------------------------------------------------------------------------------

def version():
    return "v" + re.search(r"^project\(pintle VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]


def report_path(options):
    """Only a run of everything may replace the report that is published; its name is the one the Gateway API asks for."""
    if options.run_test or options.profile:
        return ROOT / "build/conformance/report.yaml"
    return ROOT / "conformance" / f"experimental-{version()}-default-report.yaml"


def suite_command(options, features, report):
    """features: those of the GatewayClass, needed when one test is named: the suite then does not look them up itself."""
    profiles = options.profile or PROFILES
    command = ["conformance.test", "-test.run=^TestConformance$", "-test.v=test2json", "-test.timeout=60m",
               f"-test.parallel={options.parallel}", f"--gateway-class={CLASS}",
               f"--conformance-profiles={','.join(f'GATEWAY-{name}' for name in profiles)}",
               f"--usable-address={USABLE[options.service_type]}", f"--unusable-address={UNUSABLE}"]
    if options.run_test:
        return [*command, f"--run-test={options.run_test}", f"--supported-features={','.join(features)}",
                f"--cleanup-base-resources={'false' if options.each else 'true'}"]
    return [*command, *(f"--{key}={value}" for key, value in IMPLEMENTATION.items()), f"--version={version()}",
            f"--report-output={report}"]


def claimed_features(cluster):
    told = must(cluster, f"reading GatewayClass {CLASS}", "kubectl", "get", "gatewayclass", CLASS,
                "--output", "jsonpath={.status.supportedFeatures[*].name}").split()
    if not told:
        raise Trouble(f"GatewayClass {CLASS} claims no feature in its status; the suite has nothing to test")
    return told


def show(number, outcome):
    words = {"PASS": "ok  ", "FAIL": "FAIL", "SKIP": "skip"}
    print(f"[{number}] {words[outcome.verdict]} {outcome.name}  {outcome.seconds:.1f} s", flush=True)
    if outcome.verdict == "FAIL":
        for line in outcome.log[-60:]:
            print(f"      | {line}", flush=True)


def await_clean(cluster):
    """What an earlier run made is deleted when it ends, and gone some seconds later."""
    found = must(cluster, "listing namespaces", "kubectl", "get", "namespaces", "--output", "name").split()
    leaving = [name for name in found if name.startswith("namespace/gateway-conformance-")]
    if leaving:
        cluster.output("kubectl", "delete", "--ignore-not-found", "--wait=false", *leaving)
        must(cluster, "waiting for the end of the namespaces of an earlier run", "kubectl", "wait", "--for=delete", "--timeout=120s", *leaving)


def run_suite(cluster, options):
    report = report_path(options)
    report.parent.mkdir(parents=True, exist_ok=True)
    log = ROOT / "build/log/conformance.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    suite, number, began = Suite(), 0, time.monotonic()
    child = subprocess.Popen(cluster.command(suite_command(options, claimed_features(cluster), report)), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace", env=kubernetes.environment(cluster.run))
    try:
        with open(log, "w") as kept:
            for text in child.stdout:
                kept.write(text)
                outcome = suite.line(text.rstrip("\n"))
                if outcome and outcome.verdict != "SKIP":
                    number += 1
                    show(number, outcome)
    finally:
        end(child)
    for outcome in suite.close(child.returncode):
        number += 1
        show(number, outcome)
    if not (options.run_test or options.profile or options.controller):
        for fault in compare(suite.outcomes, (ROOT / "docs/conformance.md").read_text(), report.read_text() if report.exists() else ""):
            suite.outcomes.append(Outcome(f"whole suite ({fault})", "FAIL", 0.0, []))
            number += 1
            show(number, suite.outcomes[-1])
    if not options.run_test and report.exists():
        for name, summary in summaries(report.read_text()):
            say(f"{name}: {summary}")
        say(f"report: {report.relative_to(ROOT)}")
    say(f"{suite.count('SKIP')} tests of features not claimed; {time.monotonic() - began:.0f} s; whole output: {log.relative_to(ROOT)}")
    return suite


def run_all(cluster, options):
    """The suites of every run."""
    suites = []
    for turn in range(options.repeat):
        if options.repeat > 1:
            say(f"run {turn + 1} of {options.repeat}")
        await_clean(cluster)
        suites.append(run_suite(cluster, options))
    if options.each:
        await_clean(cluster)
        for name in [outcome.name for outcome in suites[0].outcomes if outcome.verdict != "SKIP"]:
            say(f"{name} alone")
            suites.append(run_suite(cluster, argparse.Namespace(**{**vars(options), "run_test": name})))
        await_clean(cluster)
    return suites


def run(options):
    if not options.controller:
        check_chart()
    if options.check:
        return 0
    cluster = kubernetes.Cluster()
    found_up = cluster.init()
    cluster.up(say)
    try:
        install_crds(cluster)
        pintle = running_controller(cluster, options.controller) if options.controller else installed_chart(cluster, options.service_type)
        with pintle:
            suites = run_all(cluster, options)
    finally:
        if not found_up:
            cluster.down()
    passed, failed = (sum(suite.count(verdict) for suite in suites) for verdict in ("PASS", "FAIL"))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(run(parse(sys.argv[1:])))
    except (Trouble, ValueError) as error:
        print(f"conformance: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("conformance: interrupted", file=sys.stderr)
        sys.exit(130)
