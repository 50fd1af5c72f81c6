"""TCPRoute, TLSRoute and UDPRoute over real sockets: weights, half-closes, server names, flows."""
import contextlib
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from harness import (PINTLE, SLOW, Backend, Client, Folder, Pintle, certificate, free_port, gateway, prefix, route, secret, service,
                     to, wait_until)

GROUP = "gateway.networking.k8s.io"


def l4_service(name, *numbers, protocol="TCP"):
    port = {"name": "l4", "port": 9000, "targetPort": 9000, "protocol": protocol}
    docs = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"},
             "spec": {"ports": [port]}}]
    for number in numbers:
        docs.append({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                     "metadata": {"name": f"{name}-{number}", "namespace": "default",
                                  "labels": {"kubernetes.io/service-name": name}},
                     "addressType": "IPv4",
                     "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
                     "ports": [{"name": "l4", "port": number, "protocol": protocol}]})
    return docs


def l4_route(kind, name, *backends, hostnames=None, created=None, **parent):
    """`backends`: names, or (name, weight)."""
    refs = [{"name": b, "port": 9000} if isinstance(b, str) else {"name": b[0], "port": 9000, "weight": b[1]}
            for b in backends]
    spec = {"parentRefs": [{"name": "gw", **parent}], "rules": [{"backendRefs": refs}]}
    if hostnames:
        spec["hostnames"] = hostnames
    metadata = {"name": name, "namespace": "default"}
    if created:
        metadata["creationTimestamp"] = created
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, "spec": spec}


def tls_policy(name, **validation):
    return {"apiVersion": f"{GROUP}/v1", "kind": "BackendTLSPolicy", "metadata": {"name": name, "namespace": "default"},
            "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": name}],
                     "validation": {"hostname": "x.test", **(validation or {"wellKnownCACertificates": "System"})}}}


class Server:
    """A TCP server: each connection in a thread of its own runs `serve(self, connection)`."""

    def __init__(self, serve, context=None):
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.sock.getsockname()[1]
        self.serve, self.context, self.accepted = serve, context, 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.sock.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        with contextlib.suppress(OSError), connection:
            if self.context:
                with self.context.wrap_socket(connection, server_side=True) as tls:
                    self.serve(tls)
            else:
                self.serve(connection)

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def name_first(name):
    """Says its name, then echoes to the end, then says that it ended."""
    def serve(connection):
        connection.sendall(name.encode() + b"\n")
        while data := connection.recv(1 << 16):
            connection.sendall(data)
        connection.sendall(b"bye")
    return serve


def read_to_end(connection):
    data = b""
    while piece := connection.recv(1 << 16):
        data += piece
    return data


def read_line(connection):
    data = b""
    while not data.endswith(b"\n"):
        piece = connection.recv(1)
        if not piece:
            break
        data += piece
    return data.decode().strip()


def dial_once_open(port):
    """For a listener that a test has just added: the generation that edit() saw may be that of an earlier change."""
    def attempt():
        with contextlib.suppress(ConnectionRefusedError):
            return dial(port)
    return wait_until(attempt, what=f"port {port} to be open")


def dial(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10 * SLOW)
    return connection


def is_closed(port, first=b""):
    """The connection is taken and ends, by FIN or RST, without a byte."""
    with dial(port) as connection:
        try:
            if first:
                connection.sendall(first)
            return connection.recv(1) == b""
        except ConnectionResetError:
            return True


class World(unittest.TestCase):
    PORTS = (80, 443)
    ARGUMENTS = ()

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.folder = Folder()
        cls.stack.callback(cls.folder.close)
        cls.write()
        cls.pintle = cls.stack.enter_context(Pintle(cls.folder, *cls.ARGUMENTS, ports=cls.PORTS))

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    @classmethod
    def server(cls, serve, context=None):
        server = Server(serve, context)
        cls.stack.callback(server.close)
        return server


