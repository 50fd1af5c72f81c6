#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends default/app:80 default/auth:80
serve

request "http://app.localhost:$http/open"
request "http://app.localhost:$http/private/page"
status_of -H 'X-User: forged' "http://app.localhost:$http/private/page"
request -H 'Authorization: Bearer ann' -H 'X-User: forged' "http://app.localhost:$http/private/page"
