"""TLS towards backends (BackendTLSPolicy) and client certificates (Gateway tls.frontend), with CAs of one name."""
import contextlib
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from h2_peers import H2Backend, H2Client
from harness import (Backend, Client, Folder, Pintle, Stream, answer, fetch, gateway, prefix, route, secret, service, to,
                     wait_until)


class Authority:
    """A CA. All have the same name and serial number, so that only their keys tell them apart."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key",
                 "-out", f"{name}.crt", "-days", "30", "-subj", "/CN=one name", "-set_serial", "2024")
        self.pem = (folder / f"{name}.crt").read_text()

    def run(self, *command):
        subprocess.run(["openssl", *command], cwd=self.folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def issue(self, name, *alternatives):
        """(certificate PEM, key PEM), both also as files called `name`."""
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={','.join(alternatives)}\n" if alternatives else "")
        self.run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key",
                 "-out", f"{name}.csr", "-subj", f"/CN={name}")
        self.run("x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.crt", "-CAkey", f"{self.name}.key", "-out",
                 f"{name}.crt", "-days", "30", "-set_serial", "7", "-extfile", f"{name}.ext")
        return (self.folder / f"{name}.crt").read_text(), (self.folder / f"{name}.key").read_text()


def server_context(folder, certificate, *protocols):
    """With the files of a certificate; ALPN knows the protocols, if any are given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{certificate}.crt", folder / f"{certificate}.key")
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


class TlsBackend(Backend):
    """Tells for each request the server name it was asked for and the certificate it was shown."""

    def __init__(self, folder, certificate, authority=None):
        self.context = server_context(folder, certificate, "http/1.1")
        if authority:
            self.context.verify_mode = ssl.CERT_OPTIONAL
            self.context.load_verify_locations(cadata=authority.pem)
        self.names = threading.local()
        self.context.sni_callback = lambda sock, name, context: setattr(self.names, "sni", name)
        super().__init__(certificate, script=self.secure)

    def secure(self, stream, sock):
        with self.context.wrap_socket(sock, server_side=True) as secured:
            peer = secured.getpeercert() or {}
            shown = dict(x[0] for x in peer.get("subject", ())).get("commonName", "-")
            inner = Stream(secured)
            while True:
                request = inner.read_request()
                with self.lock:
                    self.requests.append(request)
                body = f"{self.names.sni} {shown}".encode() if request.target != "/big" else b"x" * 1_000_000
                secured.sendall(answer(request.body or body))


def config_map(name, pem):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {"ca.crt": pem}}


def policy(name, target, hostname, ca="ca", section=None, created=None, **validation):
    ref = {"group": "", "kind": "Service", "name": target, **({"sectionName": section} if section else {})}
    made = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "BackendTLSPolicy",
            "metadata": {"name": name, "namespace": "default", **({"creationTimestamp": created} if created else {})},
            "spec": {"targetRefs": [ref], "validation": {"hostname": hostname, **validation}}}
    if ca:
        made["spec"]["validation"]["caCertificateRefs"] = [{"group": "", "kind": "ConfigMap", "name": ca}]
    return made


