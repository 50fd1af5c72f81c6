#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends default/app:80
serve

request "http://app.localhost:$http/slow" # a second, and nobody minds
request -H 'X-Limit: request' "http://app.localhost:$http/slow"
request -H 'X-Limit: backend' "http://app.localhost:$http/slow"
request -H 'X-Limit: request' "http://app.localhost:$http/quick"
