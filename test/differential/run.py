#!/usr/bin/env python3
"""What goes upstream is exactly one request for each request understood, to parsers that are not ours (req 17).

Mutated streams go through the built gateway; a backend keeps every byte it gets; h11, http_parser and llhttp read those
bytes again. A disagreement is any difference in the number of requests, in a method, a target or the length of a body,
and any refusal of what the gateway sent (but for the two of `known_refusal`, which are counted apart).

    ./dev differential [COUNT]      streams, 20,000 unless told; --seed S repeats a run, --only N one stream of it
"""
import argparse
import collections
import json
import multiprocessing
import os
import pathlib
import re
import selectors
import socket
import struct
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("PINTLE", str(ROOT / "build/release/pintle"))

from mutations import make_stream, read_seeds  # noqa: E402  (it also opens the folder of the harness)
from harness import Folder, Pintle, gateway, route, service, to  # noqa: E402
from parsers import H11, HttpParser, Llhttp  # noqa: E402
from recorder import Recorder  # noqa: E402

BATCH = 400          # streams between two visits of the parsers
IN_FLIGHT = 16       # streams at a time
LONGEST_WAIT = 30.0  # s for the end of one stream
RESET = struct.pack("ii", 1, 0)
# Refusals that say nothing about the gateway. Methods are an open set to it and to h11; http_parser and llhttp know a
# list. And http_parser takes a name that only begins with Transfer-Encoding for it, which it then finds invalid.
UNKNOWN_METHOD = ("invalid http method", "invalid method encountered", "expected", "hpe_invalid_method")
LONGER_NAME = re.compile(rb"^transfer-encoding[^:\r\n]+:", re.IGNORECASE | re.MULTILINE)


class Exchange:
    """One stream on a connection of its own: all its bytes, the end of ours, then what comes back until the gateway's end.
    It leaves with RST, so that no state of it stays in the kernel."""

    def __init__(self, port, number, stream):
        self.number, self.unsent, self.answers = number, stream, b""
        self.deadline = time.monotonic() + LONGEST_WAIT
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setblocking(False)

    def advance(self):
        """True when it is over."""
        try:
            if self.unsent is not None:
                self.unsent = self.unsent[self.sock.send(self.unsent):] if self.unsent else self.unsent
                if not self.unsent:
                    self.unsent = None
                    self.sock.shutdown(socket.SHUT_WR)
            while data := self.sock.recv(65536):
                self.answers += data
            return True
        except BlockingIOError:
            return False
        except (ConnectionError, OSError):  # refused by its first bytes, and gone before the last
            return True


def send_all(port, numbered_streams):
    """[(number, answers)] with IN_FLIGHT connections at a time."""
    waiting, done = iter(numbered_streams), []
    with selectors.DefaultSelector() as selector:
        def begin():
            for number, stream in waiting:
                exchange = Exchange(port, number, stream)
                selector.register(exchange.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, exchange)
                return

        for _ in range(IN_FLIGHT):
            begin()
        while selector.get_map():
            for key, _ in selector.select(1.0):
                exchange = key.data
                if not exchange.advance():
                    if time.monotonic() > exchange.deadline:
                        raise TimeoutError(f"stream {exchange.number} has no end after {LONGEST_WAIT:.0f} s")
                    if exchange.unsent is None:
                        selector.modify(exchange.sock, selectors.EVENT_READ, exchange)
                    continue
                selector.unregister(exchange.sock)
                exchange.sock.close()
                done.append((exchange.number, exchange.answers))
                begin()
    return done


