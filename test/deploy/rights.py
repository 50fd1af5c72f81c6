"""The list of rights, and what the API server's audit log says was asked: what a test of both needs.

A line of the log is an audit.k8s.io/v1 Event; level Metadata is enough. `python3 test/deploy/rights.py AUDIT_LOG [USER]`
prints requests that no right covers and rights that no request used; exit 1 for the former.
"""
import json
import sys

import yaml

from chart_files import CHART

USER = "system:serviceaccount:pintle-system:pintle"


def rights():
    return yaml.safe_load((CHART / "files/rights.yaml").read_text(encoding="utf-8"))


def granted():
    """{(place, group, resource): {verb}}; the group of the core API is ''."""
    verbs = {}
    for place, rows in rights().items():
        for row in rows:
            for resource in row["resources"]:
                verbs.setdefault((place, row["group"], resource), set()).update(row["verbs"])
    return verbs


def asked(lines, user=USER):
    """{(group, resource, verb)} of the finished requests of that user about objects; discovery is nobody's right."""
    found = set()
    for line in lines:
        event = json.loads(line)
        reference = event.get("objectRef", {})
        if event["stage"] == "ResponseComplete" and event["user"]["username"] == user and "resource" in reference:
            resource = "/".join(filter(None, (reference["resource"], reference.get("subresource"))))
            found.add((reference.get("apiGroup", ""), resource, event["verb"]))
    return found


def compare(lines, user=USER):
    """(asked without a right, granted and never asked), both sorted."""
    have = {(group, resource, verb) for (_, group, resource), verbs in granted().items() for verb in verbs}
    want = asked(lines, user)
    return sorted(want - have), sorted(have - want)


def main():
    with open(sys.argv[1], encoding="utf-8") as log:
        missing, unused = compare(log, *sys.argv[2:3])
    for group, resource, verb in missing:
        print(f"asked without a right: {verb} {resource} {group}")
    for group, resource, verb in unused:
        print(f"never asked: {verb} {resource} {group}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
