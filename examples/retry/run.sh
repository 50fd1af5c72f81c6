#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

backends default/app:80
serve

request "http://app.localhost:$http/flaky" # fails
request "http://app.localhost:$http/flaky" # does not
request "http://app.localhost:$http/flaky/with-retry"
