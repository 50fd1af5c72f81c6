#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

# make_certificate NAME HOST...: NAME.crt and NAME.key in the scratch folder.
make_certificate() {
  local name=$1 names
  shift
  names=$(printf ',DNS:%s' "$@")
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$name of the example" \
    -addext "subjectAltName=${names#,}" -keyout "$scratch/$name.key" -out "$scratch/$name.crt" 2>/dev/null
}
make_certificate vault one.vault.localhost
make_certificate edge mail.localhost web.localhost
mkdir "$scratch/secrets"
cat >"$scratch/secrets/edge-tls.yaml" <<SECRET
apiVersion: v1
kind: Secret
metadata:
  name: edge-tls
  namespace: default
type: kubernetes.io/tls
data:
  tls.crt: $(base64 -w0 "$scratch/edge.crt")
  tls.key: $(base64 -w0 "$scratch/edge.key")
SECRET

# A backend with a certificate of its own.
python3 -u - "$scratch/vault.crt" "$scratch/vault.key" >"$scratch/vault" 2>/dev/null <<'VAULT' &
import http.server, ssl, sys

class Vault(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"vault speaks " + self.connection.version().encode() + b" itself\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vault)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port)
server.serve_forever()
VAULT
started+=($!)
until [ -s "$scratch/vault" ]; do sleep 0.05; done

backends default/mail:80 default/web:80
backend_flags+=(--backend "default/vault:8443=127.0.0.1:$(cat "$scratch/vault")")
serve --config "$scratch/secrets"

cd "$scratch"
printf 'TLS passes through: the certificate is that of the backend.\n'
request --cacert vault.crt "https://one.vault.localhost:$https/"

printf '\nTLS ends at the gateway: the backend gets what is inside, HTTP or anything else.\n'
request --cacert edge.crt "https://mail.localhost:$https/"

printf '\nHTTPS beside them, on the same port.\n'
request --cacert edge.crt "https://web.localhost:$https/"

printf '\nA name that no route has is closed without a byte:\n'
request --insecure "https://two.vault.localhost:$https/" 2>/dev/null || echo 'curl: no connection'
