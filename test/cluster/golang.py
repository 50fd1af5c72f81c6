"""Finds a Go that can build the cluster, or fetches one. Debian 12 has Go 1.19, today's modules want more.

1. `go` on the PATH or /usr/local/go/bin/go, from 1.21 on: it fetches the version a module asks for by itself.
2. Debian's own Go: too old to build with, yet able to download the module golang.org/toolchain, in which the Go project
   publishes its releases, and to check it against the checksum database. Files of a module are not executable: that is
   put right here, as Go itself does from 1.21 on.
"""
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess

import layout

OLDEST = (1, 21)
DEBIAN = "/usr/lib/go/bin/go"  # the PATH may name another, older still
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def version_of(text):
    """`go version go1.26.8 linux/amd64` -> (1, 26)."""
    found = re.search(r"\bgo(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def installed(candidates):
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            said = subprocess.run([candidate, "version"], capture_output=True, text=True, env={**os.environ, "GOTOOLCHAIN": "local"})
            if version_of(said.stdout) >= OLDEST:
                return candidate
    return None


def find():
    return installed((shutil.which("go"), "/usr/local/go/bin/go"))


def fetch(run):
    """A Go of our own in the cache, with its caches beside it. Answers (go, environment)."""
    arch = ARCHITECTURES.get(platform.machine())
    old = next((go for go in (DEBIAN, shutil.which("go")) if go and os.access(go, os.X_OK)), None)
    if not arch or not old:
        raise RuntimeError(f"There is no Go from {OLDEST[0]}.{OLDEST[1]} on, and none of Debian's (package golang-go) to "
                           "fetch one with. Install Go, or put it on the PATH.")
    home = layout.cache_folder() / "go"
    env = {"GOPATH": str(home), "GOMODCACHE": str(home / "mod"), "GOCACHE": str(home / "build")}
    wanted = f"golang.org/toolchain@v0.0.1-go{layout.GO}.linux-{arch}"
    try:
        folder = pathlib.Path(json.loads(run([old, "mod", "download", "-json", wanted], env))["Dir"])
    except RuntimeError as error:
        raise RuntimeError(f"{error}\nGo {layout.GO} could not be fetched. It comes from the module proxy of `go env GOPROXY`: "
                           "is there a network? Any Go from 1.21 on, put on the PATH, will do as well.") from None
    for tool in [*folder.glob("bin/*"), *folder.glob("pkg/tool/*/*")]:
        tool.chmod(tool.stat().st_mode | 0o111)
    return str(folder / "bin/go"), {**env, "GOTOOLCHAIN": "local", "GOROOT": str(folder)}