class Tcp(World):
    PORTS = (9000, 9001, 9002, 9003, 9004, 9005, 9006)

    @classmethod
    def write(cls):
        cls.one, cls.two = cls.server(name_first("one")), cls.server(name_first("two"))
        listeners = [{"name": f"p{port}", "protocol": "TCP", "port": port} for port in cls.PORTS]
        cls.folder.write("gateway", gateway(listeners=listeners))
        cls.folder.write("services", l4_service("one", cls.one.port), l4_service("two", cls.two.port),
                         l4_service("down", free_port(), cls.one.port), l4_service("empty"))
        cls.folder.write("routes",
                         l4_route("TCPRoute", "one", "one", sectionName="p9000"),
                         l4_route("TCPRoute", "both", ("one", 70), ("two", 30), ("missing", 0), sectionName="p9001"),
                         l4_route("TCPRoute", "broken", ("one", 50), ("missing", 50), port=9002),
                         l4_route("TCPRoute", "young", "one", sectionName="p9003", created="2026-02-01T00:00:00Z"),
                         l4_route("TCPRoute", "z-old", "two", sectionName="p9003", created="2026-01-01T00:00:00Z"),
                         l4_route("TCPRoute", "down", "down", sectionName="p9004"),
                         l4_route("TCPRoute", "zero", ("one", 0), ("two", 0), sectionName="p9005"),
                         l4_route("TCPRoute", "empty", "empty", sectionName="p9006"))

    def ask(self, port):
        with dial(self.pintle.port(port)) as connection:
            return read_line(connection)

    def test_bytes_and_half_closes_pass_both_ways(self):
        payload = bytes(range(256)) * 4096
        with dial(self.pintle.port(9000)) as connection:
            self.assertEqual(read_line(connection), "one")
            sender = threading.Thread(target=lambda: (connection.sendall(payload), connection.shutdown(socket.SHUT_WR)))
            sender.start()
            data = read_to_end(connection)
            sender.join()
        self.assertEqual(data, payload + b"bye")

    def test_an_end_of_the_backend_leaves_the_other_way_open(self):
        got = []
        def serve(connection):
            connection.sendall(b"first\n")
            connection.shutdown(socket.SHUT_WR)
            got.append(read_to_end(connection))
        server = self.server(serve)
        self.pintle.edit(lambda: self.folder.write("services-half", l4_service("half", server.port)))
        self.pintle.edit(lambda: self.folder.write(
            "gateway-half", gateway("half", [{"name": "tcp", "protocol": "TCP", "port": 9010}])))
        self.pintle.edit(lambda: self.folder.write("route-half", {
            **l4_route("TCPRoute", "half", "half"),
            "spec": {"parentRefs": [{"name": "half"}], "rules": [{"backendRefs": [{"name": "half", "port": 9000}]}]}}))
        with dial(self.pintle.port(9010)) as connection:
            self.assertEqual(read_to_end(connection), b"first\n")
            connection.sendall(b"after the end")
            connection.shutdown(socket.SHUT_WR)
            wait_until(lambda: got, what="what was sent after the backend's end")
        self.assertEqual(got, [b"after the end"])

    def test_weights_hold_for_each_connection(self):
        names = [self.ask(9001) for _ in range(400)]
        self.assertEqual(set(names), {"one", "two"})
        self.assertAlmostEqual(names.count("one") / len(names), 0.7, delta=0.1)

    def test_a_broken_share_is_closed(self):
        answers = [self.ask(9002) for _ in range(200)]
        self.assertEqual(set(answers), {"one", ""})
        self.assertAlmostEqual(answers.count("") / len(answers), 0.5, delta=0.15)

    def test_a_share_of_nothing_is_closed(self):
        """Weights that add up to 0, and a Service without an endpoint."""
        before = self.one.accepted, self.two.accepted
        for port in (9005, 9006):
            self.assertTrue(is_closed(self.pintle.port(port)), port)
        self.assertEqual((self.one.accepted, self.two.accepted), before)

    def test_the_oldest_route_takes_all(self):
        self.assertEqual({self.ask(9003) for _ in range(20)}, {"two"})

    def test_an_endpoint_that_refuses_is_passed_over(self):
        self.assertEqual({self.ask(9004) for _ in range(20)}, {"one"})

    def test_a_reset_passes_on(self):
        ends = []
        def serve(connection):
            try:
                connection.sendall(b"x\n")
                while connection.recv(1024):
                    pass
                ends.append("end")
            except ConnectionResetError:
                ends.append("reset")
        server = self.server(serve)
        self.pintle.edit(lambda: self.folder.write("reset", l4_service("reset", server.port),
                                                   gateway("reset", [{"name": "tcp", "protocol": "TCP", "port": 9011}])))
        self.pintle.edit(lambda: self.folder.write("reset-route", {
            **l4_route("TCPRoute", "reset", "reset"),
            "spec": {"parentRefs": [{"name": "reset"}], "rules": [{"backendRefs": [{"name": "reset", "port": 9000}]}]}}))
        connection = dial_once_open(self.pintle.port(9011))
        self.assertEqual(read_line(connection), "x")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        wait_until(lambda: ends, what="the reset at the backend")
        self.assertEqual(ends, ["reset"])

    def test_a_connection_outlives_other_tables(self):
        with dial(self.pintle.port(9000)) as connection:
            self.assertEqual(read_line(connection), "one")
            self.pintle.edit(lambda: self.folder.write("more", l4_service("more", self.two.port)))
            connection.sendall(b"still here\n")
            self.assertEqual(read_line(connection), "still here")

    def test_log_and_metrics_tell_of_the_connection(self):
        before = self.pintle.metric("pintle_l4_connections_total", route="default/one", reason="upstream")
        with dial(self.pintle.port(9000)) as connection:
            read_line(connection)
            connection.sendall(b"12345")
            connection.shutdown(socket.SHUT_WR)
            read_to_end(connection)
        wait_until(lambda: self.pintle.metric("pintle_l4_connections_total", route="default/one", reason="upstream") ==
                   before + 1, what="the metric")
        line = wait_until(lambda: [l for l in self.pintle.access_log() if l.get("bytes_received") == 5], what="the line")[0]
        self.assertEqual((line["network.transport"], line["route"], line["backend"], line["reason"]),
                         ("tcp", "default/one", "default/one:9000", "upstream"))
        self.assertEqual(line["bytes_sent"], len(b"one\n12345bye"))


    def test_explain_tells_of_connections(self):
        text = explain(self, "tcp://127.0.0.1:9003")
        self.assertIn("of the backend default/two:9000", text)
        self.assertIn("an older route has it", text)
        self.assertIn("a part of the requests gets no answer, ref_invalid", explain(self, "tcp://127.0.0.1:9002"))
        self.assertIn("ask with tcp://", explain(self, "http://127.0.0.1:9000/", code=4))


