#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

cp -r "$here" "$scratch/live" # a copy, since it is edited below
here=$scratch/live
start_backends "$here/server.py" default/blue:80 default/green:80
serve

url=ws://chat.localhost:$http/
coproc first { python3 "$here/client.py" "$url" "$gateway"; }
say() { # to the first connection
  local answer
  echo "$*" >&"${first[1]}"
  read -r -t 20 answer <&"${first[0]}"
  echo "$answer"
}

say hello
echo 'the route is changed'
sed -i 's/name: blue.*/name: green/' "$here/routes.yaml"
apply_changes
# Until all that serve know of it.
until [ "$(for _ in 1 2 3 4 5 6; do echo x | python3 "$here/client.py" "$url" "$gateway"; done | grep -c ^green)" -eq 6 ]; do sleep 0.05; done
printf 'a new connection: '
echo hello | python3 "$here/client.py" "$url" "$gateway"
printf 'the first one: '
say 'still there?'
