"""ExternalAuth through the real binary: servers asked by HTTP and by gRPC, and what becomes of their answers."""
import struct
import threading
import unittest

import h2.events

from h2_peers import H2Backend, H2Client
from harness import Backend, Client, Folder, Pintle, answer, fetch, free_port, gateway, prefix, route, service, to, wait_until


def auth(name, protocol="HTTP", config=None, **more):
    return {"type": "ExternalAuth", "externalAuth": {"protocol": protocol, "backendRef": to(name), protocol.lower(): config or {}, **more}}


# --- Protocol Buffers, as far as ext_authz needs them ----------------------------------------------------------------

def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([0x80 | number & 0x7F])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data, at):
    number, shift = 0, 0
    while True:
        number |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return number, at


def fields(data):
    """{field: [values]} of a message."""
    found, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        found.setdefault(tag >> 3, []).append(value)
    return found


def option(name, value, append=False):
    return field(1, field(1, name) + field(2, value)) + (field(2, field(1, 1)) if append else b"")


class GrpcServer(H2Backend):
    """Authorization/Check: `decide` gets the HttpRequest as {field: [values]} with headers as a dictionary, gives a CheckResponse."""

    def __init__(self, decide):
        self.decide, self.bodies, self.asked = decide, {}, []
        super().__init__("auth")

    def on_event(self, conn, event, pending, ended):
        if isinstance(event, h2.events.RequestReceived):
            self.requests.append(dict(event.headers))
            self.bodies[event.stream_id] = b""
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] += event.data
            conn.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            body = self.bodies.pop(event.stream_id)
            assert body[0] == 0 and struct.unpack(">I", body[1:5])[0] == len(body) - 5, body[:5]
            attributes = fields(fields(body[5:])[1][0])
            http = fields(fields(attributes[4][0])[2][0])
            headers = {}
            for entry in http.get(3, []):
                pair = fields(entry)
                headers[pair[1][0].decode()] = pair[2][0].decode()
            http["headers"] = headers
            http["source"] = fields(fields(fields(attributes[1][0])[1][0])[1][0])[2][0].decode()
            self.asked.append(http)
            message = self.decide(http)
            conn.send_headers(event.stream_id, [(":status", "200"), ("content-type", "application/grpc")])
            if message is not None:
                conn.send_data(event.stream_id, b"\0" + struct.pack(">I", len(message)) + message)
            conn.send_headers(event.stream_id, [("grpc-status", "0" if message is not None else "13")], end_stream=True)


