#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends team-a/shop:80 team-b/blog:80
serve --tls internal # the Secret shop-tls does not exist: a certificate of the own CA stands in

cd "$scratch"
ln -s state/ca.crt own-ca.crt
request "http://shop.localhost:$http/"
request --cacert own-ca.crt "https://shop.localhost:$https/cart"
request "http://blog.localhost:$http/"
request "http://c.localhost:$http/"

printf '\n$ pintle status\n'
"$pintle" status --admin "$admin"
