#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends team-a/shop:80 team-b/blog:80
own_ca shop team-a shop.localhost
serve

cd "$scratch"
request "http://shop.localhost:$http/"
request --cacert own-ca.crt "https://shop.localhost:$https/cart"
request "http://blog.localhost:$http/"
request "http://c.localhost:$http/"

statuses
