#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

start_backends "$here/server.py" default/orders:80 default/orders-next:80
serve

call() {
  printf '\n$ client.py shop.localhost %s\n' "$*"
  python3 "$here/client.py" "$gateway:$http" shop.localhost "$@"
}

call shop.Orders/List 'all of them'
call shop.Orders/List 'all of them' x-canary=yes
call shop.Orders/Delete 'number 7' x-canary=yes
call shop.Users/List 'everybody' # no route
call shop.Orders/Sleep 'two seconds' 0.5 # a deadline
