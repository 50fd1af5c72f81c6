"""TLS termination: SNI, several certificates, live change, refusals."""
import pathlib
import ssl
import tempfile
import unittest

from h2_peers import H2Client
from harness import SLOW, Backend, Client, Folder, Pintle, certificate, gateway, prefix, route, secret, service, to, wait_until


def client_context(*certificates, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for pem in certificates:
        context.load_verify_locations(cadata=pem)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def https(name, hostname=None, secrets=("cert-a",), port=443):
    listener = {"name": name, "protocol": "HTTPS", "port": port,
                "tls": {"mode": "Terminate", "certificateRefs": [{"name": s} for s in secrets]}}
    if hostname:
        listener["hostname"] = hostname
    return listener


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        make = lambda name, *hosts: certificate(cls.scratch.name, name, hosts)
        cls.a, cls.wild, cls.extra = make("a", "a.test"), make("wild", "*.wild.test"), make("extra", "extra.wild.test")
        cls.backend = Backend("one")
        cls.folder = Folder()
        cls.folder.write("secrets", secret("cert-a", *cls.a), secret("cert-wild", *cls.wild), secret("cert-extra", *cls.extra))
        cls.folder.write("all", gateway(listeners=[https("a", "a.test"), https("wild", "*.wild.test", ("cert-wild", "cert-extra"))]),
                         service("one", [cls.backend.port]), route("r", [{"backendRefs": [to("one")]}]))
        cls.pintle = Pintle(cls.folder).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.pintle.__exit__(None, None, None)
        cls.backend.close()
        cls.folder.close()
        cls.scratch.cleanup()

    def connect(self, name, *trusted, version=None):
        return Client(self.pintle.port(443), tls=client_context(*trusted, version=version), server_name=name)

    def test_both_versions(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.connect("a.test", self.a[0], version=version) as client:
                self.assertEqual(client.get("a.test").body, b"one")
        self.assertEqual(self.backend.requests[-1].get("x-forwarded-proto"), "https")

    def test_certificate_is_chosen_by_sni(self):
        for name, pair in (("a.test", self.a), ("x.wild.test", self.wild), ("extra.wild.test", self.extra)):
            with self.connect(name, pair[0]) as client:
                self.assertEqual(client.get(name).status, 200, name)

    def test_unknown_sni_is_refused_without_a_certificate(self):
        with self.assertRaisesRegex(ssl.SSLError, "UNRECOGNIZED_NAME"):
            self.connect("unknown.test", self.a[0])

    def test_old_versions_are_refused(self):
        context = client_context(self.a[0])
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            Client(self.pintle.port(443), tls=context, server_name="a.test")

    def test_host_of_another_listener_is_misdirected(self):
        with self.connect("a.test", self.a[0]) as client:
            self.assertEqual(client.get("x.wild.test").status, 421)
            self.assertEqual(client.get("nobody.test").status, 404)
            self.assertEqual(client.get("a.test").status, 200)

    def test_every_server_name_with_every_host(self):
        """The listener that SNI chose answers its hosts; another's are 421, nobody's are 404 (req 30)."""
        owners = {"a.test": "a", "A.Test.": "a", "a.test:8443": "a", "x.wild.test": "wild", "extra.wild.test": "wild",
                  "y.x.wild.test": "wild", "wild.test": None, "nobody.test": None, "b.a.test": None}
        for name, listener, pair in (("a.test", "a", self.a), ("x.wild.test", "wild", self.wild),
                                     ("extra.wild.test", "wild", self.extra)):
            with self.connect(name, pair[0]) as client:
                for host, owner in owners.items():
                    wanted = 404 if owner is None else 200 if owner == listener else 421
                    self.assertEqual(client.get(host).status, wanted, (name, host))
                    self.assertEqual(client.get(host, method="HEAD").status, wanted, (name, host))

    def test_plain_http_on_the_tls_port_is_closed(self):
        with Client(self.pintle.port(443)) as client:
            client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            client.to_end()
        self.assertEqual([r for r in self.backend.requests if r.get("x-forwarded-proto") == "http"], [])

    def test_close_notify_ends_the_connection_as_fin_does(self):
        with self.connect("a.test", self.a[0]) as client:
            raw = client.sock
            client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            self.assertEqual(client.response().body, b"one")
            raw.settimeout(5 * SLOW)
            raw.unwrap()  # waits for the gateway's own close_notify, long before an idle time is over

    def test_alpn_without_overlap_is_refused(self):
        context = client_context(self.a[0])
        context.set_alpn_protocols(["spdy/1"])
        with self.assertRaises(ssl.SSLError):
            Client(self.pintle.port(443), tls=context, server_name="a.test")

    def test_session_resumption_stays_on_its_listener(self):
        context = client_context(self.a[0], self.wild[0], version=ssl.TLSVersion.TLSv1_2)

        def session(name, reuse=None):
            import socket
            raw = socket.create_connection(("127.0.0.1", self.pintle.port(443)))
            with context.wrap_socket(raw, server_hostname=name, session=reuse) as tls:
                return tls.session, tls.session_reused

        first, _ = session("a.test")
        self.assertTrue(session("a.test", first)[1])
        self.assertFalse(session("x.wild.test", first)[1])


class Rotation(unittest.TestCase):
    def test_changed_secret_serves_new_handshakes_and_a_bad_one_keeps_the_old(self):
        with tempfile.TemporaryDirectory() as scratch, Backend("one") as backend:
            old, new = certificate(scratch, "old", ["a.test"]), certificate(scratch, "new", ["a.test"])
            folder = Folder()
            self.addCleanup(folder.close)
            folder.write("secret", secret("cert-a", *old))
            folder.write("all", gateway(listeners=[https("a", "a.test")]), service("one", [backend.port]),
                         route("r", [{"backendRefs": [to("one")]}]))
            with Pintle(folder) as pintle:
                def served():
                    with Client(pintle.port(443), tls=client_context(old[0], new[0]), server_name="a.test") as client:
                        return ssl.DER_cert_to_PEM_cert(client.sock.getpeercert(binary_form=True)).strip()

                self.assertEqual(served(), old[0].strip())
                with Client(pintle.port(443), tls=client_context(old[0]), server_name="a.test") as standing:
                    self.assertEqual(standing.get("a.test").status, 200)
                    folder.write("secret", secret("cert-a", *new))
                    wait_until(lambda: served() == new[0].strip(), 2, "the new certificate")
                    self.assertEqual(standing.get("a.test").status, 200, "an open connection lives on")
                folder.write_text("secret.yaml", "this: [is not\n  a secret")
                wait_until(lambda: "secret.yaml" in pintle.log_text(), 5, "the finding")
                self.assertEqual(served(), new[0].strip())


class ListenerGone(unittest.TestCase):
    def test_its_connections_serve_nothing(self):
        """The port stays, for another listener. Each request is sent elsewhere (421), whatever its host, until the listener is back."""
        with tempfile.TemporaryDirectory() as scratch, Backend("one") as backend:
            pair = certificate(scratch, "c", ["a.test", "b.test"])
            folder = self.enterContext(Folder())
            folder.write("all", secret("cert-a", *pair), service("one", [backend.port]), route("r", [{"backendRefs": [to("one")]}]))
            both, rest = [https("a", "a.test"), https("b", "b.test")], [https("b", "b.test")]
            folder.write("gateway", gateway(listeners=both))
            pintle = self.enterContext(Pintle(folder, "--threads", "1"))
            with Client(pintle.port(443), tls=client_context(pair[0]), server_name="a.test") as http1, \
                    H2Client(pintle.port(443), tls=client_context(pair[0]), server_name="a.test") as http2:
                for listeners, status in ((None, 200), (rest, 421), (both, 200)):
                    if listeners:
                        pintle.edit(lambda listeners=listeners: folder.write("gateway", gateway(listeners=listeners)))
                    self.assertEqual((http1.get("a.test").status, http2.get("a.test", scheme="https").status), (status, status))
                    self.assertEqual(http1.get("b.test").status, 421)


class InternalCa(unittest.TestCase):
    def test_https_without_a_secret_by_the_own_ca(self):
        with tempfile.TemporaryDirectory() as state, Backend("one") as backend:
            folder = Folder()
            self.addCleanup(folder.close)
            folder.write("all", gateway(listeners=[https("a", "a.localhost", ("absent",))]), service("one", [backend.port]),
                         route("r", [{"backendRefs": [to("one")]}]))
            authority = pathlib.Path(state) / "pintle" / "ca.crt"
            made = []
            for _ in range(2):  # made once, kept
                with Pintle(folder, "--tls", "internal", env={"XDG_STATE_HOME": state}) as pintle:
                    made.append(authority.read_text())
                    with Client(pintle.port(443), tls=client_context(made[0]), server_name="a.localhost") as client:
                        self.assertEqual(client.get("a.localhost").body, b"one")
            self.assertEqual(made[0], made[1])
            keys = [p for p in authority.parent.iterdir() if "key" in p.name]
            self.assertTrue(keys and all(p.stat().st_mode & 0o077 == 0 for p in keys))


if __name__ == "__main__":
    unittest.main()
