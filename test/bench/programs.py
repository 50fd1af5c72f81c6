"""Starting, watching and ending the programs of a bench: by id, on ports of their own, bounded in time."""
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
CONTENDER_CORE, LOAD_CORE = CORES[0], CORES[-1]
START_LIMIT = 120.0


class BenchError(Exception):
    """Says what to do; ends the bench, because no figure is better than a wrong one."""


def refuse_busy(port, owner):
    """A stale listener with SO_REUSEPORT would silently take a share of the load."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BenchError(f"port {port}, which is for {owner}, is not free ({error.strerror}): "
                             f"see who has it with `ss -ltnp 'sport = :{port}'`") from None


def end_as_interrupted():
    """TERM ends the bench as Ctrl-C does, so that nothing it started outlives it."""
    def interrupt(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupt)


def is_listening(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Program:
    """A running program with its children. Its output goes to a log file in the bench's own folder."""

    def __init__(self, name, command, folder, core, environment=None):
        self.name = name
        self.log = Path(folder) / f"{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})

    def wait_for(self, is_ready, what):
        deadline = time.monotonic() + START_LIMIT
        while not is_ready():
            if self.process.poll() is not None:
                raise BenchError(f"{self.name} ended (exit {self.process.returncode}): {self.tail()}")
            if time.monotonic() > deadline:
                raise BenchError(f"{self.name}: {what} did not come within {START_LIMIT:.0f} s: {self.tail()}")
            time.sleep(0.01)

    def tail(self):
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-4:])

    def pids(self):
        """The program and what it forked: nginx works in a child."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*"):
                found += [int(child) for child in (task / "children").read_text().split()]
        return found

    def cpu_ns(self):
        """Time on a CPU of every thread: worker and control alike, so nothing a product does is left out."""
        total = 0
        for pid in self.pids():
            for stat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                total += int(stat.read_text().split()[0])
        return total

    def rss_kib(self):
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
        return total

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)


def run_on_load_core(command, limit):
    """The output of a load generator. A failure of it ends the bench."""
    try:
        done = subprocess.run(["taskset", "-c", str(LOAD_CORE), *map(str, command)], capture_output=True, text=True,
                              timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{command[0]} did not end within {limit:.0f} s") from None
    if done.returncode != 0:
        raise BenchError(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout
