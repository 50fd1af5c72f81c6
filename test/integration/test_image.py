"""The container image: the same bytes from the same files, all that the program needs inside, nothing to log in with."""
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

from harness import PINTLE, SLOW

ROOT = pathlib.Path(__file__).resolve().parents[2]
EPOCH = 1700000000
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: nobody, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: nobody, user: {}}]
contexts: [{name: nobody, context: {cluster: nobody, user: nobody}}]
current-context: nobody
"""
sys.path.insert(0, str(ROOT / "deploy/image"))
import image  # noqa: E402


def make(folder, program, name):
    target = folder / name
    subprocess.run([sys.executable, str(ROOT / "deploy/image/image.py"), "--pintle", str(program), "--output", str(target)],
                   check=True, capture_output=True, timeout=60 * SLOW, env=dict(os.environ, SOURCE_DATE_EPOCH=str(EPOCH)))
    return target


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        cls.path = make(cls.folder, PINTLE, "image.tar")
        with tarfile.open(cls.path) as tar:
            cls.blobs = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
        cls.docker = json.loads(cls.blobs["manifest.json"])[0]
        cls.config = json.loads(cls.blobs[cls.docker["Config"]])
        cls.root = cls.folder / "root"
        cls.members = []
        for layer in cls.docker["Layers"]:
            with tarfile.open(fileobj=io.BytesIO(cls.blobs[layer])) as tar:
                cls.members += tar.getmembers()
                tar.extractall(cls.root)

    def test_same_files_same_bytes(self):
        """Whatever the program's own path, time and mode, and whenever the image is made."""
        copy = self.folder / "elsewhere" / "pintle"
        copy.parent.mkdir()
        shutil.copyfile(PINTLE, copy)
        copy.chmod(0o700)
        os.utime(copy, (1, 1))
        self.assertEqual(make(self.folder, copy, "again.tar").read_bytes(), self.path.read_bytes())

    def test_another_program_is_another_image(self):
        changed = self.folder / "changed"
        changed.write_bytes(pathlib.Path(PINTLE).read_bytes() + b"\0")
        changed.chmod(0o755)
        self.assertNotEqual(make(self.folder, changed, "changed.tar").read_bytes(), self.path.read_bytes())

    def test_every_library_is_inside(self):
        loaded = subprocess.run(["ldd", PINTLE], capture_output=True, text=True, check=True).stdout
        needed = image.libraries_of(PINTLE)
        self.assertLess(set(image.libraries_in(loaded)), set(needed))
        self.assertIn(image.OPENED.encode(), pathlib.Path(PINTLE).read_bytes(), "the program opens another library")
        self.assertTrue(any("ld-linux" in path for path in needed), needed)
        self.assertTrue(any("libc.so" in path for path in needed), needed)
        for path in needed:
            self.assertEqual((self.root / path[1:]).read_bytes(), pathlib.Path(path).read_bytes(), path)
        if shutil.which("dpkg"):
            packages = {path.name for path in (self.root / "var/lib/dpkg/status.d").iterdir()}
            self.assertLessEqual({"libc6", "libstdc++6", "ca-certificates"}, packages)
            self.assertIn("Version: ", (self.root / "var/lib/dpkg/status.d/libc6").read_text())
            self.assertTrue((self.root / "usr/share/doc/libc6/copyright").is_file())
        self.assertIn(b"BEGIN CERTIFICATE", (self.root / image.CERTIFICATES[1:]).read_bytes())

    @unittest.skipUnless(os.geteuid() == 0, "chroot takes root")
    def test_it_runs_as_its_user_with_nothing_else(self):
        if SLOW > 1:
            self.skipTest("a sanitizer wants /proc and tracing, which this root has not; nobody ships one")
        self.folder.chmod(0o755)
        ran = subprocess.run(["chroot", "--userspec=65532:65532", str(self.root), image.PROGRAM, "version"],
                             capture_output=True, text=True, timeout=60 * SLOW, env={"PATH": os.environ["PATH"]})
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertTrue(ran.stdout.startswith("pintle "), ran.stdout)

    @unittest.skipUnless(os.geteuid() == 0, "chroot takes root")
    def test_the_controller_finds_what_it_opens(self):
        if SLOW > 1:
            self.skipTest("as above")
        self.folder.chmod(0o755)
        (self.root / "kubeconfig").write_text(KUBECONFIG)
        command = ["chroot", "--userspec=65532:65532", str(self.root), image.PROGRAM, "controller", "--kubeconfig",
                   "/kubeconfig", "--admin", "off", "--gateway-mode", "direct", "--leader-elect", "off"]
        running = subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True)
        try:
            said = next((line for line in running.stdout if "libcurl" in line or "connect to" in line), "nothing")
        finally:
            running.kill()
            running.communicate()
        self.assertIn("127.0.0.1", said)

    def test_there_is_no_shell_and_no_way_up(self):
        programs = {m.name for m in self.members if m.isfile() and m.mode & 0o111 and not m.name.startswith(("lib/", "lib64/"))}
        self.assertEqual(programs, {image.PROGRAM[1:]})
        for member in self.members:
            self.assertFalse(member.mode & 0o6000, f"{member.name} is set-user-id or set-group-id")
            self.assertEqual((member.uid, member.gid), (0, 0), member.name)
            self.assertFalse(member.mode & 0o022 and member.name != "tmp", f"{member.name} can be written to")

    def test_what_it_says_of_itself(self):
        run = self.config["config"]
        self.assertEqual((run["User"], run["Entrypoint"]), ("65532:65532", [image.PROGRAM]))
        version = image.project_version()
        self.assertEqual(self.docker["RepoTags"], [f"pintle.dev/pintle:{version}", "pintle.dev/pintle:dev"])
        labels = {key.removeprefix("org.opencontainers.image."): value for key, value in run["Labels"].items()}
        self.assertEqual((labels["title"], labels["version"], labels["licenses"]), ("pintle", version, "Apache-2.0"))
        self.assertEqual(self.config["created"], "2023-11-14T22:13:20Z")
        self.assertEqual({member.mtime for member in self.members}, {EPOCH})

    def test_every_digest_is_right(self):
        index = json.loads(self.blobs["index.json"])
        manifest = json.loads(self.blobs["blobs/sha256/" + index["manifests"][0]["digest"][7:]])
        for described in [*index["manifests"], manifest["config"], *manifest["layers"]]:
            data = self.blobs["blobs/sha256/" + described["digest"][7:]]
            self.assertEqual((hashlib.sha256(data).hexdigest(), len(data)), (described["digest"][7:], described["size"]))
        self.assertEqual(self.config["rootfs"]["diff_ids"], [layer["digest"] for layer in manifest["layers"]])
        self.assertEqual(["blobs/sha256/" + layer["digest"][7:] for layer in manifest["layers"]], self.docker["Layers"])


class Libraries(unittest.TestCase):
    def test_read_from_ldd(self):
        text = ("\tlinux-vdso.so.1 (0x00007ffd)\n\tlibssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007f01)\n"
                "\t/lib64/ld-linux-x86-64.so.2 (0x00007f02)\n")
        self.assertEqual(image.libraries_in(text), ["/lib/x86_64-linux-gnu/libssl.so.3", "/lib64/ld-linux-x86-64.so.2"])

    def test_a_missing_one_is_named(self):
        with self.assertRaisesRegex(ValueError, "libre2.so.9"):
            image.libraries_in("\tlibre2.so.9 => not found\n")

    def test_a_static_program_has_none(self):
        with self.assertRaisesRegex(ValueError, "no library"):
            image.libraries_in("\tnot a dynamic executable\n")
