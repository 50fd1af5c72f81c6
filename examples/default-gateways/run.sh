#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends default/app:80 default/other:80
serve

request "http://app.localhost:$http/"
request "http://other.localhost:$http/"

statuses
