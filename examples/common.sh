# Sourced by the run.sh of each example: echo backends and `pintle serve` on loopback, ended together. bash, curl, python3.
# Environment: PINTLE (the program), PORT_OFFSET (added to 80 and 443; default 8000), ADMIN (default 127.0.0.1:9801).
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
pintle=${PINTLE:-$root/build/release/pintle}
offset=${PORT_OFFSET:-8000}
admin=${ADMIN:-127.0.0.1:9801}
http=$((80 + offset)) https=$((443 + offset))
scratch=$(mktemp -d)
started=()

stop() {
  for id in "${started[@]}"; do
    kill "$id" 2>/dev/null || true
    wait "$id" 2>/dev/null || true
  done
  rm -rf -- "$scratch"
}
trap stop EXIT

# backends NAMESPACE/SERVICE:PORT...: starts them; the flags for serve are in backend_flags.
backends() {
  local line
  : >"$scratch/backends"
  python3 "$root/examples/echo.py" "$@" >"$scratch/backends" &
  started+=($!)
  until [ "$(wc -l <"$scratch/backends")" -eq $# ]; do
    kill -0 "${started[-1]}" || exit 1
    sleep 0.05
  done
  backend_flags=()
  while read -r line; do backend_flags+=(--backend "$line"); done <"$scratch/backends"
}

# tls_backend NAME WORDS: a backend that speaks TLS itself, with NAME.crt and NAME.key of the scratch folder, and answers
# "NAME speaks TLSv1.3 WORDS"; its address is in tls_address.
tls_backend() {
  python3 "$root/examples/tls_backend.py" "$scratch/$1.crt" "$scratch/$1.key" "$1" "$2" >"$scratch/$1.port" 2>/dev/null &
  started+=($!)
  until [ -s "$scratch/$1.port" ]; do
    kill -0 "${started[-1]}" || exit 1
    sleep 0.05
  done
  tls_address=127.0.0.1:$(cat "$scratch/$1.port")
}

# self_signed NAME HOST...: NAME.crt and NAME.key in the scratch folder.
self_signed() {
  local name=$1 names
  shift
  names=$(printf ',DNS:%s' "$@")
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$name of the example" \
    -addext "subjectAltName=${names#,}" -keyout "$scratch/$name.key" -out "$scratch/$name.crt" 2>/dev/null
}

# tls_secret NAME FOLDER: a manifest in the folder, the Secret NAME-tls with NAME.crt and NAME.key of the scratch folder.
tls_secret() {
  cat >"$2/$1-tls.yaml" <<SECRET
apiVersion: v1
kind: Secret
metadata:
  name: $1-tls
  namespace: default
type: kubernetes.io/tls
data:
  tls.crt: $(base64 -w0 "$scratch/$1.crt")
  tls.key: $(base64 -w0 "$scratch/$1.key")
SECRET
}

# serve [flags]: serves the manifests of the example until the script ends; returns when they are in force.
serve() {
  "$pintle" serve --config "$here" --port-offset "$offset" --admin "$admin" --state-dir "$scratch/state" \
    --access-log off "${backend_flags[@]}" "$@" 2>"$scratch/log" &
  started+=($!)
  until curl -fso /dev/null "http://$admin/readyz"; do
    kill -0 "${started[-1]}" 2>/dev/null || { cat "$scratch/log" >&2; exit 1; }
    sleep 0.05
  done
}

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
