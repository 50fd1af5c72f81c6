"""Three parsers that are not ours. Each reads the bytes of a connection and says which requests are in them:

    read(bytes) -> Reading(requests=[(method, target, length of the body)], rest="none" | "part" | why it was refused)
"""
import collections
import json
import pathlib
import struct
import subprocess

import h11
import httptools

Reading = collections.namedtuple("Reading", "requests rest")
HEAD_LIMIT = 128 * 1024  # above what the gateway lets through


class H11:
    name = f"h11 {h11.__version__}"

    def read_all(self, pieces):
        return [self.read(piece) for piece in pieces]

    def read(self, data):
        requests = []
        while data:
            connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
            connection.receive_data(data)
            head, length = None, 0
            try:
                while not isinstance(event := connection.next_event(), h11.EndOfMessage):
                    if event in (h11.NEED_DATA, h11.PAUSED):
                        return Reading(requests, "part")
                    if isinstance(event, h11.Request):
                        head = event
                    elif isinstance(event, h11.Data):
                        length += len(event.data)
            except h11.RemoteProtocolError as error:
                return Reading(requests, str(error))
            requests.append((head.method.decode("latin-1"), head.target.decode("latin-1"), length))
            data = connection.trailing_data[0]
        return Reading(requests, "none")


class HttpParser:
    """The parser Node had before llhttp, by way of httptools."""
    name = f"http_parser (httptools {httptools.__version__})"

    def read_all(self, pieces):
        return [self.read(piece) for piece in pieces]

    def read(self, data):
        requests = []
        while data:
            found = Messages()
            parser = httptools.HttpRequestParser(found)
            found.parser = parser
            try:
                parser.feed_data(data)
                data = b""
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0]:]
            except httptools.HttpParserError as error:
                return Reading(requests + found.requests, str(error))
            requests += found.requests
            if found.begun:
                return Reading(requests, "part")
        return Reading(requests, "none")


class Messages:
    """Receives the events of httptools."""

    def __init__(self):
        self.parser, self.requests, self.begun, self.target, self.length = None, [], False, b"", 0

    def on_message_begin(self):
        self.begun, self.target, self.length = True, b"", 0

    def on_url(self, url):
        self.target += url

    def on_body(self, body):
        self.length += len(body)

    def on_message_complete(self):
        self.begun = False
        self.requests.append((self.parser.get_method().decode("latin-1"), self.target.decode("latin-1"), self.length))


class Llhttp:
    """Node's parser; the program beside this file reads batches from its standard input."""

    def __init__(self):
        self.node = subprocess.Popen(["node", "--no-deprecation", str(pathlib.Path(__file__).with_name("llhttp.js"))],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.name = json.loads(self.node.stdout.readline())

    def read_all(self, pieces):
        body = b"".join(struct.pack("<I", len(p)) + p for p in pieces)
        self.node.stdin.write(struct.pack("<I", len(body)) + body)
        self.node.stdin.flush()
        return [Reading([tuple(r) for r in requests], rest) for requests, rest in json.loads(self.node.stdout.readline())]

    def close(self):
        self.node.stdin.close()
        self.node.wait(10)
