"""Slowloris in its four modes: slow heads, slow bodies, ranges, slow readers. Each is closed within a second of its
timeout, and a client that means well notices nothing (req 41, 42, 43, 44; security of section 5).

Short: all modes at once. Long (`./dev floods`): each with 5,000 connections, the idle ones to their end."""
import time
import unittest

from crowd import Crowd, raise_descriptor_limit
from harness import LONG, SLOW, Folder, Pintle, gateway, prefix, route, service, to, wait_until
from peers import Control, CountingBackend

COUNT = 5000 if LONG else 150
RANGES = b"Range: bytes=" + b",".join(b"5-%d" % i for i in range(1300)) + b"\r\n"
# mode: (what is sent, what drips each second, whether answers are read, the timeout that ends it in s, the answer)
MODES = {
    "slow heads": (b"GET /flood HTTP/1.1\r\nHost: x.test\r\nX-Slow: ", b"a", True, 10, "HTTP/1.1 408"),
    "slow bodies": (b"POST /flood HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", True, 20, "HTTP/1.1 408"),
    "slow readers": (b"GET /flood/big/400000 HTTP/1.1\r\nHost: x.test\r\n\r\n", b"", False, 30, ""),
    "ranges": (b"GET /flood HTTP/1.1\r\nHost: x.test\r\n" + RANGES + b"\r\n", b"", True, 60, "HTTP/1.1 200")}


class SlowClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise_descriptor_limit()
        # Two: what a flood asks of its backend must not slow the control client's.
        cls.backend, cls.flooded = CountingBackend(), CountingBackend()
        cls.addClassCleanup(cls.backend.close)
        cls.addClassCleanup(cls.flooded.close)
        folder = Folder()
        cls.addClassCleanup(folder.close)
        folder.write("all", gateway(), service("b", [cls.backend.port]), service("flooded", [cls.flooded.port]),
                     route("r", [{"matches": [prefix("/flood")], "backendRefs": [to("flooded")]}, {"backendRefs": [to("b")]}]))
        cls.pintle = Pintle(folder, "--access-log", "off", "--threads", "1", "--max-connections", "8000")
        cls.pintle.__enter__()
        cls.addClassCleanup(cls.pintle.__exit__, None, None, None)

    def test_every_mode_ends_in_time_and_harms_nobody(self):
        for modes in [[m] for m in MODES] if LONG else [list(MODES)]:
            with self.subTest(modes=modes):
                self.attack(modes)

    def attack(self, modes):
        idle = self.pintle.descriptors()
        with Control(self.pintle.port()) as control:
            crowds = {}
            for mode in modes:
                first, drip, reads, _, _ = MODES[mode]
                crowds[mode] = Crowd(self.pintle.port(), COUNT, first, drip, reads, None if reads else 4096)
                self.addCleanup(crowds[mode].close)
            for mode in sorted(modes, key=lambda m: MODES[m][3]):
                if MODES[mode][3] < 60 or LONG:
                    self.expect_ended(mode, crowds[mode])
        control.expect_unharmed(self, 200)
        if LONG:
            print_figures(modes, crowds, control)
        for crowd in crowds.values():
            crowd.close()
        # What stays is pooled connections to the backend.
        wait_until(lambda: self.pintle.descriptors() < idle + 1100, 3, "the descriptors of the crowd to be given back")

    def expect_ended(self, mode, crowd):
        _, _, reads, limit, answer = MODES[mode]
        # The last one joined after the first; each one's own time counts.
        wait_until(crowd.left.is_set, 2 * limit + 20, f"the end of all {mode}")
        lifetimes = crowd.lifetimes()
        self.assertEqual(len(lifetimes), COUNT)
        self.assertGreater(lifetimes[0], limit - 1.5, mode)
        # A reader's time begins when it stalls, which is when its backend has come to fill what lies between. Thousands of
        # them exhaust the kernel's memory for TCP: when the first are cut it takes bytes for the others, once.
        again = limit + crowd.joining if LONG and not reads else 0
        self.assertLess(lifetimes[-1], limit + 1 + late() + again, mode)
        if reads:
            self.assertEqual(crowd.answers(), {answer: COUNT}, mode)


def late():
    """What a sanitizer, or the thread that looks at thousands of sockets, may come late by."""
    return (SLOW - 1) * 2 + (COUNT / 2500 if LONG else 0.5)


def print_figures(modes, crowds, control):
    import sys
    for mode in modes:
        lifetimes = crowds[mode].lifetimes()
        print(f"      {mode}: {len(lifetimes)} connections, lived {lifetimes[0]:.2f} to "
              f"{lifetimes[-1]:.2f} s, nine of ten below {lifetimes[len(lifetimes) * 9 // 10]:.2f} s, answers "
              f"{crowds[mode].answers()}; control {control.result['asked']} requests, {len(control.result['failed'])} failed, "
              f"p99 {control.result['p99_ms']:.1f} ms", file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    unittest.main()
