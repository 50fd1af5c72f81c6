"""Too few descriptors, too little memory, very many connections: no crash, no spinning, nobody else is harmed, and all is
well again by itself within 5 s (req 49, 50, 51)."""
import resource
import sys
import time
import unittest

from crowd import Crowd, raise_descriptor_limit
from harness import LONG, SLOW, Folder, Pintle, fetch, gateway, prefix, route, service, to, wait_until
from memory_group import MemoryGroup
from peers import Control, CountingBackend

GET = b"GET / HTTP/1.1\r\nHost: x.test\r\n\r\n"
MIB = 1 << 20


def tell(text):
    print(f"      {text}", file=sys.__stdout__, flush=True)


class Starvation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.most = raise_descriptor_limit()
        # Two: what a flood asks of its backend must not slow the control client's.
        cls.backend, cls.flooded = CountingBackend(), CountingBackend()
        cls.addClassCleanup(cls.backend.close)
        cls.addClassCleanup(cls.flooded.close)

    def serve(self, *arguments, under=()):
        folder = Folder()
        self.addCleanup(folder.close)
        folder.write("all", gateway(), service("b", [self.backend.port]), service("flooded", [self.flooded.port]),
                     route("r", [{"matches": [prefix("/big")], "backendRefs": [to("flooded")]}, {"backendRefs": [to("b")]}]))
        pintle = Pintle(folder, "--access-log", "off", "--threads", "1", *arguments, under=under)
        pintle.__enter__()
        self.addCleanup(pintle.__exit__, None, None, None)
        return pintle

    def crowd(self, *arguments, **more):
        crowd = Crowd(*arguments, **more)
        self.addCleanup(crowd.close)
        return crowd

    def expect_recovery(self, pintle):
        began = time.monotonic()
        wait_until(lambda: works(pintle), 5, "recovery")
        return time.monotonic() - began

    def test_descriptor_limit_of_256(self):
        """The limit is known at start: idle connections make room for whoever comes. While all are at work who comes is
        turned away, so the control client comes again, and is served."""
        pintle = self.serve(under=("prlimit", "--nofile=256:256"))
        with Control(pintle.port(), connections="patient") as control:
            wait_until(lambda: pintle.metric("pintle_route_requests_total") > 8, 5, "the control client")
            crowd = self.crowd(pintle.port(), 2000 if LONG else 600, GET)
            before, began = pintle.cpu_seconds(), time.monotonic()
            time.sleep(2)  # time is what is measured: nobody does anything but the control client
            spent = (pintle.cpu_seconds() - before) / (time.monotonic() - began)
        self.assertLess(spent, 0.2 * SLOW, "it must not spin")
        self.assertLess(pintle.descriptors(), 256)
        control.expect_unharmed(self, 50 / SLOW)
        crowd.close()
        took = self.expect_recovery(pintle)
        tell(f"{len(crowd.members)} connections at 256 descriptors: {100 * spent:.1f} % of a core, {control.result['asked']} "
             f"control requests, 0 failed, p99 {control.result['p99_ms']:.1f} ms, recovered in {took:.2f} s")

    def test_descriptors_taken_away(self):
        """The limit sinks below what is open: accepting fails for real, and must pause instead of spinning. Who comes now
        is turned away; who is there is served."""
        pintle = self.serve()
        with Control(pintle.port(), connections="kept") as control:
            wait_until(lambda: pintle.metric("pintle_route_requests_total") > 8, 5, "the control client")
            resource.prlimit(pintle.process.pid, resource.RLIMIT_NOFILE, (256, 256))
            crowd = self.crowd(pintle.port(), 1000 if LONG else 400)
            before, began = pintle.cpu_seconds(), time.monotonic()
            time.sleep(2)
            spent = (pintle.cpu_seconds() - before) / (time.monotonic() - began)
        self.assertLess(spent, 0.2 * SLOW, "it must not spin")
        control.expect_unharmed(self, 50 / SLOW)
        crowd.close()
        took = self.expect_recovery(pintle)
        tell(f"{len(crowd.members)} connections, limit lowered to 256: {100 * spent:.1f} % of a core, recovered in {took:.2f} s")

    def test_500_stalled_readers_in_128_mib(self):
        if SLOW > 1:
            self.skipTest("a sanitizer's own memory would not fit")
        group = MemoryGroup.make("pintle-test-128", 128 * MIB)
        if group is None:
            self.skipTest("no memory cgroup can be made here: not root, or a read-only hierarchy")
        self.addCleanup(group.close)
        pintle = self.serve("--max-connections", "4000", under=group.under())
        readers = self.crowd(pintle.port(), 500, b"GET /big/%d HTTP/1.1\r\nHost: x.test\r\n\r\n" % (100 * MIB), reads=False,
                             receive_buffer=4096)
        wait_until(lambda: pintle.descriptors() > 900, 20, "all readers to be served")
        with Control(pintle.port()) as control:
            time.sleep(3)
            rss = pintle.rss_kib()
        self.assertEqual(group.kills(), 0)
        control.expect_unharmed(self, 100 / SLOW)
        descriptors = pintle.descriptors()
        readers.close()
        wait_until(lambda: pintle.descriptors() < descriptors - 900, 5, "both sides of every reader to be closed")
        took = self.expect_recovery(pintle)
        self.assertEqual(group.kills(), 0)
        tell(f"500 stalled readers of 100 MiB in 128 MiB: RSS {rss / 1024:.1f} MiB, peak of the group {group.peak() / MIB:.1f} MiB, "
             f"control {control.result['asked']} requests, 0 failed, p99 {control.result['p99_ms']:.1f} ms, recovered in {took:.2f} s")

    def test_idle_connections_of_one_worker(self):
        count = min(17_000 if LONG else 2_000, self.most - 1_000)
        pintle = self.serve("--max-connections", str(count + 1_000))
        with Control(pintle.port()) as alone:
            time.sleep(2)
        before = pintle.rss_kib()
        crowd = self.crowd(pintle.port(), count, GET)
        wait_until(lambda: crowd.answers() == {"HTTP/1.1 200": count}, 30, "every one of them to be served once")
        with Control(pintle.port()) as control:
            time.sleep(4)
            each = (pintle.rss_kib() - before) / count
        self.assertFalse(any(m.ended for m in crowd.members.values()))
        control.expect_unharmed(self, 100 / SLOW)
        if SLOW == 1:  # a sanitizer's memory is its own
            self.assertLess(each, 12, "KiB a connection")
        tell(f"{count} idle connections on one worker: {each:.2f} KiB each; control p99 {control.result['p99_ms']:.1f} ms, "
             f"without them {alone.result['p99_ms']:.1f} ms")


def works(pintle):
    try:
        return fetch(pintle.port(), "x.test").status == 200
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
