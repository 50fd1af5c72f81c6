#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends default/v1:80 default/v2:80 default/writes:80
serve

request "http://api.localhost:$http/orders/7"
request -H 'X-Version: 2' "http://api.localhost:$http/orders/7"
request "http://api.localhost:$http/orders/7?beta=true"
request "http://api.localhost:$http/orders/7?beta=trueish" # a regular expression matches the whole value
request -X POST -d '' "http://api.localhost:$http/orders/7"
request -X POST -d '' "http://api.localhost:$http/orders/new"

printf '\nWhy not v2?\n$ pintle explain %s\n' "'http://api.localhost:$http/orders/7?beta=no'"
explain "http://api.localhost:$http/orders/7?beta=no" | sed -n '/^rules/,/^  >/p'