class ExternalAuth(unittest.TestCase):
    def serve(self, rules, services, *arguments):
        folder = self.enterContext(Folder())
        folder.write("all", gateway(), *services, route("r", rules))
        return self.enterContext(Pintle(folder, "--threads", "1", *arguments))

    def backend(self, name, **more):
        return self.enterContext(Backend(name, **more))

    def grpc(self, decide):
        server = GrpcServer(decide)
        self.addCleanup(server.close)
        return server

    def test_http(self):
        app = self.backend("app", respond=lambda r: answer(r.body or b"app"))

        def decide(request):
            if request.get("authorization") == "good":
                return answer(b"never seen", headers=[("X-User", "ann"), ("Set-Cookie", "no")])
            if request.get("authorization") == "login":
                return answer(b"", "302 Found", headers=[("Location", "https://login.test/"), ("Set-Cookie", "a=b")])
            return answer(b"who are you?", "401 No", headers=[("WWW-Authenticate", "Basic"), ("Content-Type", "text/x-auth")])
        server = self.backend("auth", respond=decide)
        pintle = self.serve([{"filters": [auth("auth", config={"path": "/ask", "allowedHeaders": ["X-Tell"],
                                                               "allowedResponseHeaders": ["x-user"]})],
                              "backendRefs": [to("app")]}], [service("app", [app.port]), service("auth", [server.port])])
        with Client(pintle.port()) as client:
            for _ in range(3):
                response = client.get("a.test", "/x?y=1", headers=[("Authorization", "bad"), ("X-Tell", "1"), ("X-Other", "2")])
                self.assertEqual((response.status, response.body, response.get("www-authenticate"), response.get("content-type")),
                                 (401, b"who are you?", "Basic", "text/x-auth"))
            response = client.get("a.test", "/x", headers=[("Authorization", "login")])
            self.assertEqual((response.status, response.get("location"), response.get("set-cookie")), (302, "https://login.test/", "a=b"))
            response = client.get("a.test", "/x", headers=[("Authorization", "good"), ("X-User", "forged")])
            self.assertEqual((response.status, response.body), (200, b"app"))
        self.assertEqual(len(app.requests), 1)
        self.assertEqual((app.requests[0].all("x-user"), app.requests[0].all("set-cookie")), (["ann"], []))
        asked = server.requests[0]
        self.assertEqual((asked.method, asked.target, asked.get("host"), asked.get("x-tell"), asked.get("x-other"), asked.get("content-length"),
                          asked.get("x-forwarded-for")), ("GET", "/ask/x?y=1", "a.test", "1", None, "0", "127.0.0.1"))
        self.assertEqual(server.connections, 1, "its connection is used again")
        log = wait_until(lambda: [line for line in pintle.access_log() if line["reason"] == "ext_auth"], what="the record")
        self.assertIn("default/auth:80 answered 401", log[0]["reason_detail"])

    def test_bodies(self):
        app = self.backend("app", respond=lambda r: answer(r.body))
        server = self.backend("auth", respond=lambda r: answer(b"") if b"bad" not in r.body else answer(b"bad", "403 No"))
        pintle = self.serve([{"filters": [auth("auth", forwardBody={"maxSize": 50_000})], "backendRefs": [to("app")]}],
                            [service("app", [app.port]), service("auth", [server.port])])
        with Client(pintle.port()) as client:
            for size in (0, 1, 10_000, 50_000):
                body = b"x" * size
                client.send(f"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {size}\r\n\r\n")
                client.send(body)
                self.assertEqual(client.response().body, body)
                client.send(b"POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" +
                            (b"%x\r\n%s\r\n" % (size, body) if size else b"") + b"0\r\n\r\n")
                self.assertEqual(client.response().body, body)
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nbad")
            self.assertEqual(client.response().status, 403)
        self.assertEqual(sorted({len(r.body) for r in server.requests}), [0, 1, 3, 10_000, 50_000])
        with Client(pintle.port()) as client:
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 50001\r\n\r\n")
            self.assertEqual(client.response().status, 413)
        with H2Client(pintle.port()) as client:
            stream = client.request("a.test", method="POST", end=False)
            client.send(stream, b"h" * 40_000, end=True)
            self.assertEqual(client.until(stream).body, b"h" * 40_000)

    def test_closed_when_it_fails(self):
        app = self.backend("app")
        hang = self.backend("hang", script=lambda stream, sock: threading.Event().wait(30))
        rude = self.backend("rude", script=lambda stream, sock: sock.close())
        garbage = self.backend("garbage", script=lambda stream, sock: sock.sendall(b"what?\r\n\r\n"))
        broken = self.backend("broken", respond=lambda r: answer(b"inside", "503 No"))
        empty = self.backend("empty", respond=lambda r: b"HTTP/1.1 204 No Content\r\n\r\n")
        names = {"dead": [free_port()], "none": [], "hang": [hang.port], "rude": [rude.port], "garbage": [garbage.port],
                 "broken": [broken.port], "empty": [empty.port]}
        pintle = self.serve([{"matches": [prefix(f"/{protocol}/{name}")], "filters": [auth(name, protocol)], "backendRefs": [to("app")]}
                             for name in names for protocol in ("HTTP", "GRPC")],
                            [service("app", [app.port]), *(service(n, p) for n, p in names.items())])
        for name in names:
            for protocol in ("HTTP", "GRPC"):
                response = fetch(pintle.port(), "a.test", f"/{protocol}/{name}")
                self.assertEqual((response.status, b"ext_auth" in response.body, b"inside" in response.body), (403, True, False), name)
        self.assertEqual(app.requests, [])

    def test_a_reference_that_does_not_resolve(self):
        app = self.backend("app")
        foreign = auth("x")
        foreign["externalAuth"]["backendRef"]["namespace"] = "other"
        pintle = self.serve([{"matches": [prefix("/gone")], "filters": [auth("gone")], "backendRefs": [to("app")]},
                             {"matches": [prefix("/foreign")], "filters": [foreign], "backendRefs": [to("app")]},
                             {"backendRefs": [to("app")]}], [service("app", [app.port])])
        for path in ("/gone", "/foreign"):
            self.assertEqual(fetch(pintle.port(), "a.test", path).status, 500)
        self.assertEqual(fetch(pintle.port(), "a.test", "/open").status, 200)
        self.assertIn("no ReferenceGrant in namespace other", pintle.admin("/status")[1])

    def test_grpc(self):
        app = self.backend("app", respond=lambda r: answer(r.body or b"app"))

        def decide(http):
            user = http["headers"].get("x-user", "")
            if user == "ann":
                return field(1, field(1, 0)) + field(3, field(2, option("X-User", "Ann of auth")) + field(2, option("X-Also", "1", append=True)) +
                                                     field(5, "X-Secret") + field(6, option("X-Told", "yes")))
            if user == "nobody":
                return field(1, field(1, 16)) + field(2, field(1, field(1, 401)) + field(2, option("WWW-Authenticate", "Bearer")) + field(3, "no"))
            return None if user == "broken" else field(1, field(1, 7))
        server = self.grpc(decide)
        pintle = self.serve([{"filters": [auth("auth", "GRPC", forwardBody={"maxSize": 1000})], "backendRefs": [to("app")]}],
                            [service("app", [app.port]), service("auth", [server.port])])
        with Client(pintle.port()) as client:
            response = client.get("a.test", "/x?y=1", headers=[("X-User", "ann"), ("X-Secret", "s"), ("X-Also", "0"), ("Cookie", "a=b")])
            self.assertEqual((response.status, response.body, response.get("x-told")), (200, b"app", "yes"))
            response = client.get("a.test", headers=[("X-User", "nobody")])
            self.assertEqual((response.status, response.body, response.get("www-authenticate")), (401, b"no", "Bearer"))
            self.assertEqual(client.get("a.test", headers=[("X-User", "broken")]).status, 403)
            self.assertEqual(client.get("a.test").status, 403)
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nX-User: ann\r\nContent-Length: 5\r\n\r\nhello")
            self.assertEqual(client.response().body, b"hello")
        seen = app.requests[0]
        self.assertEqual((len(app.requests), seen.all("x-user"), seen.all("x-also"), seen.all("x-secret")),
                         (2, ["Ann of auth"], ["0", "1"], []))
        first, last = server.asked[0], server.asked[-1]
        self.assertEqual([first[n][0] for n in (2, 4, 5, 6, 10)], [b"GET", b"/x?y=1", b"a.test", b"http", b"HTTP/1.1"])
        self.assertEqual((first["headers"]["cookie"], first["source"], last[11][0], last[9][0]), ("a=b", "127.0.0.1", b"hello", 5))
        self.assertEqual(server.requests[0][":path"], "/envoy.service.auth.v3.Authorization/Check")
        self.assertEqual(server.connections, 1)

    def test_grpc_clients_are_told_in_their_words(self):
        app = self.backend("app")
        server = self.backend("auth", respond=lambda r: answer(b"<html>", "401 No", headers=[("WWW-Authenticate", "Bearer")]))
        pintle = self.serve([{"filters": [auth("auth")], "backendRefs": [to("app")]}],
                            [service("app", [app.port]), service("auth", [server.port])])
        response = fetch(pintle.port(), "a.test", "/a.B/C", method="POST", headers=[("Content-Type", "application/grpc"), ("TE", "trailers")])
        self.assertEqual((response.status, response.all("content-type"), response.get("grpc-status"), response.body),
                         (200, ["application/grpc"], "16", b""))

    def test_of_a_backend_of_a_redirect_and_with_cors(self):
        app = self.backend("app")
        server = self.backend("auth", respond=lambda r: answer(b"", "200 OK" if r.get("authorization") else "403 No"))
        cors = {"type": "CORS", "cors": {"allowOrigins": ["https://page.test"]}}
        pintle = self.serve([{"matches": [prefix("/to")], "filters": [auth("auth"), {"type": "RequestRedirect", "requestRedirect": {"hostname": "b.test"}}]},
                             {"matches": [prefix("/cors")], "filters": [auth("auth"), cors], "backendRefs": [to("app")]},
                             {"backendRefs": [to("app", filters=[auth("auth")])]}],
                            [service("app", [app.port]), service("auth", [server.port])])
        good = [("Authorization", "x")]
        for path, status in (("/to", 302), ("/", 200)):
            self.assertEqual(fetch(pintle.port(), "a.test", path).status, 403)
            self.assertEqual(fetch(pintle.port(), "a.test", path, headers=good).status, status)
        origin = ("Origin", "https://page.test")
        preflight = fetch(pintle.port(), "a.test", "/cors", method="OPTIONS", headers=[origin, ("Access-Control-Request-Method", "GET")])
        self.assertEqual(preflight.status, 204, "it carries no credentials, and is the gateway's to answer")
        denied = fetch(pintle.port(), "a.test", "/cors", headers=[origin])
        self.assertEqual((denied.status, denied.get("access-control-allow-origin")), (403, "https://page.test"))


if __name__ == "__main__":
    unittest.main()
