"""HTTP/2 by the library h2, which is not the one Pintle uses: a client, and a backend that knows prior knowledge alone."""
import contextlib
import select
import socket
import threading

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from harness import SLOW


class Answer:
    def __init__(self):
        self.headers, self.body, self.trailers = {}, b"", {}
        self.ended, self.reset = False, None

    @property
    def status(self):
        return int(self.headers.get(":status", 0))


class H2Client:
    """`with H2Client(port) as client: client.get("/")`. Windows are given back as bytes come, unless `hold` says not to."""

    def __init__(self, port, tls=None, server_name=None, hold=False):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(10 * SLOW)
        if tls:
            tls.set_alpn_protocols(["h2", "http/1.1"])
            self.sock = tls.wrap_socket(self.sock, server_hostname=server_name)
            assert self.sock.selected_alpn_protocol() == "h2", self.sock.selected_alpn_protocol()
        self.hold = hold
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.answers = {}
        self.goaway = None
        self.closed = False
        self.flush()

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def request(self, host, path="/", method="GET", headers=(), end=True, scheme="http"):
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        self.h2.send_headers(stream, [(":method", method), (":scheme", scheme), (":authority", host), (":path", path),
                                      *headers], end_stream=end)
        self.flush()
        return stream

    def send(self, stream, data, end=False):
        """As the windows allow."""
        while data or end:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(data))
            if data and room == 0:
                self.receive()
                continue
            self.h2.send_data(stream, data[:room], end_stream=end and room == len(data))
            data = data[room:]
            self.flush()
            if not data:
                return

    def receive(self):
        data = self.sock.recv(1 << 16)
        if not data:
            self.closed = True
            raise ConnectionError("closed")
        for event in self.h2.receive_data(data):
            stream = getattr(event, "stream_id", None)
            answer = self.answers.get(stream)
            if isinstance(event, h2.events.ResponseReceived):
                answer.headers = dict(event.headers)
            elif isinstance(event, h2.events.TrailersReceived):
                answer.trailers = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                answer.body += event.data
                if not self.hold and event.flow_controlled_length:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, stream)
            elif isinstance(event, h2.events.StreamEnded):
                answer.ended = True
            elif isinstance(event, h2.events.StreamReset):
                answer.reset = event.error_code
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.goaway = event.error_code
        self.flush()

    def until(self, stream, done=lambda answer: answer.ended or answer.reset is not None):
        while not done(self.answers[stream]):
            self.receive()
        return self.answers[stream]

    def get(self, host, path="/", **more):
        return self.until(self.request(host, path, **more))

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class H2Backend:
    """Echoes: status 200, what it saw as fields x-..., the body back as it comes, trailers x-sum and grpc-status. Closes a
    connection that does not begin with the preface. `extended`: offers extended CONNECT (RFC 8441). `tls`: a context to serve
    with; `protocols` then tells what ALPN chose on each connection. `silent`: it takes requests and never answers.
    `failures`: so many requests are answered 500 first."""

    def __init__(self, name="h2", extended=False, tls=None, silent=False, failures=0):
        self.name, self.extended, self.tls, self.silent, self.failures, self.protocols = name, extended, tls, silent, failures, []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.requests = []
        self.resets = []
        self.stopping = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.secure if self.tls else self.serve, args=(sock,), daemon=True).start()

    def secure(self, sock):
        with contextlib.suppress(OSError):
            secured = self.tls.wrap_socket(sock, server_side=True)
            self.protocols.append(secured.selected_alpn_protocol())
            self.serve(secured)

    def serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waits = getattr(sock, "pending", lambda: 0)  # decrypted and not read yet: no poll tells of it
        conn = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        if self.extended:
            conn.local_settings = h2.settings.Settings(
                client=False, initial_values={h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL: 1})
        conn.initiate_connection()
        pending = {}  # stream: bytes to echo
        ended = set()
        try:
            sock.sendall(conn.data_to_send())
            while not self.stopping:
                if not waits() and not select.select([sock], [], [], 0.2)[0]:
                    continue
                data = sock.recv(1 << 16)
                if not data:
                    return
                for event in conn.receive_data(data):
                    self.on_event(conn, event, pending, ended)
                for stream in list(pending):
                    self.echo(conn, stream, pending, ended)
                sock.sendall(conn.data_to_send())
        except (OSError, h2.exceptions.ProtocolError):
            pass
        finally:
            sock.close()

    def on_event(self, conn, event, pending, ended):
        if isinstance(event, h2.events.RequestReceived):
            request = dict(event.headers)
            self.requests.append(request)
            if self.silent:
                return
            status = "200" if len(self.requests) > self.failures else "500"
            conn.send_headers(event.stream_id, [(":status", status), ("x-backend", self.name), ("x-protocol", "HTTP/2"),
                                                ("content-type", request.get("content-type", "text/plain"))])
            pending[event.stream_id] = b""
        elif isinstance(event, h2.events.DataReceived):
            if not self.silent:
                pending[event.stream_id] += event.data
            if event.flow_controlled_length:
                conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            ended.add(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.resets.append(event.error_code)
            pending.pop(event.stream_id, None)

    def echo(self, conn, stream, pending, ended):
        while pending[stream]:
            room = min(conn.local_flow_control_window(stream), conn.max_outbound_frame_size, len(pending[stream]))
            if room == 0:
                return
            conn.send_data(stream, pending[stream][:room])
            pending[stream] = pending[stream][room:]
        if stream in ended:
            conn.send_headers(stream, [("grpc-status", "0"), ("x-sum", "1")], end_stream=True)
            pending.pop(stream)

    def close(self):
        self.stopping = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
