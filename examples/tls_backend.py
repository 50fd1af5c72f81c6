"""A backend that speaks TLS itself: tls_backend.py ADDRESS CERTIFICATE KEY NAME WORDS. It prints its port. With CLIENT_CA in the
environment, a file, it takes nobody without a certificate of that CA, and {client} in WORDS is the name in it."""
import http.server
import os
import ssl
import sys

address, certificate, key, name, words = sys.argv[1:]


class Backend(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        shown = dict(part[0] for part in (self.connection.getpeercert() or {}).get("subject", ()))
        body = f"{name} speaks {self.connection.version()} {words.format(client=shown.get('commonName'))}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer((address, 0), Backend)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
if "CLIENT_CA" in os.environ:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(os.environ["CLIENT_CA"])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
