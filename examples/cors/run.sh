#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

# What the browser asks before a PUT; of the answer what is about access.
preflight() {
  shown -X OPTIONS "$@"
  curl -sS --max-time 20 -D - -o /dev/null -X OPTIONS "$@" | tr -d '\r' | sed -n -e '1p' -e '/^Access-Control/p'
}

backends default/app:80
serve

preflight -H 'Origin: https://shop.example' -H 'Access-Control-Request-Method: PUT' "http://app.localhost:$http/api"
preflight -H 'Origin: https://eu.partner.example' -H 'Access-Control-Request-Method: PUT' "http://app.localhost:$http/api"
preflight -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: PUT' "http://app.localhost:$http/api"
request -H 'Origin: https://shop.example' "http://app.localhost:$http/api"
