#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

cp -r "$here" "$scratch/live" # a copy, since it is edited below
here=$scratch/live
cd "$scratch"
backends default/blue:80 default/green:80
serve

request -c jar "http://app.localhost:$http/" # a new client keeps the cookie it is given
request -b jar "http://app.localhost:$http/"

printf '\nall weight goes to green\n'
sed -i 's/weight: 1 # blue/weight: 0/; s/weight: 0 # green/weight: 1/' live/routes.yaml
apply_changes
# Until all that serve know of it.
until [ "$(curl -s "http://app.localhost:$http/[1-20]" | grep -c ^green)" -eq 20 ]; do sleep 0.05; done

request "http://app.localhost:$http/" # a new client
request -b jar "http://app.localhost:$http/" # and the one that has a session
