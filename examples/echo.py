#!/usr/bin/env python3
"""Backends of the examples: echo.py NAMESPACE/SERVICE:PORT... Each is served on a free loopback port, and the line
`NAMESPACE/SERVICE:PORT=127.0.0.1:NUMBER`, which `pintle serve --backend` takes, is printed.

An answer tells in one line which Service it is and what reached it. /slow answers after a second.
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
        extra = sorted(f"{name.lower()}: {value}" for name, value in self.headers.items()
                       if name.lower().startswith("x-") and not name.lower().startswith("x-forwarded-"))
        words = [f"{self.server.name} got {self.command} {self.path}", f"host {self.headers['Host']}", *extra]
        body = (", ".join(words) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Powered-By", "echo")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, backend):
        super().__init__(("127.0.0.1", 0), Echo)
        self.name = backend.split("/")[1].split(":")[0]

    def handle_error(self, *_):
        pass  # a client that left: a timeout is what an example shows


for backend in sys.argv[1:]:
    server = Server(backend)
    print(f"{backend}=127.0.0.1:{server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever).start()