def explain(test, url, code=0):
    done = subprocess.run([PINTLE, "explain", "--config", str(test.folder.path), url], capture_output=True, text=True)
    test.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
    return done.stdout


class SlowReader(World):
    PORTS = (9000,)

    @classmethod
    def write(cls):
        cls.sent = 0
        def serve(connection):
            connection.settimeout(2)
            try:
                while cls.sent < 1 << 28:
                    cls.sent += connection.send(bytes(1 << 16))
            except TimeoutError:
                pass
        server = cls.server(serve)
        cls.folder.write("all", gateway(listeners=[{"name": "tcp", "protocol": "TCP", "port": 9000}]),
                         l4_service("flood", server.port), l4_route("TCPRoute", "flood", "flood"))

    def test_what_a_client_does_not_read_is_bounded(self):
        before = self.pintle.rss_kib()
        with dial(self.pintle.port(9000)) as connection:
            connection.recv(1)
            last = -1
            while last != self.sent:
                last = self.sent
                time.sleep(0.3)
            self.assertLess(self.sent, 1 << 27, "the backend was read on")
            self.assertLess(self.pintle.rss_kib() - before, 4096)


def hello(name, context=None):
    """The ClientHello of a real client."""
    context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def in_records(first, size):
    """The same message in records of `size` bytes."""
    body = first[5:]
    return b"".join(b"\x16\x03\x01" + struct.pack(">H", len(body[i:i + size])) + body[i:i + size]
                    for i in range(0, len(body), size))