class WithAuthorities(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = pathlib.Path(tempfile.mkdtemp(prefix="pintle-ca-"))
        cls.addClassCleanup(shutil.rmtree, cls.files)
        cls.ours, cls.other = Authority(cls.files, "ours"), Authority(cls.files, "other")

    def serve(self, *documents, arguments=(), **more):
        folder = self.enterContext(Folder())
        folder.write("all", *documents)
        return self.enterContext(Pintle(folder, *arguments, **more))

    def backend(self, certificate, authority=None):
        backend = TlsBackend(self.files, certificate, authority)
        self.addCleanup(backend.close)
        return backend


class BackendTls(WithAuthorities):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours.issue("good", "DNS:abc.example.com", "DNS:other.example.com", "URI:spiffe://abc.example.com/id")

    def route_to(self, *names):
        return route("r", [{"matches": [prefix(f"/{name}")], "backendRefs": [to(name)]} for name in names])

    def test_hostname_authority_and_names(self):
        backend = self.backend("good")
        cases = {
            "good": (policy("good", "good", "abc.example.com"), 200),
            "hostname": (policy("hostname", "hostname", "wrong.example.com"), 502),
            "authority": (policy("authority", "authority", "abc.example.com", ca="other"), 502),
            "both": (policy("both", "both", "abc.example.com", ca="both"), 200),
            "dns": (policy("dns", "dns", "sni.example.com", subjectAltNames=[{"type": "Hostname", "hostname": "no.example.com"},
                                                                             {"type": "Hostname", "hostname": "other.example.com"}]), 200),
            "uri": (policy("uri", "uri", "sni.example.com", subjectAltNames=[{"type": "URI", "uri": "spiffe://abc.example.com/id"}]), 200),
            "dns-no": (policy("dns-no", "dns-no", "abc.example.com", subjectAltNames=[{"type": "Hostname", "hostname": "no.example.com"}]), 502),
            "uri-no": (policy("uri-no", "uri-no", "abc.example.com", subjectAltNames=[{"type": "URI", "uri": "spiffe://abc.example.com/"}]), 502),
            "missing": (policy("missing", "missing", "abc.example.com", ca="nowhere"), 502),
            "system": (policy("system", "system", "abc.example.com", ca=None, wellKnownCACertificates="System"), 502),
        }
        pintle = self.serve(gateway(), self.route_to(*cases), *(service(name, [backend.port]) for name in cases),
                            *(case[0] for case in cases.values()), config_map("ca", self.ours.pem),
                            config_map("other", self.other.pem), config_map("both", self.other.pem + self.ours.pem))
        for name, (made, expected) in cases.items():
            with self.subTest(name):
                response = fetch(pintle.port(), "client.test", f"/{name}")
                self.assertEqual(response.status, expected, response.body)
                if expected == 200:
                    self.assertEqual(response.body.decode().split()[0], made["spec"]["validation"]["hostname"])

    def test_the_subject_is_no_name(self):
        self.ours.issue("uri.example.com", "URI:spiffe://other.example.com/id")
        self.ours.issue("none.example.com")
        names = ("uri.example.com", "none.example.com")
        pintle = self.serve(gateway(), self.route_to("uri", "none", "listed"), config_map("ca", self.ours.pem),
                            *(service(name.split(".")[0], [self.backend(name).port]) for name in names),
                            service("listed", [self.backend("uri.example.com").port]),
                            *(policy(name.split(".")[0], name.split(".")[0], name) for name in names),
                            policy("listed", "listed", "sni.example.com",
                                   subjectAltNames=[{"type": "Hostname", "hostname": "uri.example.com"}]))
        for path in ("/uri", "/none", "/listed"):
            self.assertEqual(fetch(pintle.port(), "x.test", path).status, 502, path)

    def test_large_bodies_and_reuse(self):
        backend = self.backend("good")
        pintle = self.serve(gateway(), self.route_to("b"), service("b", [backend.port]), policy("p", "b", "abc.example.com"),
                            config_map("ca", self.ours.pem))
        with Client(pintle.port()) as client:
            for size in (0, 10, 1_000_000):
                body = b"b" * size
                client.send(f"POST /b HTTP/1.1\r\nHost: x.test\r\nContent-Length: {size}\r\n\r\n")
                client.send(body)
                self.assertEqual(client.response().body[:10], (body or b"abc.example.com -")[:10])
            for _ in range(20):
                self.assertEqual(len(client.get("x.test", "/b").body), len("abc.example.com -"))
        self.assertLessEqual(backend.connections, 2)

    def test_edits_never_use_old_connections(self):
        backend = self.backend("good")
        pintle = self.serve(gateway(), self.route_to("b"), service("b", [backend.port]))
        folder = pintle.folder
        folder.write("ca", config_map("ca", self.ours.pem))
        pintle.edit(lambda: folder.write("policy", policy("p", "b", "abc.example.com")))
        self.assertEqual(fetch(pintle.port(), "x.test", "/b").body, b"abc.example.com -")
        pintle.edit(lambda: folder.write("policy", policy("p", "b", "other.example.com")))
        self.assertEqual(fetch(pintle.port(), "x.test", "/b").body, b"other.example.com -")
        pintle.edit(lambda: folder.write("ca", config_map("ca", self.other.pem)))
        self.assertEqual(fetch(pintle.port(), "x.test", "/b").status, 502)
        pintle.edit(lambda: folder.write("ca", config_map("ca", "")))
        self.assertEqual(fetch(pintle.port(), "x.test", "/b").status, 502)
        self.assertIn("NoValidCACertificate", pintle.admin("/status")[1])
        pintle.edit(lambda: folder.write("ca", config_map("ca", self.ours.pem)))
        self.assertEqual(fetch(pintle.port(), "x.test", "/b").status, 200)

    def test_backend_without_tls(self):
        plain = Backend("plain", script=lambda stream, sock: sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
        self.addCleanup(plain.close)
        pintle = self.serve(gateway(), self.route_to("b"), service("b", [plain.port]), policy("p", "b", "abc.example.com"),
                            config_map("ca", self.ours.pem))
        self.assertEqual(fetch(pintle.port(), "x.test", "/b").status, 502)

    def test_a_mirror_gets_tls_too(self):
        backend, plain = self.backend("good"), Backend("plain")
        self.addCleanup(plain.close)
        mirrored = {"matches": [prefix("/")], "backendRefs": [to("plain")],
                    "filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": to(name)}} for name in ("good", "wrong")]}
        pintle = self.serve(gateway(), route("r", [mirrored]), service("plain", [plain.port]),
                            *(service(name, [backend.port]) for name in ("good", "wrong")), policy("good", "good", "abc.example.com"),
                            policy("wrong", "wrong", "no.example.com"), config_map("ca", self.ours.pem))
        for at in range(3):
            self.assertEqual(fetch(pintle.port(), "x.test", f"/{at}").body, b"plain")
        wait_until(lambda: len(backend.requests) == 3, what="the copies, by the name that is right alone")
        self.assertEqual({r.target for r in backend.requests}, {"/0", "/1", "/2"})

    def test_certificate_of_the_gateway(self):
        backend = self.backend("good", authority=self.ours)
        one, two = self.ours.issue("gateway-one"), self.ours.issue("gateway-two")
        listener = {"name": "http", "protocol": "HTTP"}
        gateways = [gateway("one", [{**listener, "port": 80}], tls={"backend": {"clientCertificateRef": {"name": "one"}}}),
                    gateway("two", [{**listener, "port": 8080}], tls={"backend": {"clientCertificateRef": {"name": "two"}}}),
                    gateway("none", [{**listener, "port": 443}])]
        routes = route("r", [{"backendRefs": [to("b")]}])
        routes["spec"]["parentRefs"] = [{"name": g["metadata"]["name"]} for g in gateways]
        pintle = self.serve(*gateways, routes, secret("one", *one), secret("two", *two), service("b", [backend.port]),
                            policy("p", "b", "abc.example.com"), config_map("ca", self.ours.pem))
        for _ in range(3):
            for port, shown in ((80, b"gateway-one"), (8080, b"gateway-two"), (443, b"-")):
                self.assertEqual(fetch(pintle.port(port), "x.test").body.split()[1], shown)


    def test_a_certificate_of_the_gateway_that_changes(self):
        """Connections that were made with the old one, to one backend by HTTP/1.1 and to one by HTTP/2, are left."""
        http1, http2 = self.backend("good", authority=self.ours), H2Backend(tls=server_context(self.files, "good", "h2"))
        self.addCleanup(http2.close)
        old, new = self.ours.issue("gateway-old"), self.ours.issue("gateway-new")
        pintle = self.serve(gateway(tls={"backend": {"clientCertificateRef": {"name": "own"}}}), self.route_to("one", "two"),
                            service("one", [http1.port]), service("two", [http2.port], app_protocol="kubernetes.io/h2c"),
                            policy("one", "one", "abc.example.com"), policy("two", "two", "abc.example.com"),
                            config_map("ca", self.ours.pem), arguments=("--threads", "1"))
        pintle.edit(lambda: pintle.folder.write("own", secret("own", *old)))
        for shown in (b"gateway-old", b"gateway-new"):
            for _ in range(3):
                self.assertEqual(fetch(pintle.port(), "x.test", "/one").body.split()[1], shown)
                self.assertEqual(fetch(pintle.port(), "x.test", "/two").status, 200)
            if shown == b"gateway-old":
                self.assertEqual(http2.connections, 1)
                pintle.edit(lambda: pintle.folder.write("own", secret("own", *new)))
        self.assertEqual(http2.connections, 2)

    def test_the_next_policy_when_the_first_goes(self):
        """Of several policies of one target the oldest counts; each that goes leaves the target to the next, the last to nobody."""
        pintle = self.serve(gateway(), self.route_to("b"), service("b", [self.backend("good").port]), config_map("ca", self.ours.pem))
        names = ("abc.example.com", "other.example.com", "wrong.example.com")

        def write(since):
            pintle.folder.write("policies", *(policy(f"p{at}", "b", name, created=f"2024-01-0{at + 1}T00:00:00Z")
                                              for at, name in enumerate(names) if at >= since))
        for gone, expected in enumerate((b"abc.example.com -", b"other.example.com -")):
            pintle.edit(lambda gone=gone: write(gone))
            self.assertEqual(fetch(pintle.port(), "x.test", "/b").body, expected)
            self.assertEqual(pintle.admin("/status")[1].count('"reason": "Conflicted"'), 2 - gone)
        for gone, failure in ((2, b"upstream_tls"), (3, b"upstream_reset")):  # a name that is wrong; then plain HTTP to TLS
            pintle.edit(lambda gone=gone: write(gone))
            self.assertTrue(fetch(pintle.port(), "x.test", "/b").body.startswith(failure))


