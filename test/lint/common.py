"""What the linters share: the list of files, findings, a cache of what was found clean, the command line.

A linter is a module with
    SUBJECT            one line: what it refuses
    check(options)  -> list of Finding, over the whole tree
    self_test()     -> list of complaints; empty when a bad sample is flagged and a good one is not
"""
import concurrent.futures
import dataclasses
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("include", "src", "controller", "dataplane", "test", "cmake")
PRODUCT_FOLDERS = ("include", "src", "controller", "dataplane")
SKIPPED_FOLDERS = {".git", "build", "quickstart", "__pycache__"}


@dataclasses.dataclass(frozen=True)
class Finding:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


@dataclasses.dataclass
class Options:
    jobs: int = 2
    progress: callable = lambda text: None


def all_files():
    """Every file of the project as a path relative to its root: git's list, or the tree where there is no git."""
    listing = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"],
                             capture_output=True, text=True) if (ROOT / ".git").exists() else None
    if listing is not None and listing.returncode == 0:
        names = [name for name in listing.stdout.split("\0") if name]
    else:
        names = []
        for folder, folders, files in os.walk(ROOT):
            folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS]
            names += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files]
    return sorted(name for name in names if (ROOT / name).is_file())


def code_files(folders=CODE_FOLDERS, suffixes=(".cpp", ".hpp")):
    return [n for n in all_files() if n.endswith(suffixes) and n.split("/")[0] in folders]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def without_comments(text):
    """C++ text with comments and the insides of literals blanked; line breaks stay, so lines keep their numbers."""
    pattern = re.compile(r'R"([^\s()\\]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\''
                         r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


# ---- a cache of clean results: losing it costs time, nothing else --------------------------------------------------

def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(base) / "pintle-lint"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        limit = time.time() - 30 * 86400
        for entry in folder.iterdir():
            if entry.stat().st_mtime < limit:
                entry.unlink(missing_ok=True)
        return folder
    except OSError:
        return None


INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<(pintle/[^>]+)>)', re.MULTILINE)


class Closure:
    """The project files a file includes, directly or not, and a hash of all their bytes."""

    def __init__(self):
        self.known = {}

    def of(self, name):
        seen, queue = set(), [name]
        while queue:
            current = queue.pop()
            if current in seen:
                continue
            seen.add(current)
            queue += self.direct(current)
        return seen

    def direct(self, name):
        if name not in self.known:
            found = []
            for quoted, angled in INCLUDE.findall(read(name)):
                target = f"include/{angled}" if angled else quoted
                for candidate in (target, os.path.normpath(os.path.join(os.path.dirname(name), target))):
                    if (ROOT / candidate).is_file():
                        found.append(candidate)
                        break
            self.known[name] = found
        return self.known[name]

    def digest(self, name, *context):
        state = hashlib.sha256("\0".join(context).encode())
        for part in sorted(self.of(name)):
            state.update(part.encode())
            state.update((ROOT / part).read_bytes())
        return state.hexdigest()


def run_cached(jobs, options, label):
    """Runs [(name, digest, command, stdin)] in parallel, skipping what is known clean; answers [(name, output)] of failures."""
    folder = cache_folder()
    todo = [job for job in jobs if not (folder and (folder / job[1]).exists())]
    failures, done = [], 0

    def run(job):
        name, digest, command, text = job
        result = subprocess.run(command, input=text, capture_output=True, text=True, errors="replace", cwd=ROOT)
        if result.returncode == 0:
            if folder:
                (folder / digest).touch()
            return name, None
        return name, result.stdout + result.stderr

    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for name, output in pool.map(run, todo):
            done += 1
            options.progress(f"{label}: {done} of {len(todo)}")
            if output is not None:
                failures.append((name, output))
    return failures


def expect(complaints, condition, text):
    if not condition:
        complaints.append(text)


def fail(text):
    sys.exit(f"lint: {text}")
