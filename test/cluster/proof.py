"""Steps against a running cluster, one after the other, each told as it ends; closes with `N passed, N failed`."""
import time


class Proof:
    def __init__(self, cluster):
        self.cluster, self.passed, self.failed = cluster, 0, 0

    def kubectl(self, *arguments, text=None, fails=True):
        done = self.cluster.call("kubectl", *arguments, input=text, capture_output=True, text=True)
        if done.returncode and fails:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def check(self, what, test):
        began = time.monotonic()
        try:
            told = test()
            self.passed += 1
            print(f"ok    {what}  {time.monotonic() - began:.1f} s{f': {told}' if told else ''}", flush=True)
        except AssertionError as error:
            self.failed += 1
            print(f"FAIL  {what}\n      | {error}", flush=True)

    def check_all(self, tests):
        for test in tests:
            self.check(test.__name__.replace("_", " "), test)

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def until(holds, what, seconds=30, pause=0.05):
    """What `holds` gives once it gives something; an AssertionError that says `what` after so long."""
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s: {what() if callable(what) else what}"
        time.sleep(pause)
