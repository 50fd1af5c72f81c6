#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends default/careless:80 default/careful:80
serve

# asked SERVICE: how often it is asked when 100 requests for what is down come by one connection.
asked() {
  curl -sS -o /dev/null "http://$1.localhost:$http/down#[1-100]"
  curl -sS "http://$1.localhost:$http/tries"
}

printf 'Of 100 requests to a backend that is down, it sees '
asked careless
printf 'With a budget of 20 %%, '
tries=$(asked careful)
# The one try a second that is always allowed makes it a little more on a slow machine.
if [ "$tries" -ge 120 ] && [ "$tries" -le 135 ]; then echo 'about 125.'; else echo "$tries."; fi

printf '\n$ pintle explain http://careful.localhost:%s/\n' "$http"
explain "http://careful.localhost:$http/" | sed -n '/its retries/s/^ *//p'
