#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends default/app-v1:80 default/app-v2:80
serve

request -H 'X-Canary: yes' "http://app.localhost:$http/"

printf '\nOf 500 requests without the header, '
tried=$(curl -sS "http://app.localhost:$http/[1-500]" | grep -c '^app-v2 ')
# Drawn by weight, so not exactly 50; outside of these bounds something is wrong.
if [ "$tried" -ge 15 ] && [ "$tried" -le 100 ]; then echo 'about 50 tried version 2.'; else echo "$tried tried version 2."; fi
