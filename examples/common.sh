# Sourced by the run.sh of each example: echo backends and `pintle serve` on loopback, ended together. bash, curl, python3.
# `run.sh --cluster` sends the same requests through a cluster instead: see cluster.sh.
# Environment: PINTLE (the program), PORT_OFFSET (added to 80 and 443; default 8000), ADMIN (default 127.0.0.1:9801).
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
pintle=${PINTLE:-$root/build/release/pintle}
offset=${PORT_OFFSET:-8000}
admin=${ADMIN:-127.0.0.1:9801}
http=$((80 + offset)) https=$((443 + offset))
gateway=127.0.0.1         # where the listeners are
backend_address=127.0.0.1 # where the backends are
scratch=$(mktemp -d)
started=()
backend_list=() # NAMESPACE/SERVICE:PORT=ADDRESS:NUMBER
serve_flags=()
reach=() # flags with which curl finds the Gateway
mkdir "$scratch/made" # manifests that are not in the folder

stop() {
  for id in "${started[@]}"; do
    kill "$id" 2>/dev/null || true
    wait "$id" 2>/dev/null || true
  done
  rm -rf -- "$scratch"
}
trap stop EXIT

# wait_for_line FILE [COUNT]: until what was started last has written so many lines.
wait_for_line() {
  until [ "$(wc -l <"$1")" -ge "${2:-1}" ]; do
    kill -0 "${started[-1]}" || exit 1
    sleep 0.05
  done
}

# start_backends PROGRAM NAMESPACE/SERVICE:PORT...: PROGRAM gets the address before these, and prints a line of backend_list
# for each.
start_backends() {
  local program=$1 lines
  shift
  : >"$scratch/backends"
  python3 "$program" "$backend_address" "$@" >"$scratch/backends" &
  started+=($!)
  wait_for_line "$scratch/backends" $#
  mapfile -t lines <"$scratch/backends"
  backend_list+=("${lines[@]}")
}

# backends NAMESPACE/SERVICE:PORT...: that tell what reached them.
backends() { start_backends "$root/examples/echo.py" "$@"; }

# tls_backend NAME WORDS BACKEND..: a backend that speaks TLS itself, with NAME.crt and NAME.key of the scratch folder, and
# answers "NAME speaks TLSv1.3 WORDS". CLIENT_CA=FILE before it: it wants certificates of that CA, and {client} in WORDS is whose.
tls_backend() {
  local name=$1 words=$2 backend
  shift 2
  : >"$scratch/$name.port"
  python3 "$root/examples/tls_backend.py" "$backend_address" "$scratch/$name.crt" "$scratch/$name.key" "$name" "$words" \
    >"$scratch/$name.port" 2>/dev/null &
  started+=($!)
  wait_for_line "$scratch/$name.port"
  for backend; do backend_list+=("$backend=$backend_address:$(cat "$scratch/$name.port")"); done
}

# self_signed NAME HOST...: NAME.crt and NAME.key in the scratch folder.
self_signed() {
  local name=$1 names
  shift
  names=$(printf ',DNS:%s' "$@")
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$name of the example" \
    -addext "subjectAltName=${names#,}" -keyout "$scratch/$name.key" -out "$scratch/$name.crt" 2>/dev/null
}

# tls_secret NAME [NAMESPACE]: the Secret NAME-tls with NAME.crt and NAME.key of the scratch folder.
tls_secret() {
  cat >"$scratch/made/$1-tls.yaml" <<SECRET
apiVersion: v1
kind: Secret
metadata:
  name: $1-tls
  namespace: ${2:-default}
type: kubernetes.io/tls
data:
  tls.crt: $(base64 -w0 "$scratch/$1.crt")
  tls.key: $(base64 -w0 "$scratch/$1.key")
SECRET
}

# own_ca NAME NAMESPACE HOST: the listener whose Secret NAME-tls does not exist gets a certificate of Pintle's own CA, which is
# own-ca.crt in the scratch folder.
own_ca() {
  serve_flags+=(--tls internal)
  ln -s state/ca.crt "$scratch/own-ca.crt"
}

# serve: serves the manifests of the example until the script ends; returns when they are in force.
serve() {
  local backend
  for backend in "${backend_list[@]}"; do serve_flags+=(--backend "$backend"); done
  "$pintle" serve --config "$here" --config "$scratch/made" --port-offset "$offset" --admin "$admin" \
    --state-dir "$scratch/state" --access-log off "${serve_flags[@]}" 2>"$scratch/log" &
  started+=($!)
  until command curl -fso /dev/null "http://$admin/readyz"; do
    kill -0 "${started[-1]}" 2>/dev/null || { cat "$scratch/log" >&2; exit 1; }
    sleep 0.05
  done
}

# apply_changes: after an edit in the folder $here. `pintle serve` sees it itself.
apply_changes() { :; }

# statuses: of the Gateways and routes.
statuses() {
  printf '\n$ pintle status\n'
  "$pintle" status --admin "$admin"
}

# explain URL: why a request would go where it goes.
explain() { "$pintle" explain "$@" --admin "$admin"; }

curl() { command curl "${reach[@]}" "$@"; }

# shown ARGUMENTS...: the command as one would type it.
shown() {
  local word
  printf '\n$ curl'
  for word; do
    case $word in *[!A-Za-z0-9_.:/=%@,+-]* | '') printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
  done
  printf '\n'
}

# request CURL-ARGUMENTS...: prints the command and the answer.
request() {
  shown "$@"
  curl -sS --max-time 20 "$@"
}

# status_of CURL-ARGUMENTS...: the same, but of the answer only the status and Location.
status_of() {
  shown "$@"
  curl -sS --max-time 20 -o /dev/null -w '%{http_code} %header{location}\n' "$@" | sed 's/ $//'
}

case ${1:-} in
  '') ;;
  --cluster) . "$root/examples/cluster.sh" ;;
  *) echo "usage: $0 [--cluster]" >&2; exit 2 ;;
esac
