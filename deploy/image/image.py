#!/usr/bin/env python3
"""Makes Pintle's container image without a daemon: the program, its loader and libraries, CA certificates; no shell.

    python3 deploy/image/image.py [--pintle build/release/pintle] [--output build/image/pintle.tar] [--name pintle.dev/pintle]

In Python, with archive.py beside it, because a Dockerfile needs a daemon, root, or a tool outside Debian, and gives other bytes
each time. Here the same files give the same bytes: times are SOURCE_DATE_EPOCH, or else that of the commit.

Two layers: what comes from Debian, which changes with Debian, and the program. Each Debian package in it brings its licence and
its entry for dpkg (/var/lib/dpkg/status.d, as distroless images have it), by which scanners find what is inside.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

from archive import Image, Layer

ROOT = pathlib.Path(__file__).resolve().parents[2]
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PROGRAM = "/usr/bin/pintle"
OPENED = "libcurl.so.4"  # by the program itself, when it is told to be a controller
USER = 65532  # no user of the machine, the number that distroless images call nonroot

PASSWD = f"root:x:0:0:root:/:/nonexistent\npintle:x:{USER}:{USER}:pintle:/:/nonexistent\n"
GROUP = f"root:x:0:\npintle:x:{USER}:\n"
NSSWITCH = "hosts: files dns\n"  # without it glibc asks DNS before /etc/hosts


def output_of(*command, environment=None):
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    return ended.stdout.strip() if ended.returncode == 0 else ""


def libraries_in(text):
    """What `ldd` printed -> the absolute paths of loader and libraries, as the loader will look for them."""
    paths = []
    for line in text.splitlines():
        if "not found" in line:
            raise ValueError(f"a library is missing on this machine: {line.strip()}")
        found = re.search(r"(?:=> )?(/\S+) \(0x[0-9a-f]+\)", line)
        if found:
            paths.append(found[1])
    if not paths:
        raise ValueError("ldd names no library; is it a dynamic program of this machine's architecture?")
    return sorted(set(paths))


def libraries_of(program):
    """What it is linked with and what it opens, with what these are linked with."""
    paths = libraries_in(output_of("ldd", program, environment={**os.environ, "LD_PRELOAD": OPENED}))
    if not any(pathlib.Path(path).name == OPENED for path in paths):
        raise ValueError(f"{OPENED} is missing on this machine: ./dev build installs it")
    return paths


def stdout_of(*command):
    """Also where some of what was asked for is unknown, or the command is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout
    except FileNotFoundError:
        return ""


def packages_of(paths):
    """The Debian packages of these files. dpkg knows some below /lib and some below /usr/lib, though the two are one."""
    either = [known for path in paths for known in (path, path.removeprefix("/usr") if path.startswith("/usr/") else "/usr" + path)]
    return sorted(set(re.findall(r"^([a-z0-9][a-z0-9+.-]+)(?::\w+)?(?:, .*)?: /", stdout_of("dpkg", "-S", *either), re.MULTILINE)))


def add_packages(layer, packages):
    for status in stdout_of("dpkg-query", "-s", *packages).strip().split("\n\n"):
        name = re.match(r"Package: (\S+)", status)
        if not name:
            continue
        layer.add(f"/var/lib/dpkg/status.d/{name[1]}", (status + "\n").encode())
        licence = pathlib.Path(f"/usr/share/doc/{name[1]}/copyright")
        if licence.is_file():
            layer.add(str(licence), licence.read_bytes())


def debian_layer(program):
    layer = Layer()
    layer.add("/etc/passwd", PASSWD.encode())
    layer.add("/etc/group", GROUP.encode())
    layer.add("/etc/nsswitch.conf", NSSWITCH.encode())
    layer.add_folder("/tmp", 0o1777)
    layer.add(CERTIFICATES, pathlib.Path(CERTIFICATES).read_bytes())
    files = libraries_of(program)
    for path in files:
        layer.add(path, pathlib.Path(path).read_bytes(), 0o755)
    add_packages(layer, packages_of(files) + ["ca-certificates"])
    layer.add("/etc/os-release", pathlib.Path("/etc/os-release").read_bytes())  # which Debian, for scanners
    return layer


def program_layer(program):
    layer = Layer()
    layer.add(PROGRAM, pathlib.Path(program).read_bytes(), 0o755)
    layer.add("/usr/share/doc/pintle/LICENSE", (ROOT / "LICENSE").read_bytes())
    return layer


def project_version():
    return re.search(r"^project\(pintle VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]


def build(program, name):
    version = project_version()
    labels = {
        "title": "pintle",
        "description": "Gateway API controller and data plane in one binary",
        "version": version,
        "licenses": "Apache-2.0",
        "revision": output_of("git", "rev-parse", "HEAD"),
    }
    return Image([f"{name}:{version}", f"{name}:dev"], [PROGRAM], [debian_layer(program), program_layer(program)],
                 user=f"{USER}:{USER}", environment=[f"SSL_CERT_FILE={CERTIFICATES}", "PATH=/usr/bin"],
                 labels={f"org.opencontainers.image.{key}": value for key, value in labels.items() if value},
                 epoch=int(os.environ.get("SOURCE_DATE_EPOCH") or output_of("git", "log", "-1", "--format=%ct") or 0))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pintle", default=str(ROOT / "build/release/pintle"))
    arguments.add_argument("--output", default=str(ROOT / "build/image/pintle.tar"))
    arguments.add_argument("--name", default="pintle.dev/pintle", help="registry and repository; tags are the version and dev")
    options = arguments.parse_args()
    if not os.access(options.pintle, os.X_OK):
        print(f"image: there is no program at {options.pintle}; build it first: ./dev build", file=sys.stderr)
        return 2
    try:
        image = build(options.pintle, options.name)
        image.write(options.output)
    except (OSError, ValueError) as error:
        print(f"image: {error}", file=sys.stderr)
        return 1
    size = os.path.getsize(options.output) / 1e6
    print(f"{' '.join(image.names)}, {size:.1f} MB, user {USER}: {os.path.relpath(options.output)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
