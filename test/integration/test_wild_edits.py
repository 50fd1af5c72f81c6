"""A folder that changes wildly: manifests are cut, doubled, garbled, moved and removed at random, while a route that
nobody touches must answer 200 all the time. PINTLE_WILD_SECONDS makes it longer, PINTLE_WILD_SEED repeats a run."""
import json
import os
import random
import subprocess
import threading
import time
import unittest

from harness import PINTLE, SLOW, Backend, Client, Folder, Pintle, fetch, gateway, prefix, route, service, to, wait_until

SECONDS = float(os.environ.get("PINTLE_WILD_SECONDS", "6"))
SEED = int(os.environ.get("PINTLE_WILD_SEED", "11"))

VALUES = [None, True, -1, 0, 65536, 10**30, "", "é\u202e", "x" * 70, "*", "*.test", "/", "//../%zz", "Same", "HTTP", [], {}, [[]], {"a": {}}]


def wild_objects(rng):
    name = rng.choice(["w0", "w1", "w2", "w3"])
    return rng.choice([
        lambda: [gateway(name, [{"name": "http", "protocol": rng.choice(["HTTP", "HTTPS", "TCP"]), "port": rng.choice([80, 443, 8080]),
                                 "hostname": rng.choice(["*.wild.test", "one.wild.test"])}])],
        lambda: [route(name, [{"matches": [prefix(rng.choice(["/", "/a", "/a/b"]))], "backendRefs": [to(rng.choice(["control", "w0", "none"]))]}],
                       [rng.choice(["control.test", "*.test", "one.wild.test"])], rng.choice(["control", "w0", "w1"]))],
        lambda: service(name, rng.sample(range(1, 60000), rng.randint(0, 3))),
        lambda: [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"a": "b"}}}],
    ])()


def mutate(rng, node):
    """Replaces, doubles or drops one node somewhere in the tree."""
    if isinstance(node, dict) and node and rng.random() < 0.8:
        key = rng.choice(sorted(node))
        if key not in ("name", "namespace") and rng.random() < 0.3:
            node[rng.choice([key, key + "x", "spec"])] = rng.choice(VALUES)
        elif rng.random() < 0.1:
            del node[key]
        else:
            mutate(rng, node[key])
    elif isinstance(node, list) and node:
        if rng.random() < 0.3:
            node.append(rng.choice(node))
        else:
            mutate(rng, rng.choice(node))


def garble(rng, text):
    """Bytes, not structure: what a crash of an editor or a bad merge leaves."""
    at = rng.randrange(len(text) + 1)
    return rng.choice([lambda: text[:at], lambda: text[:at] + rng.choice("{}[]:-&*!|>'\"\t\n%@`\0") + text[at:],
                       lambda: text + "\n---\n" + text, lambda: "<<<<<<<\n" + text, lambda: text.replace("\n", "\r\n"), lambda: ""])()


class WildEdits(unittest.TestCase):
    def edit(self, rng, folder):
        file = folder.path / rng.choice(["", "sub"]) / f"{rng.randrange(6)}.{rng.choice(['yaml', 'yml', 'json'])}"
        kind = rng.random()
        if kind < 0.15:
            file.unlink(missing_ok=True)
        elif kind < 0.2 and file.exists():
            file.rename(file.with_suffix(".old"))
        else:
            objects = wild_objects(rng)
            for _ in range(rng.choice([0, 0, 1, 3])):
                mutate(rng, objects)
            text = "\n---\n".join(json.dumps(o) for o in objects)
            if rng.random() < 0.4:
                text = garble(rng, text)
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)  # in place: half a file may be read

    def ask_all_the_time(self, pintle, stop, answers):
        while not stop.is_set():
            try:
                with Client(pintle.port()) as client:
                    for _ in range(20):
                        answers.append(client.get("control.test", "/control").status)
                        time.sleep(0.002)
            except OSError as error:
                answers.append(repr(error))

    def test_a_route_nobody_touches_answers_all_the_time(self):
        rng = random.Random(SEED)
        with Backend("control") as backend, Scratch() as folder:
            # Nothing here has a creationTimestamp: of two that claim one thing, the first by name keeps it.
            folder.write("0-control", gateway("control"), service("control", [backend.port]),
                         route("control", [{"matches": [prefix("/control")], "backendRefs": [to("control")]}], ["control.test"], "control"))
            with Pintle(folder) as pintle:
                stop, answers = threading.Event(), []
                asker = threading.Thread(target=self.ask_all_the_time, args=(pintle, stop, answers))
                asker.start()
                edits, end = 0, time.monotonic() + SECONDS
                while time.monotonic() < end:
                    self.edit(rng, folder)
                    edits += 1
                    time.sleep(rng.choice([0, 0.001, 0.01]))
                stop.set()
                asker.join()
                self.assertEqual({a for a in answers if a != 200}, set(), f"seed {SEED}, {edits} edits")
                self.assertGreater(len(answers), 100 / SLOW)
                self.assertGreater(pintle.generation(), 3)

                # When the storm is over, what the folder says then is served, and told as a fresh look would tell it.
                for file in folder.path.rglob("*.*"):
                    if file.name != "0-control.yaml":
                        file.unlink()
                folder.write("late", route("late", [{"backendRefs": [to("control")]}], ["late.test"], "control"))
                wait_until(lambda: fetch(pintle.port(), "late.test").status == 200, 10, "the last edit to be served")
                wait_until(lambda: json.loads(pintle.admin("/findings")[1])["findings"] == [], 10, "the findings to be gone")
                self.assertEqual(self.conditions(pintle, []), self.conditions(pintle, ["--config", str(folder.path)]))

    def conditions(self, pintle, where):
        command = [PINTLE, "status", "-o", "json", *(where or ["--admin", f"127.0.0.1:{pintle.admin_port}"])]
        if where:
            command += ["--port-offset", str(pintle.offset)]
        made = subprocess.run(command, capture_output=True, text=True, timeout=30 * SLOW, check=True)
        return without_times(json.loads(made.stdout))


class Scratch(Folder):
    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def without_times(node):
    """Counts of edits and moments are those of a run."""
    if isinstance(node, dict):
        return {k: without_times(v) for k, v in node.items() if k not in ("lastTransitionTime", "observedGeneration")}
    return [without_times(one) for one in node] if isinstance(node, list) else node


if __name__ == "__main__":
    unittest.main()
