"""The files of the chart, and helm, for the tests of this folder."""
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/pintle"


def load_chart_script():
    spec = importlib.util.spec_from_file_location("chart", ROOT / "deploy/chart.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


chart = load_chart_script()
HELM = chart.find_helm()


def needs_helm(case):
    """Skips with a word where there is no helm; fails instead where the caller insists on one."""
    if HELM or os.environ.get("PINTLE_NEED_HELM"):
        return case
    return unittest.skip("there is no helm: set PINTLE_HELM, or run ./dev cluster once, which builds one")(case)


def arguments_of(values):
    """{'a.b': 1} as flags; JSON, so that numbers, lists and maps arrive as such."""
    return [word for path, value in values.items() for word in ("--set-json", f"{path}={json.dumps(value)}")]


class Rendered:
    """The objects that the chart makes of some values."""

    def __init__(self, values=None, *flags):
        result = chart.helm_template(HELM, *arguments_of(values or {}), *flags)
        self.refusal = result.stderr if result.returncode else ""
        self.objects = [o for o in yaml.load_all(result.stdout, Loader=UniqueKeys) if o] if not result.returncode else []

    def of_kind(self, kind):
        return [o for o in self.objects if o["kind"] == kind]

    def one(self, kind, name=None):
        if self.refusal:
            raise AssertionError(self.refusal)
        found = [o for o in self.of_kind(kind) if name in (None, o["metadata"]["name"])]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} objects {kind} {name or ''}: {[o['metadata']['name'] for o in found]}")
        return found[0]

    @property
    def pod(self):
        return self.one("Deployment")["spec"]["template"]["spec"]

    @property
    def container(self):
        return self.pod["containers"][0]

    @property
    def flags(self):
        """{flag: [values]} of the container."""
        flags = {}
        for word in self.container["args"][1:]:
            name, _, value = word.partition("=")
            flags.setdefault(name, []).append(value)
        return flags


def render_notes(values=None):
    """NOTES.txt as an object, since `helm template` leaves it out."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "pintle"
        shutil.copytree(CHART, copy)
        notes = copy / "templates/NOTES.txt"
        (copy / "templates/_notes.tpl").write_text('{{- define "notes" -}}\n' + notes.read_text() + "{{- end -}}")
        notes.unlink()
        (copy / "templates/notes.yaml").write_text('kind: Notes\ntext: {{ include "notes" . | toJson }}\n')
        result = subprocess.run([HELM, "template", "pintle", copy, "--namespace", chart.NAMESPACE, "--kube-version",
                                 chart.KUBE_VERSION, "--show-only", "templates/notes.yaml", *arguments_of(values or {})],
                                capture_output=True, text=True, check=True)
        return yaml.safe_load(result.stdout)["text"]


class UniqueKeys(yaml.SafeLoader):
    """Refuses a key written twice, as the API server does in strict mode; PyYAML takes the last."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"written twice: {sorted(twice)}", node.start_mark)
        return super().construct_mapping(node, deep)