class Comparison:
    """Gives what the recorder has to the parsers, and keeps what they do not agree on."""

    def __init__(self):
        self.parsers = [H11(), HttpParser(), Llhttp()]
        self.tally = collections.Counter()
        self.disagreements = []

    def count(self, answers, answered):
        """As many answers of the backend came down as it gave."""
        self.tally["streams"] += len(answers)
        self.tally["streams with a refusal"] += sum(b"Connection: close\r\n" in a and b"HTTP/1.1 4" in a for _, a in answers)
        came = sum(a.count(b"X-Answer: recorder") for _, a in answers)
        if came != answered:
            self.disagreements.append({"first stream": answers[0][0], "answers given": answered, "answers come": came})

    def compare(self, taken):
        """`taken`: (number of the batch's first stream, (bytes, requests, whole))."""
        if not taken:
            return
        readings = [parser.read_all([piece for _, (piece, _, _) in taken]) for parser in self.parsers]
        for at, (number, (piece, requests, whole)) in enumerate(taken):
            self.tally["requests upstream"] += len(requests)
            self.tally["aborted upstream"] += not whole
            for parser, reading in zip(self.parsers, (r[at] for r in readings)):
                self.judge(parser, reading, piece, requests, whole, number)

    def judge(self, parser, reading, piece, requests, whole, number):
        if reading.requests == requests and reading.rest == ("none" if whole else "part"):
            return
        known = None if isinstance(parser, H11) else known_refusal(reading, requests, piece)
        if known:
            self.tally[f"{known}, {parser.name}"] += 1
            return
        self.disagreements.append({"parser": parser.name, "read": reading.requests, "rest": reading.rest, "sent": requests,
                                   "whole": whole, "bytes": piece.decode("latin-1"), "first stream": number})


def known_refusal(reading, requests, piece):
    """A word for a refusal that is the parser's own affair; None for one that counts. It read all before it right."""
    read, why = len(reading.requests), reading.rest.lower()
    if reading.requests != requests[:read] or read > len(requests):
        return None
    if any(word in why for word in UNKNOWN_METHOD):
        return "method unknown"
    if why == "request has invalid transfer-encoding" and LONGER_NAME.search(piece):
        return "name that begins with Transfer-Encoding"
    return None


def serve(recorder):
    folder = Folder()
    folder.write("all", gateway(), service("b", [recorder.port]), route("r", [{"backendRefs": [to("b")]}]))
    return Pintle(folder, "--threads", "1", "--access-log", "off", "--log-level", "error")


def work(seed, numbers, results):
    recorder, comparison = Recorder(), Comparison()
    seeds = read_seeds()
    with serve(recorder) as pintle:
        port = pintle.port()
        for first in range(0, len(numbers), BATCH):
            batch, before = numbers[first:first + BATCH], recorder.answered
            answers = send_all(port, ((number, make_stream(seeds, seed, number)) for number in batch))
            comparison.count(answers, recorder.answered - before)
            comparison.compare([(batch[0], piece) for piece in recorder.take()])
            results.put(("done", len(batch)))
        pintle.folder.close()
    time.sleep(0.1)  # the last connections end with the gateway
    comparison.compare([(numbers[-1], piece) for piece in recorder.take()])
    recorder.close()
    comparison.parsers[-1].close()
    results.put(("end", comparison.tally, comparison.disagreements, [p.name for p in comparison.parsers]))


def run(count, seed, jobs):
    results = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=work, args=(seed, list(range(count))[job::jobs], results), daemon=True)
               for job in range(jobs)]
    for worker in workers:
        worker.start()
    tally, disagreements, names, ended, done, shown = collections.Counter(), [], [], 0, 0, time.monotonic()
    while ended < jobs:
        word, *rest = results.get(timeout=300)
        if word == "done":
            done += rest[0]
        else:
            ended += 1
            tally.update(rest[0])
            disagreements += rest[1]
            names = rest[2]
        if time.monotonic() - shown > 20:
            shown = time.monotonic()
            print(f"      {done} of {count} streams", flush=True)
    return tally, disagreements, names


def main():
    arguments = argparse.ArgumentParser(prog="./dev differential", description=__doc__,
                                        formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("count", nargs="?", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=17)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--only", type=int, metavar="N", help="print stream N of the seed and stop")
    options = arguments.parse_args()
    if options.only is not None:
        print(make_stream(read_seeds(), options.seed, options.only))
        return 0
    began = time.monotonic()
    tally, disagreements, names = run(options.count, options.seed, options.jobs)
    for one in disagreements[:10]:
        print(json.dumps(one))
    for what, number in sorted(tally.items()):
        print(f"{number:10d}  {what}")
    print(f"{tally['streams']} streams, {tally['requests upstream']} requests upstream, {len(disagreements)} disagreements, "
          f"{time.monotonic() - began:.0f} s; read by {', '.join(names)}")
    return 1 if disagreements or not tally["requests upstream"] else 0


if __name__ == "__main__":
    sys.exit(main())
