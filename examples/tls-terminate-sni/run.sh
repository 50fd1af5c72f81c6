#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

# A certificate for shop.localhost, as a Secret.
self_signed shop shop.localhost
tls_secret shop
own_ca wiki default wiki.localhost

backends default/shop:80 default/wiki:80
serve

cd "$scratch"
request --cacert shop.crt "https://shop.localhost:$https/"
request --cacert own-ca.crt "https://wiki.localhost:$https/"

printf '\nThe certificate for the name wiki.localhost is not one for shop.localhost:\n'
request --cacert own-ca.crt "https://shop.localhost:$https/" 2>/dev/null || echo 'curl: not trusted'

printf '\nA name that no listener has ends the handshake:\n'
request --insecure "https://else.localhost:$https/" 2>/dev/null || echo 'curl: no connection'

printf '\nA request for a host of the other listener is sent back, for the handshake chose this one:\n'
request --cacert shop.crt -H 'Host: wiki.localhost' "https://shop.localhost:$https/"
