#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

self_signed vault one.vault.localhost
self_signed edge mail.localhost web.localhost
tls_secret edge

# A backend with a certificate of its own.
tls_backend vault itself default/vault:8443

backends default/mail:80 default/web:80
serve

cd "$scratch"
printf 'TLS passes through: the certificate is that of the backend.\n'
request --cacert vault.crt "https://one.vault.localhost:$https/"

printf '\nTLS ends at the gateway: the backend gets what is inside, HTTP or anything else.\n'
request --cacert edge.crt "https://mail.localhost:$https/"

printf '\nHTTPS beside them, on the same port.\n'
request --cacert edge.crt "https://web.localhost:$https/"

printf '\nA name that no route has is closed without a byte:\n'
request --insecure "https://two.vault.localhost:$https/" 2>/dev/null || echo 'curl: no connection'
