#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends default/shop:80 default/cart:80 default/wiki:80
serve

request "http://shop.localhost:$http/"
request "http://shop.localhost:$http/cart/7"
request "http://shop.localhost:$http/cart/help"
request "http://shop.localhost:$http/cartoon" # prefixes end at a slash
request "http://docs.localhost:$http/cart"
request "http://localhost:$http/" # a wildcard needs a label in its place
