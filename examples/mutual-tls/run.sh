#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

# authority NAME: NAME.crt and NAME.key in the scratch folder, and a ConfigMap of that name.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
    -keyout "$scratch/$1.key" -out "$scratch/$1.crt" 2>/dev/null
  {
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  namespace: default\ndata:\n  ca.crt: |\n' "$1"
    sed 's/^/    /' "$scratch/$1.crt"
  } >"$scratch/made/$1.yaml"
}

# certificate NAME AUTHORITY HOST: NAME.crt and NAME.key, signed.
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$scratch/$1.key" \
    -out "$scratch/$1.csr" 2>/dev/null
  openssl x509 -req -in "$scratch/$1.csr" -CA "$scratch/$2.crt" -CAkey "$scratch/$2.key" -CAcreateserial -days 30 \
    -extfile <(printf 'subjectAltName=DNS:%s\n' "$3") -out "$scratch/$1.crt" 2>/dev/null
}

authority client-ca
authority backend-ca
certificate app backend-ca app.localhost
certificate alice client-ca alice
certificate vault backend-ca vault.internal
certificate gateway backend-ca gateway.internal
tls_secret app
tls_secret gateway
CLIENT_CA=$scratch/backend-ca.crt tls_backend vault 'with {client}' default/vault:443 default/stranger:443
serve

cd "$scratch"
request --cacert backend-ca.crt --cert alice.crt --key alice.key "https://app.localhost:$https/vault"

printf '\nA client that shows no certificate is not let in:\n'
request --cacert backend-ca.crt "https://app.localhost:$https/vault" 2>/dev/null || echo 'curl: no answer'

printf '\nA backend that is not whom the policy names gets no request:\n'
request --cacert backend-ca.crt --cert alice.crt --key alice.key "https://app.localhost:$https/stranger"
