#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends default/app:80 default/next:80
serve

request -d 'two of them' "http://app.localhost:$http/shop/cart"
request "http://app.localhost:$http/seen" # what the mirror got
