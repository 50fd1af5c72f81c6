"""A backend that speaks TLS itself: tls_backend.py ADDRESS CERTIFICATE KEY NAME WORDS. It prints its port."""
import http.server
import ssl
import sys

address, certificate, key, name, words = sys.argv[1:]


class Backend(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{name} speaks {self.connection.version()} {words}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer((address, 0), Backend)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