class EitherBackend(H2Backend):
    """Speaks HTTP/1.1 too, upgrades among it, where ALPN does not choose the other. `sockets`: of its connections."""

    def __init__(self, **more):
        self.sockets = []
        super().__init__(**more)

    def secure(self, sock):
        with contextlib.suppress(OSError, EOFError):
            secured = self.tls.wrap_socket(sock, server_side=True)
            self.protocols.append(secured.selected_alpn_protocol())
            self.sockets.append(secured)
            if self.protocols[-1] == "h2":
                return self.serve(secured)
            stream = Stream(secured)
            while True:
                request = stream.read_request()
                if request.get("upgrade"):
                    secured.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nopen")
                    return secured.close()
                secured.sendall(answer("1.1"))


class BackendHttp2(WithAuthorities):
    """HTTP/2 by TLS: declared, or chosen by ALPN where nothing is (docs/decisions/0011)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours.issue("good", "DNS:abc.example.com")

    def http2(self, *protocols, kind=H2Backend):
        backend = kind(tls=server_context(self.files, "good", *protocols))
        self.addCleanup(backend.close)
        return backend

    def serve_one(self, backend, app_protocol=None):
        return self.serve(gateway(), route("r", [{"backendRefs": [to("b")]}]), policy("p", "b", "abc.example.com"),
                          service("b", [backend.port], app_protocol), config_map("ca", self.ours.pem), arguments=("--threads", "1"))

    def test_declared_by_the_service_or_the_route(self):
        service_says, route_says = self.http2("h2", "http/1.1"), self.http2("h2", "http/1.1")
        calls = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute", "metadata": {"name": "calls", "namespace": "default"},
                 "spec": {"parentRefs": [{"name": "gw"}],
                          "rules": [{"matches": [{"method": {"service": "a.B"}}], "backendRefs": [to("route")]}]}}
        pintle = self.serve(gateway(), route("r", [{"matches": [prefix("/service")], "backendRefs": [to("service")]}]), calls,
                            service("service", [service_says.port], app_protocol="kubernetes.io/h2c"), service("route", [route_says.port]),
                            policy("p", "service", "abc.example.com"), policy("q", "route", "abc.example.com"), config_map("ca", self.ours.pem))
        self.assertEqual(fetch(pintle.port(), "x.test", "/service").get("x-protocol"), "HTTP/2")
        with H2Client(pintle.port()) as client:
            call = [("content-type", "application/grpc"), ("te", "trailers")]
            streams = [client.request("x.test", "/a.B/C", "POST", call, end=False) for _ in range(20)]
            for stream in streams:
                client.send(stream, b"m" * 100_000, end=True)
            for stream in streams:
                answered = client.until(stream)
                self.assertEqual((answered.status, len(answered.body), answered.trailers.get("grpc-status")), (200, 100_000, "0"))
            plain = [client.request("x.test", f"/service/{at}") for at in range(20)]
            self.assertEqual({client.until(stream).status for stream in plain}, {200})
        self.assertEqual((set(service_says.protocols), set(route_says.protocols)), ({"h2"}, {"h2"}))
        self.assertLessEqual(route_says.connections, 1)
        self.assertEqual(service_says.requests[-1][":scheme"], "https")

    def test_declared_to_a_backend_without_alpn(self):
        """What is declared is what it speaks."""
        backend = self.http2()
        pintle = self.serve_one(backend, "kubernetes.io/h2c")
        self.assertEqual(fetch(pintle.port(), "x.test").get("x-protocol"), "HTTP/2")
        self.assertEqual(backend.protocols, [None])

    def test_declared_and_not_true(self):
        self.assertEqual(fetch(self.serve_one(self.backend("good"), "kubernetes.io/h2c").port(), "x.test").status, 502)

    def test_chosen(self):
        """HTTP/2 where the backend chooses it, and then one connection carries all; HTTP/1.1 where it does not, or says nothing."""
        backend = self.http2("h2", "http/1.1")
        pintle = self.serve_one(backend)
        self.assertEqual(fetch(pintle.port(), "x.test").get("x-protocol"), "HTTP/2")
        with H2Client(pintle.port()) as client:
            streams = [client.request("x.test", f"/{at}", "POST", end=False) for at in range(50)]
            for stream in streams:
                client.send(stream, b"b" * 10_000, end=True)
            self.assertEqual({(client.until(stream).status, len(client.answers[stream].body)) for stream in streams}, {(200, 10_000)})
        self.assertEqual((backend.connections, backend.protocols), (1, ["h2"]))
        self.assertEqual(backend.requests[-1][":scheme"], "https")
        for protocols in (("http/1.1",), ()):
            with self.subTest(protocols):
                backend = self.http2(*protocols, kind=EitherBackend)
                self.assertEqual(fetch(self.serve_one(backend).port(), "x.test").body, b"1.1")
        with self.subTest("what is declared as http stays that"):
            backend = self.http2("h2", "http/1.1", kind=EitherBackend)
            self.assertEqual(fetch(self.serve_one(backend, "http").port(), "x.test").body, b"1.1")

    def test_chosen_by_many_at_once(self):
        """None knows yet what will be chosen: each has a connection of its own at most, and later ones share."""
        backend = self.http2("h2", "http/1.1")
        pintle = self.serve_one(backend)
        with H2Client(pintle.port()) as client:
            for _ in range(3):
                streams = [client.request("x.test", f"/{at}") for at in range(40)]
                self.assertEqual({client.until(stream).status for stream in streams}, {200})
            self.assertLessEqual(backend.connections, 40)

    def test_an_upgrade_has_a_connection_of_its_own(self):
        backend = self.http2("h2", "http/1.1", kind=EitherBackend)
        pintle = self.serve_one(backend)
        self.assertEqual(fetch(pintle.port(), "x.test").get("x-protocol"), "HTTP/2")
        with Client(pintle.port()) as client:
            client.send("GET / HTTP/1.1\r\nHost: x.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a2V5a2V5a2V5a2V5a2V5aw==\r\n\r\n")
            self.assertEqual(client.response().status, 101)
            self.assertEqual(client.exactly(4), b"open")
        self.assertEqual(fetch(pintle.port(), "x.test").get("x-protocol"), "HTTP/2")
        self.assertEqual(backend.protocols, ["h2", "http/1.1"])
        lines = wait_until(lambda: len(pintle.access_log()) == 3 and pintle.access_log(), what="the lines")
        self.assertEqual([line["upstream.protocol.version"] for line in lines], ["2", "1.1", "2"])

    def test_another_choice_later(self):
        """Of a backend that is replaced at its address: no request is lost, in either direction."""
        backend = self.http2("h2", "http/1.1", kind=EitherBackend)
        pintle = self.serve_one(backend)
        for protocols, body in ((("h2",), b""), (("http/1.1",), b"1.1"), (("h2",), b""), (("http/1.1",), b"1.1")):
            backend.tls.set_alpn_protocols(protocols)
            for sock in backend.sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            for _ in range(5):
                response = fetch(pintle.port(), "x.test")
                self.assertEqual((response.status, response.body), (200, body))
        self.assertEqual(set(backend.protocols), {"h2", "http/1.1"})


class FrontendValidation(WithAuthorities):
    def shake(self, port, certificate=None):
        """The answer's status, or None where the handshake or what follows fails."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if certificate:
            context.load_cert_chain(self.files / f"{certificate}.crt", self.files / f"{certificate}.key")
        try:
            with Client(port, tls=context, server_name="x.test") as client:
                return client.get("x.test").status
        except (ssl.SSLError, ConnectionError, OSError):
            return None

    def test_default_per_port_and_fallback(self):
        server = self.ours.issue("server", "DNS:x.test")
        self.ours.issue("client")
        self.other.issue("stranger")
        backend = Backend("b")
        self.addCleanup(backend.close)

        def validate(name, **more):
            return {"validation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": name}], **more}}
        https = [{"name": f"p{port}", "protocol": "HTTPS", "port": port, "tls": {"certificateRefs": [{"name": "server"}]}}
                 for port in (443, 8443, 7443, 6443)]
        frontend = {"default": validate("ours"),
                    "perPort": [{"port": 8443, "tls": validate("other")}, {"port": 7443, "tls": validate("ours", mode="AllowInsecureFallback")},
                                {"port": 6443, "tls": validate("nowhere")}]}
        pintle = self.serve(gateway(listeners=[{"name": "http", "protocol": "HTTP", "port": 80}, *https], tls={"frontend": frontend}),
                            route("r", [{"backendRefs": [to("b")]}]), service("b", [backend.port]), secret("server", *server),
                            config_map("ours", self.ours.pem), config_map("other", self.other.pem),
                            ports=(80, 443, 8443, 7443, 6443))
        self.assertEqual(fetch(pintle.port(80), "x.test").status, 200)
        for port, good, bad in ((443, "client", "stranger"), (8443, "stranger", "client")):
            self.assertEqual(self.shake(pintle.port(port), good), 200, port)
            self.assertIsNone(self.shake(pintle.port(port), bad), port)
            self.assertIsNone(self.shake(pintle.port(port)), port)
        for shown in ("client", "stranger", None):
            self.assertEqual(self.shake(pintle.port(7443), shown), 200, shown)
        self.assertIsNone(self.shake(pintle.port(6443), "client"))
        status = pintle.admin("/status")[1]
        self.assertIn("InsecureFrontendValidationMode", status)
        self.assertIn("NoValidCACertificate", status)
        # A CA that is taken away takes effect at once, for resumed sessions too.
        manifests = (pintle.folder.path / "all.yaml").read_text()
        ours, other = (json.dumps(authority.pem)[1:-1] for authority in (self.ours, self.other))
        pintle.edit(lambda: pintle.folder.write_text("all.yaml", manifests.replace(ours, other)))
        self.assertIsNone(self.shake(pintle.port(443), "client"))
        self.assertEqual(self.shake(pintle.port(443), "stranger"), 200)


if __name__ == "__main__":
    unittest.main()
