#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends team-a/app:80 shared/search:80 shared/admin:80
serve

request "http://app.localhost:$http/"
request "http://app.localhost:$http/search?q=x"
request "http://app.localhost:$http/admin" # no grant
request "http://uninvited.localhost:$http/"

statuses
