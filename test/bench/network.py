"""The network that a bench runs in: the machine's own, or one made for it whose TCP is chosen."""
import ctypes
import errno
import os
import subprocess
from pathlib import Path

from programs import BenchError

CONGESTION = Path("/proc/sys/net/ipv4/tcp_congestion_control")
AVAILABLE = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
CLONE_NEWNET = 0x40000000


def congestion_control():
    return CONGESTION.read_text().strip()


def choose_congestion_control(name):
    """Moves this program, and what it starts, into a network namespace of its own whose TCP uses that algorithm: the
    machine's setting stays as it is."""
    known = AVAILABLE.read_text().split()
    allowed = ALLOWED.read_text().split()
    if name not in known:
        raise BenchError(f"this kernel has no congestion control '{name}'; it has: {', '.join(known)}")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise BenchError(f"a network namespace for --congestion takes root ({os.strerror(ctypes.get_errno())}): "
                         "run it with sudo, or without --congestion")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    try:
        CONGESTION.write_text(name)
    except OSError as error:
        if error.errno != errno.EPERM:
            raise
        raise BenchError(f"this kernel lets no namespace use '{name}' until it is allowed: "
                         f"sysctl -w net.ipv4.tcp_allowed_congestion_control='{' '.join([*allowed, name])}'") from None