class Tls(World):
    PORTS = (443, 8443)

    @classmethod
    def write(cls):
        scratch = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.own = certificate(scratch, "passes", ["*.passes.test"])
        cls.ends = certificate(scratch, "ends", ["ends.test"])
        cls.web = certificate(scratch, "web", ["web.test"])
        server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("w", dir=scratch, delete=False) as pem:
            pem.write(cls.own[0] + cls.own[1])
        server_context.load_cert_chain(pem.name)
        server_context.set_alpn_protocols(["http/1.1"])
        names, cls.seen = threading.local(), []
        server_context.sni_callback = lambda connection, name, context: setattr(names, "last", name)

        def tell(connection):
            cls.seen.append((names.last, connection.selected_alpn_protocol()))
            name_first("told")(connection)
        cls.told = cls.server(tell, server_context)
        cls.secure = cls.server(name_first("secure"), server_context)
        cls.secure_too = cls.server(name_first("too"), server_context)
        cls.plain = cls.server(name_first("plain"))
        cls.wanted_bytes = []
        cls.wanted = cls.server(lambda connection: cls.wanted_bytes.append(connection.recv(1000)))
        cls.backend = Backend("web")
        cls.stack.callback(cls.backend.close)
        ends_here = lambda name: {"mode": "Terminate", "certificateRefs": [{"name": name}]}
        cls.folder.write("all",
            secret("ends", *cls.ends), secret("web", *cls.web),
            gateway(listeners=[
                {"name": "web", "protocol": "HTTPS", "port": 443, "hostname": "web.test", "tls": ends_here("web")},
                {"name": "ends", "protocol": "TLS", "port": 443, "hostname": "ends.test", "tls": ends_here("ends")},
                {"name": "wanted", "protocol": "TLS", "port": 443, "hostname": "wanted.ends.test", "tls": ends_here("ends")},
                {"name": "again", "protocol": "TLS", "port": 443, "hostname": "again.ends.test", "tls": ends_here("ends")},
                {"name": "passes", "protocol": "TLS", "port": 443, "hostname": "*.passes.test",
                 "tls": {"mode": "Passthrough"}},
                {"name": "alone", "protocol": "TLS", "port": 8443, "tls": {"mode": "Passthrough"}}]),
            service("web", [cls.backend.port]), l4_service("secure", cls.secure.port), l4_service("plain", cls.plain.port),
            route("web", [{"matches": [prefix("/")], "backendRefs": [to("web")]}], sectionName="web"),
            l4_route("TLSRoute", "ends", "plain", hostnames=["ends.test"], sectionName="ends"),
            l4_service("wanted", cls.wanted.port), l4_service("sealed", cls.secure.port),
            *(tls_policy(name) for name in ("wanted", "sealed")),
            l4_route("TLSRoute", "wanted", "wanted", hostnames=["wanted.ends.test"], sectionName="wanted"),
            l4_route("TLSRoute", "sealed", "sealed", hostnames=["sealed.passes.test"]),
            l4_service("again", cls.told.port), l4_route("TLSRoute", "again", "again", hostnames=["again.ends.test"], sectionName="again"),
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca", "namespace": "default"}, "data": {"ca.crt": cls.own[0]}},
            tls_policy("again", hostname="b.passes.test", caCertificateRefs=[{"group": "", "kind": "ConfigMap", "name": "ca"}]),
            l4_route("TLSRoute", "passes", "secure", hostnames=["a.passes.test", "b.passes.test"]),
            l4_route("TLSRoute", "broken", "missing", hostnames=["broken.passes.test"]),
            l4_route("TLSRoute", "shared", ("ends-too", 7), ("secure", 3), hostnames=["shared.passes.test"]),
            l4_service("ends-too", cls.secure_too.port),
            l4_route("TLSRoute", "half", ("secure", 1), ("missing", 1), hostnames=["half.passes.test"]),
            l4_route("TLSRoute", "nothing", ("secure", 0), hostnames=["nothing.passes.test"]))

    def trust(self, pair):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=pair[0])
        return context

    def connect(self, port, name, pair):
        return self.trust(pair).wrap_socket(dial(self.pintle.port(port)), server_hostname=name)

    def test_passthrough_is_end_to_end(self):
        for port in (443, 8443):
            with self.connect(port, "a.passes.test", self.own) as connection:
                self.assertEqual(read_line(connection), "secure")
                connection.sendall(b"hello\n")
                self.assertEqual(read_line(connection), "hello")

    def test_weights_hold_for_each_connection(self):
        names = []
        for _ in range(300):
            with self.connect(443, "shared.passes.test", self.own) as connection:
                names.append(read_line(connection))
        self.assertEqual(set(names), {"too", "secure"})
        self.assertAlmostEqual(names.count("too") / len(names), 0.7, delta=0.1)

    def test_a_broken_share_is_closed(self):
        """Half of them here, and all where the weights add up to nothing."""
        served = 0
        for _ in range(200):
            with dial(self.pintle.port(443)) as connection, contextlib.suppress(ConnectionResetError):
                connection.sendall(hello("half.passes.test"))
                served += connection.recv(1) == b"\x16"
        self.assertAlmostEqual(served / 200, 0.5, delta=0.15)
        self.assertTrue(is_closed(self.pintle.port(443), hello("nothing.passes.test")))

    def test_terminated_tls_reaches_the_backend_in_plain(self):
        with self.connect(443, "ends.test", self.ends) as connection:
            self.assertEqual(read_line(connection), "plain")
            connection.sendall(bytes(100000) + b"\n")
            self.assertEqual(connection.recv(1), b"\0")

    def test_what_came_in_secret_does_not_go_on_in_the_open(self):
        """The backend is not what its BackendTLSPolicy wants. TLS that passes through is not ours, and no policy's."""
        context = self.trust(self.ends)
        context.check_hostname = False
        with context.wrap_socket(dial(self.pintle.port(443)), server_hostname="wanted.ends.test") as connection:
            with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
                connection.sendall(b"secret")
                self.assertEqual(connection.recv(1), b"")
        self.assertTrue(all(first[:1] in (b"\x16", b"") for first in self.wanted_bytes), "nothing but a ClientHello")
        own = self.trust(self.own)
        own.check_hostname = False
        with own.wrap_socket(dial(self.pintle.port(443)), server_hostname="sealed.passes.test") as connection:
            self.assertEqual(read_line(connection), "secure")

    def test_terminated_tls_goes_on_over_the_tls_of_its_policy(self):
        """With the server name of the policy, and with no protocol named: what is spoken is not known."""
        context = self.trust(self.ends)
        context.check_hostname = False
        payload = bytes(range(256)) * 2000
        with context.wrap_socket(dial(self.pintle.port(443)), server_hostname="again.ends.test") as connection:
            self.assertEqual(read_line(connection), "told")
            connection.sendall(payload)
            got = b""
            while len(got) < len(payload):
                got += connection.recv(1 << 16)
        self.assertEqual(got, payload)
        self.assertEqual(self.seen, [("b.passes.test", None)])

    def test_https_on_the_same_port(self):
        with Client(self.pintle.port(443), tls=self.trust(self.web), server_name="web.test") as client:
            self.assertEqual(client.get("web.test").body, b"web")

    def test_unknown_names_are_closed_without_a_byte(self):
        for port, name in ((443, "nobody.test"), (443, "passes.test"), (443, "c.passes.test"), (8443, "c.passes.test"),
                           (443, "broken.passes.test")):
            self.assertTrue(is_closed(self.pintle.port(port), hello(name)), (port, name))

    def test_what_is_no_client_hello_is_closed(self):
        for first in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x00", b"\x15\x03\x01\x00\x02\x02\x28"):
            self.assertTrue(is_closed(self.pintle.port(443), first), first)

    def test_a_hello_in_pieces_reaches_the_same_backend(self):
        whole = hello("a.passes.test")
        for first in (whole, in_records(whole, 7), in_records(whole, 1)):
            for cuts in ([1], [5], [6], [len(first) // 2], [len(first) - 1], range(1, len(first), max(1, len(first) // 9))):
                with self.subTest(cuts=list(cuts)), dial(self.pintle.port(443)) as connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    last = 0
                    for cut in [*cuts, len(first)]:
                        connection.sendall(first[last:cut])
                        last = cut
                        time.sleep(0.002)
                    answer = connection.recv(3)
                    self.assertEqual(answer[:1], b"\x16", "a ServerHello")

    def test_explain_follows_the_server_name(self):
        self.assertIn("mode Passthrough", explain(self, "tls://a.passes.test"))
        self.assertIn("mode Terminate", explain(self, "tls://ends.test"))
        self.assertIn("ask with https://", explain(self, "tls://web.test", code=4))
        self.assertIn("ask with tls://", explain(self, "https://ends.test/", code=4))
        self.assertIn("no listener of this port has the server name 'nobody.test'",
                      explain(self, "tls://nobody.test", code=4))

    def test_the_name_is_logged(self):
        self.assertTrue(is_closed(self.pintle.port(443), hello("nobody.test")))
        line = wait_until(lambda: [l for l in self.pintle.access_log() if l.get("tls.server_name") == "nobody.test"],
                          what="the line")[0]
        self.assertEqual(line["reason"], "no_listener")


class Conflicts(World):
    PORTS = (80, 8443, 9000)

    @classmethod
    def write(cls):
        scratch = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.backend = Backend("b")
        cls.stack.callback(cls.backend.close)
        server = cls.server(name_first("tcp"))
        cls.folder.write("all", secret("cert", *certificate(scratch, "any", ["any.test"])), service("b", [cls.backend.port]),
                         l4_service("l4", server.port),
                         gateway(listeners=[
                             {"name": "alone", "protocol": "HTTP", "port": 80},
                             {"name": "https", "protocol": "HTTPS", "port": 8443,
                              "tls": {"mode": "Terminate", "certificateRefs": [{"name": "cert"}]}},
                             {"name": "tls", "protocol": "TLS", "port": 8443, "tls": {"mode": "Passthrough"}},
                             {"name": "tcp", "protocol": "TCP", "port": 9000},
                             {"name": "http", "protocol": "HTTP", "port": 9000}]),
                         route("web", [{"matches": [prefix("/")], "backendRefs": [to("b")]}]),
                         l4_route("TCPRoute", "tcp", "l4"), l4_route("TLSRoute", "tls", "l4", hostnames=["any.test"]))

    def test_none_of_them_is_served(self):
        """Listeners that are not distinct: of neither pair does one win. The distinct one serves."""
        with Client(self.pintle.port(80)) as client:
            self.assertEqual(client.get("any.test").body, b"b")
        for port in (8443, 9000):
            with self.assertRaises(ConnectionRefusedError, msg=port):
                dial(self.pintle.port(port)).close()
        status = self.pintle.admin("/status")[1]
        for reason in ("HostnameConflict", "ProtocolConflict", "ListenersNotValid"):
            self.assertIn(reason, status)


class Udp(World):
    PORTS = (5300, 5301, 5302, 5303, 5304)
    ARGUMENTS = ("--threads", "3")

    @classmethod
    def udp_server(cls, name):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        seen = []
        def run():
            while True:
                try:
                    data, peer = sock.recvfrom(65536)
                    if data == b"stop":
                        return
                    seen.append(peer)
                    sock.sendto(name.encode() + b" " + data, peer)
                except OSError:
                    return
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        def close():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"stop", sock.getsockname())
            thread.join()
            sock.close()
        cls.stack.callback(close)
        return sock.getsockname()[1], seen

    @classmethod
    def write(cls):
        (one, cls.seen_one), (two, cls.seen_two) = cls.udp_server("one"), cls.udp_server("two")
        cls.folder.write("gateway", gateway(
            listeners=[{"name": f"p{port}", "protocol": "UDP", "port": port} for port in cls.PORTS]))
        udp = lambda name, *ports: l4_service(name, *ports, protocol="UDP")
        cls.folder.write("services", udp("one", one), udp("two", two), udp("empty"))
        cls.folder.write("routes", l4_route("UDPRoute", "one", "one", sectionName="p5300"),
                         l4_route("UDPRoute", "both", ("one", 70), ("two", 30), sectionName="p5301"),
                         l4_route("UDPRoute", "broken", ("one", 50), ("missing", 50), sectionName="p5302"),
                         l4_route("UDPRoute", "changes", "one", sectionName="p5303"),
                         l4_route("UDPRoute", "nobody", "empty", sectionName="p5304"))

    def client(self, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect(("127.0.0.1", self.pintle.port(port)))
        sock.settimeout(5 * SLOW)
        self.addCleanup(sock.close)
        return sock

    def ask(self, port, patience=None):
        with self.client(port) as sock:
            if patience:
                sock.settimeout(patience)
            sock.send(b"x")
            try:
                return sock.recv(100).split()[0].decode()
            except TimeoutError:
                return ""

    def test_answers_come_back(self):
        with self.client(5300) as sock:
            for size in (0, 1, 1400, 9000, 60000):
                sock.send(bytes(size))
                self.assertEqual(sock.recv(65536), b"one " + bytes(size), size)

    def test_a_flow_stays_with_its_socket(self):
        before = len(self.seen_one)
        with self.client(5300) as sock:
            for _ in range(50):
                sock.send(b"x")
                sock.recv(100)
        self.assertEqual(len(set(self.seen_one[before:])), 1)

    def test_weights_hold_for_each_flow(self):
        names = [self.ask(5301) for _ in range(300)]
        self.assertEqual(set(names), {"one", "two"})
        self.assertAlmostEqual(names.count("one") / len(names), 0.7, delta=0.1)
        with self.client(5301) as sock:
            answers = set()
            for _ in range(30):
                sock.send(b"x")
                answers.add(sock.recv(100))
        self.assertEqual(len(answers), 1)

    def test_a_broken_share_is_dropped(self):
        names = [self.ask(5302, patience=0.25 * SLOW) for _ in range(40)]
        self.assertEqual(set(names), {"one", ""})

    def test_without_an_endpoint_nothing_comes_back(self):
        before = len(self.seen_one), len(self.seen_two)
        self.assertEqual([self.ask(5304, patience=0.25 * SLOW) for _ in range(3)], [""] * 3)
        self.assertEqual((len(self.seen_one), len(self.seen_two)), before)

    def test_a_flow_follows_its_route(self):
        with self.client(5303) as sock:
            sock.send(b"x")
            self.assertEqual(sock.recv(100), b"one x")
            self.pintle.edit(lambda: self.folder.write("services-more", l4_service("more", 9, protocol="UDP")))
            sock.send(b"y")
            self.assertEqual(sock.recv(100), b"one y")
            self.folder.write("routes-5303", l4_route("UDPRoute", "before", "two", sectionName="p5303",
                                                      created="2026-01-01T00:00:00Z"))
            def follows():
                sock.send(b"z")
                return sock.recv(100) == b"two z"
            wait_until(follows, what="the flow to follow the older route")
            self.folder.remove("routes-5303")


if __name__ == "__main__":
    unittest.main()
