#!/usr/bin/env python3
"""Writes what is made from other files of the chart, or says that it is stale.

    python3 deploy/chart.py [--check] [--helm PATH]

    values.schema.json               ->  values.yaml          names, defaults and descriptions have one place
    values.schema.json, README.in.md ->  README.md
    the chart, by `helm template`    ->  deploy/install.yaml  without helm it is left, and said to be left

Exit 0: everything is (now) fresh; 1: with --check, something is stale; 2: helm refused.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent
CHART = DEPLOY / "helm" / "pintle"
NAMESPACE = "pintle-system"
KUBE_VERSION = "1.34.0"  # what `helm template` is to believe: a helm built from source believes in 1.20
INSTALL_HEAD = """\
# Pintle in the namespace {namespace}, as `helm install` with the default values makes it. Not edited by hand: ./dev chart.
# The CRDs of the Gateway API come first: docs/install.md.
# chart: sha256:{digest}
---
apiVersion: v1
kind: Namespace
metadata:
  name: {namespace}
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""


def schema():
    return json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))


def app_version():
    return yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["appVersion"]


def leaves(node, path=()):
    """Every value that can be set as (path, schema), in the order of the schema."""
    for name, child in node["properties"].items():
        if "properties" in child:
            yield from leaves(child, (*path, name))
        else:
            yield (*path, name), child


# ---- values.yaml ---------------------------------------------------------------------------------------------------

def values_text():
    lines = ["# Default values of the chart, made from values.schema.json by `./dev chart`; README.md has them as tables."]

    def emit(node, indent):
        for name, child in node["properties"].items():
            if name == "global":
                continue
            space = "  " * indent
            if indent == 0:
                lines.append("")
            comment = f"{space}# "
            lines.extend(textwrap.wrap(child["description"], 116, initial_indent=comment, subsequent_indent=comment))
            if "properties" in child:
                lines.append(f"{space}{name}:")
                emit(child, indent + 1)
                continue
            if "enum" in child:
                lines.append(f"{space}# One of: {', '.join(child['enum'])}.")
            dumped = yaml.safe_dump({name: child["default"]}, sort_keys=False, default_flow_style=False)
            lines.extend(space + line for line in dumped.splitlines())

    emit(schema(), 0)
    return "\n".join(lines) + "\n"


# ---- README.md -----------------------------------------------------------------------------------------------------

def type_word(node):
    if "enum" in node:
        return ", ".join(f"`{word}`" for word in node["enum"])
    if "anyOf" in node:
        return " or ".join(option["type"] for option in node["anyOf"])
    if node["type"] == "array":
        item = node["items"]
        return f"list of {item.get('x-kubernetes', item['type'])}"
    if node["type"] == "object":
        return node.get("x-kubernetes", "map of strings")
    return node["type"]


def default_word(value):
    if value in ("", [], {}):
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return "see values.yaml" if len(text) > 40 else f"`{text}`"


def cell(text):
    return text.replace("|", "\\|")


def values_table():
    lines, root = [], schema()
    single = {"type": "object", "properties": {n: c for n, c in root["properties"].items() if "properties" not in c}}
    groups = [(n, c["description"], {"properties": {n: c}}) for n, c in root["properties"].items() if "properties" in c]
    for title, text, node in [*groups, ("other values", "", single)]:
        lines += [f"### {title}", ""]
        if text:
            lines += [*textwrap.wrap(text, 120), ""]
        lines += ["| Value | Type | Default | Is |", "|---|---|---|---|"]
        for path, leaf in leaves(node):
            cells = (f"`{'.'.join(path)}`", type_word(leaf), default_word(leaf["default"]), leaf["description"])
            lines.append(" | ".join(["", *map(cell, cells), ""]).strip())
        lines.append("")
    return "\n".join(lines).rstrip("\n")


def readme_text():
    return (CHART / "README.in.md").read_text(encoding="utf-8").replace("<!-- values -->", values_table())


# ---- install.yaml --------------------------------------------------------------------------------------------------

def digest():
    """Of everything the rendered manifests depend on: tells without helm whether install.yaml is fresh."""
    state = hashlib.sha256()
    for path in sorted(CHART.rglob("*")):
        name = str(path.relative_to(CHART))
        if path.is_file() and (name in ("Chart.yaml", "values.yaml") or name.startswith(("templates/", "files/"))):
            state.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return state.hexdigest()


def find_helm(given=None):
    """--helm, $PINTLE_HELM, the PATH, or the one that `./dev cluster` builds; None if there is none."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    built = sorted(cache.glob("pintle/cluster/helm-*/helm"))
    candidates = [given, os.environ.get("PINTLE_HELM"), shutil.which("helm"), *built]
    return next((str(c) for c in candidates if c and os.access(c, os.X_OK)), None)


def helm_template(helm, *arguments):
    return subprocess.run([helm, "template", "pintle", str(CHART), "--namespace", NAMESPACE,
                           "--kube-version", KUBE_VERSION, *arguments], capture_output=True, text=True)


def install_text(helm):
    rendered = helm_template(helm, "--skip-tests")
    if rendered.returncode:
        print(f"chart: helm refused the chart:\n{rendered.stderr}", file=sys.stderr)
        sys.exit(2)
    # What helm says of itself is not true of manifests that kubectl applies.
    of_helm = re.compile(r"\s+(helm\.sh/chart|app\.kubernetes\.io/managed-by): |# Source: ")
    kept = [line for line in rendered.stdout.splitlines() if not of_helm.match(line)]
    return INSTALL_HEAD.format(namespace=NAMESPACE, digest=digest()) + "\n".join(kept) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="change nothing; exit 1 if something is stale")
    arguments.add_argument("--helm", help="the helm binary")
    options = arguments.parse_args()
    helm = find_helm(options.helm)
    stale = []

    def write(path, text):
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        stale.append(path.relative_to(DEPLOY.parent))
        if not options.check:
            path.write_text(text, encoding="utf-8")

    write(CHART / "values.yaml", values_text())
    write(CHART / "README.md", readme_text())
    if helm:
        write(DEPLOY / "install.yaml", install_text(helm))
    elif f"sha256:{digest()}" not in (DEPLOY / "install.yaml").read_text(encoding="utf-8"):
        print("chart: deploy/install.yaml is stale, and there is no helm to render it: set PINTLE_HELM", file=sys.stderr)
        return 1
    for path in stale:
        print(f"chart: {path} {'is stale; run ./dev chart' if options.check else 'written'}")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
