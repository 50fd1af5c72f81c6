#!/usr/bin/env python3
"""Builds what the test cluster is made of: programs out of Go modules, images out of the programs.

    python3 test/cluster/build.py [COMPONENT ...]
    python3 test/cluster/build.py --complete         exits with 0 when nothing is missing, else 1

What the cache holds at the wanted version is not built again. A component is built in NAME.part and renamed when all of it is
there, so a folder with the right name is complete; an interrupted build goes on where it was. Programs are static.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

import golang
import layout

sys.path.insert(0, str(layout.ROOT / "deploy/image"))
from archive import Image, Layer  # noqa: E402

BEAT = 5 if sys.stdout.isatty() else 20  # seconds between lines of progress


def say(text):
    print(f"      {text}", flush=True)


class Go:
    """The go command, and the environment that makes its output the same everywhere."""

    def __init__(self):
        flags = "-trimpath -buildvcs=false -mod=mod"
        if os.environ.get("PINTLE_JOBS"):
            flags += f" -p={os.environ['PINTLE_JOBS']}"
        self.environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": flags, "GOWORK": "off"}
        self.program = golang.find()
        if not self.program:
            say(f"there is no Go from 1.21 on; fetching Go {layout.GO} into the cache")
            self.program, extra = golang.fetch(self.output_of)
            self.environment.update(extra)

    def forget(self):
        """A Go that was fetched has done its work; it and its caches are larger than all that it built."""
        if not layout.missing():
            shutil.rmtree(layout.cache_folder() / "go", ignore_errors=True)

    def output_of(self, command, extra=None):
        ended = subprocess.run(command, capture_output=True, text=True, cwd="/", env={**self.environment, **(extra or {})})
        if ended.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{(ended.stderr or ended.stdout).strip()}")
        return ended.stdout

    def build(self, label, arguments, folder):
        """Runs `go ARGUMENTS` with -v, which names each package as it is compiled, and shows now and then how far it is."""
        began = beat = time.monotonic()
        child = subprocess.Popen([self.program, *arguments], cwd=folder, env=self.environment, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, done = [], threading.Event()

        def read():
            for line in child.stdout:
                said.append(line.rstrip())
            done.set()

        threading.Thread(target=read, daemon=True).start()
        while not done.wait(0.2):
            if time.monotonic() - beat >= BEAT:
                beat = time.monotonic()
                say(f"{label}: {len(said)} packages, {beat - began:.0f} s{': ' + said[-1][-70:] if said else ''}")
        if child.wait():
            raise RuntimeError(f"{label} could not be built; go said:\n" + "\n".join(said[-30:]))
        say(f"{label} built, {time.monotonic() - began:.0f} s")


def staging_replaces(go, version):
    """k8s.io/kubernetes replaces its staging modules by folders of its own tree; their published twins take that place."""
    told = json.loads(go.output_of([go.program, "mod", "download", "-json", f"k8s.io/kubernetes@{version}"]))
    twin = version.replace("v1.", "v0.", 1)
    text = pathlib.Path(told["GoMod"]).read_text(encoding="utf-8")
    return [f"replace {name} => {name} {twin}" for name in re.findall(r"^\s*(k8s\.io/[\w-]+) => \./staging/", text, re.MULTILINE)]


def write_module(go, component, folder):
    """A module that only requires the component's: its own replace lines then count for nothing, as they must."""
    lines = [f"module pintle.dev/test-cluster/{component.name}", "go 1.24.0"]
    lines += [f"require {module} {component.version}" for module in component.modules]
    if component.name == "kubernetes":
        lines += staging_replaces(go, component.version)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text("\n".join(lines) + "\n", encoding="utf-8")


def linker_flags(component):
    flags = "-s -w"
    if component.name == "kubernetes":  # the API server tells its version to clients, which refuse v0.0.0
        major, minor = component.version[1:].split(".")[:2]
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            flags += f" -X {package}.gitVersion={component.version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
    return flags


def build_component(go, component):
    done = layout.cache_folder() / component.folder
    part = done.with_name(done.name + ".part")
    module = part / "module"
    if component.modules:
        write_module(go, component, module)
    part.mkdir(parents=True, exist_ok=True)
    if component.modules:
        for own in component.own_sources:
            shutil.copyfile(layout.HERE / own, module / own)
    for program, package in component.programs.items():
        if (part / program).exists():
            continue
        verb = ["test", "-c", "-vet=off"] if program.endswith(".test") else ["build"]
        fresh = part / f"{program}.new"
        go.build(program, [*verb, "-v", "-ldflags", linker_flags(component), "-o", str(fresh), package],
                 module if component.modules else layout.HERE)
        fresh.rename(part / program)
    if component.name == "gateway-api":
        copy_manifests(go, part, module)
    shutil.rmtree(module, ignore_errors=True)
    part.rename(done)


def copy_manifests(go, part, module):
    """The CRDs of both channels and the suite's base manifests, out of the same modules as the suite."""
    def source(name):
        told = subprocess.run([go.program, "list", "-m", "-f", "{{.Dir}}", name], cwd=module, env=go.environment,
                              capture_output=True, text=True, check=True)
        return pathlib.Path(told.stdout.strip())

    for channel in ("standard", "experimental"):
        to = part / "crds" / channel
        to.mkdir(parents=True, exist_ok=True)
        for file in sorted((source("sigs.k8s.io/gateway-api") / "config/crd" / channel).glob("*.yaml")):
            if file.name != "kustomization.yaml":
                shutil.copyfile(file, to / file.name)
    shutil.copyfile(source("sigs.k8s.io/gateway-api/conformance") / "base/manifests.yaml", part / "base.yaml")


def build_images():
    for name, path in layout.image_archives().items():
        if not path.exists():
            program, names = layout.IMAGES[name]
            layer = Layer()
            layer.add(f"/{program}", (path.parent / program).read_bytes(), 0o755)
            layer.add("/etc/passwd", b"root:x:0:0:root:/root:/nonexistent\n")
            for folder, mode in (("/tmp", 0o1777), ("/root", 0o700)):
                layer.add_folder(folder, mode)
            Image(names, [f"/{program}"], [layer]).write(path)


def main(wanted):
    missing = [c for c in layout.missing() if not wanted or wanted == ["--complete"] or c.name in wanted]
    if wanted == ["--complete"]:
        return 1 if missing else 0
    if missing:
        say(f"building {', '.join(c.folder for c in missing)} into {layout.cache_folder()};")
        say("from nothing this takes about 10 minutes on two cores, and a network; later runs find it there")
        go = Go()
        for component in missing:
            build_component(go, component)
        go.forget()
    if not wanted:
        build_images()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RuntimeError as error:
        print(f"cluster: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("cluster: interrupted; what is built so far is kept", file=sys.stderr)
        sys.exit(130)
