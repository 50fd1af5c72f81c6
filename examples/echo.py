#!/usr/bin/env python3
"""Backends of the examples: echo.py ADDRESS NAMESPACE/SERVICE:PORT... Each is served on a free port of the address, and the
line `NAMESPACE/SERVICE:PORT=ADDRESS:NUMBER`, which `pintle serve --backend` takes, is printed.

An answer tells in one line which Service it is and what reached it. /slow answers after a second, /flaky with 503 every
other time, /down always with 503, and /tries tells how often /down was asked for. /seen, once there is one, tells the last
request that was none of these. /auth/... says yes to a bearer, who is named in X-User, and to nobody else.
"""
import http.server
import sys
import threading
import time


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave in one piece
    disable_nagle_algorithm = True

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/slow"):
            time.sleep(1)
        if self.path.startswith("/seen"):
            return self.say(200, f"{self.server.name} has seen {self.server.seen.wait_for_one()}\n")
        if self.path.startswith("/flaky") and self.server.fails():
            return self.say(503, f"{self.server.name} is not well\n")
        if self.path.startswith("/down"):
            self.server.tries += 1  # one connection at a time asks for it
            return self.say(503, f"{self.server.name} is down\n")
        if self.path.startswith("/tries"):
            return self.say(200, f"{self.server.tries}\n")
        if self.path.startswith("/auth/"):
            bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
            return self.say(200, "", X_User=bearer) if bearer else self.say(401, "who are you?\n", WWW_Authenticate="Bearer")
        self.server.seen.add(f"{self.command} {self.path}")
        extra = sorted(f"{name.lower()}: {value}" for name, value in self.headers.items()
                       if name.lower().startswith("x-") and not name.lower().startswith("x-forwarded-"))
        words = [f"{self.server.name} got {self.command} {self.path}", f"host {self.headers['Host']}", *extra]
        self.say(200, ", ".join(words) + "\n")

    def say(self, status, text, **fields):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Powered-By", "echo")
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Seen:
    def __init__(self):
        self.last, self.changed = None, threading.Condition()

    def add(self, line):
        with self.changed:
            self.last = line
            self.changed.notify_all()

    def wait_for_one(self):
        with self.changed:
            self.changed.wait_for(lambda: self.last, 10)
            return self.last


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, backend):
        super().__init__((address, 0), Echo)
        self.name = backend.split("/")[1].split(":")[0]
        self.seen = Seen()
        self.turn = self.tries = 0

    def fails(self):
        self.turn += 1
        return self.turn % 2 == 1

    def handle_error(self, *_):
        pass  # a client that left: a timeout is what an example shows


for backend in sys.argv[2:]:
    server = Server(sys.argv[1], backend)
    print(f"{backend}={sys.argv[1]}:{server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever).start()
