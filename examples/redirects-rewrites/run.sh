#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends default/app:80 default/legacy:80
serve

status_of "http://old.localhost:$http/cart?id=7"
status_of "http://old.localhost:$http/blog/2024?page=2"
request -H 'X-Debug: 1' "http://new.localhost:$http/api/v1/users?id=7"

printf '\n$ curl -i http://new.localhost:%s/api/v1 | grep ^X-\n' "$http"
curl -sSi "http://new.localhost:$http/api/v1" | tr -d '\r' | grep '^X-'

printf '\nWhat the two backends of a rule are asked for:\n'
curl -sS "http://new.localhost:$http/search?q=x#[1-40]" | sort -u
