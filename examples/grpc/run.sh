#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

python3 "$here/server.py" "$backend_address" default/orders:80 default/orders-next:80 >"$scratch/grpc" &
started+=($!)
wait_for_line "$scratch/grpc" 2
mapfile -t backend_list <"$scratch/grpc"
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
