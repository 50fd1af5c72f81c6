"""Every examples/*/run.sh prints what stands in expected.txt beside it. PINTLE_UPDATE_EXAMPLES=1 writes it anew."""
import os
import pathlib
import subprocess
import unittest

from harness import PINTLE, SLOW, free_offset, free_port

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


class Examples(unittest.TestCase):
    """One test for each folder, made below."""

    maxDiff = None

    def check(self, folder):
        offset = free_offset([80, 443])
        # Packages of Debian belong to Debian's Python.
        environment = dict(os.environ, PATH=f"/usr/bin:{os.environ['PATH']}", PINTLE=str(pathlib.Path(PINTLE).resolve()), PORT_OFFSET=str(offset),
                           ADMIN=f"127.0.0.1:{free_port()}")
        result = subprocess.run([folder / "run.sh"], capture_output=True, text=True, timeout=120 * SLOW, env=environment)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        printed = result.stdout.replace(f":{80 + offset}", ":8080").replace(f":{443 + offset}", ":8443")
        expected = folder / "expected.txt"
        if "PINTLE_UPDATE_EXAMPLES" in os.environ:
            expected.write_text(printed)
        self.assertEqual(printed, expected.read_text())

    def test_all_are_listed(self):
        listed = (EXAMPLES / "README.md").read_text()
        for folder in (f for f in EXAMPLES.iterdir() if f.is_dir()):
            self.assertIn(f"[{folder.name}]({folder.name})", listed)


for script in sorted(EXAMPLES.glob("*/run.sh")):
    setattr(Examples, "test_" + script.parent.name.replace("-", "_"),
            lambda self, folder=script.parent: self.check(folder))
