#!/usr/bin/env python3
"""What only a real cluster can show of the installed chart; closes with `N passed, N failed`.

    ./dev installed                  every chapter
    ./dev installed chart replicas   only these

    chart     install, helm test, a rolling upgrade and a killed pod under load, uninstall, rights against the audit log
    replicas  Programmed waits for every ready replica
    modes     direct mode, a restart without the API server, some namespaces alone
    grpc      calls and streams of a grpc-go client to a grpc-go server
    examples  each of examples/*/run.sh, with the requests and the output that `pintle serve` gives
    faults    the API server killed and stalled, etcd stalled, a token that is not taken any more, under load
    churn     endpoints that flap, rollouts, a grant that goes, a leader that sleeps, watches that are cut, a bad route, under load
    figures   idle CPU, time from a change to its first answer, memory with 5,000 routes, changes that concern nobody

The cluster is left as it was found: up if it was up. PINTLE_CLUSTER names another one.
"""
import importlib
import sys

import scene
from scene import Scene, kubernetes

sys.path.insert(0, str(scene.ROOT / "test/conformance"))
import run as conformance  # noqa: E402: its CRDs are ours

CHAPTERS = ("chart", "replicas", "modes", "grpc", "examples", "faults", "churn", "figures")


def run(wanted):
    unknown = [name for name in wanted if name not in CHAPTERS]
    if unknown:
        raise kubernetes.Trouble(f"there is no chapter {' '.join(unknown)}; there are {', '.join(CHAPTERS)}")
    cluster = kubernetes.Cluster()
    found_up = cluster.init()
    cluster.up(conformance.say)
    passed = failed = 0
    try:
        conformance.install_crds(cluster)
        cluster.load([scene.ROOT / "build/image/pintle.tar"])
        for name in wanted or CHAPTERS:
            print(f"{name}:", flush=True)
            chapter: Scene = getattr(importlib.import_module(name), name.capitalize())(cluster)
            try:
                chapter.check_all(chapter.steps())
            finally:
                chapter.leave()
            passed, failed = passed + chapter.passed, failed + chapter.failed
    finally:
        if not found_up:
            cluster.down()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        if sys.argv[1:] in (["--help"], ["-h"]):
            print(__doc__.strip())
            sys.exit(0)
        sys.exit(run(sys.argv[1:]))
    except kubernetes.Trouble as error:
        print(f"installed: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("installed: interrupted", file=sys.stderr)
        sys.exit(130)
