"""A memory cgroup of our own below the one we are in, version 1 or 2; None where the machine lets us make none."""
import contextlib
import os
import pathlib

MOUNT = pathlib.Path("/sys/fs/cgroup")


class MemoryGroup:
    def __init__(self, folder, version):
        self.folder, self.version = folder, version

    @staticmethod
    def make(name, limit):
        for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "memory":
                group = MemoryGroup(MOUNT / "memory" / path.strip("/") / name, 1)
            elif controllers == "" and (MOUNT / "cgroup.controllers").exists():
                group = MemoryGroup(MOUNT / path.strip("/") / name, 2)
            else:
                continue
            with contextlib.suppress(OSError):
                group.folder.mkdir()
                try:
                    (group.folder / ("memory.limit_in_bytes" if group.version == 1 else "memory.max")).write_text(str(limit))
                    return group
                except OSError:
                    group.folder.rmdir()
        return None

    def under(self):
        """The command that moves itself in and becomes what follows."""
        return ("sh", "-c", f'echo $$ > "{self.folder}/cgroup.procs" && exec "$@"', "sh")

    def kills(self):
        text = (self.folder / ("memory.oom_control" if self.version == 1 else "memory.events")).read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill "))

    def peak(self):
        """Bytes; of version 2 from Linux 5.19 on."""
        file = self.folder / ("memory.max_usage_in_bytes" if self.version == 1 else "memory.peak")
        return int(file.read_text()) if file.exists() else 0

    def close(self):
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)
