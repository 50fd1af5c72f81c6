# Sourced by common.sh for `run.sh --cluster`: the manifests go to the cluster that kubectl talks to, where Pintle is installed
# with the GatewayClass `pintle` and the CRDs of the experimental channel. The backends run on this machine as ever, and an
# EndpointSlice leads to each. Nothing that is in the cluster already is touched: if something has the name of an object of the
# example, nothing is begun. What was made is deleted at the end. kubectl, besides what common.sh takes.
# Environment: BACKEND_ADDRESS (an address of this machine that pods reach), and kubectl's own, KUBECONFIG above all.
backend_address=${BACKEND_ADDRESS:?an address of this machine that the pods of the cluster reach}
offset=0 http=80 https=443
namespaces=() # made here
applied=()    # folders
label=pintle.dev/example
example=$(basename -- "$here")

delete_all() {
  local folder
  for folder in "${applied[@]}"; do
    kubectl delete --filename "$folder" --ignore-not-found --timeout=60s >/dev/null
  done
  kubectl delete endpointslices,services --all-namespaces --selector "$label=$example" >/dev/null
  [ ${#namespaces[@]} -eq 0 ] || kubectl delete namespace "${namespaces[@]}" --ignore-not-found --timeout=60s >/dev/null
  stop
}
trap delete_all EXIT

apply_folder() {
  compgen -G "$1/*.yaml" >/dev/null || return 0
  applied+=("$1") # also when only half of it succeeds
  kubectl apply --server-side --filename "$1" >/dev/null
}

# All of the manifests but `default`.
namespaces_needed() {
  cat "$here"/*.yaml | sed -n 's/^  namespace: //p; /^kind: Namespace/,/^  name:/s/^  name: //p' | grep -vx default | sort -u
}

# What has the name of an object or a namespace of the example before it begins: it is somebody else's.
found_before() {
  local folder backend ns service
  set -e # $( ) does not inherit it
  for ns in $(namespaces_needed); do kubectl get namespace "$ns" --ignore-not-found --output name; done
  for folder in "$here" "$scratch/made"; do
    compgen -G "$folder/*.yaml" >/dev/null || continue
    kubectl get --filename "$folder" --ignore-not-found --output name
  done
  for backend in "${backend_list[@]}"; do
    IFS=/: read -r ns service _ <<<"$backend"
    kubectl --namespace "$ns" get service "$service" --ignore-not-found --output name
  done
}

make_namespaces() {
  local ns
  for ns in $(namespaces_needed); do
    kubectl create namespace "$ns" >/dev/null
    namespaces+=("$ns")
  done
}

# lead_to NAMESPACE/SERVICE:PORT=ADDRESS:NUMBER: an EndpointSlice; the Service too, where the manifests have none.
lead_to() {
  local ns service port number protocol
  IFS=/:= read -r ns service port _ number <<<"$1"
  kubectl --namespace "$ns" get service "$service" >/dev/null 2>&1 || kubectl apply --server-side --filename - >/dev/null <<SERVICE
apiVersion: v1
kind: Service
metadata: {name: $service, namespace: $ns, labels: {$label: $example}}
spec: {ports: [{port: $port}]}
SERVICE
  protocol=$(kubectl --namespace "$ns" get service "$service" --output "jsonpath={.spec.ports[?(@.port==$port)].protocol}")
  kubectl apply --server-side --filename - >/dev/null <<SLICE
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: $service-$port-example
  namespace: $ns
  labels: {$label: $example, kubernetes.io/service-name: $service, endpointslice.kubernetes.io/managed-by: example}
addressType: IPv4
endpoints: [{addresses: [$backend_address], conditions: {ready: true}}]
ports: [{name: "", port: $number, protocol: $protocol}]
SLICE
}

# The address of the first Gateway, once all that the folder holds is judged and every Gateway is programmed.
settled_address() {
  kubectl get --filename "$here" --output json | python3 -c '
import json, sys
found = json.load(sys.stdin)
items = found.get("items", [found])
address = None
for item in items:
    kind, status = item["kind"], item.get("status", {})
    if kind == "Gateway":
        conditions = {c["type"]: c for c in status.get("conditions", [])}
        programmed = conditions.get("Programmed", {})
        if (programmed.get("status"), programmed.get("observedGeneration")) != ("True", item["metadata"]["generation"]):
            sys.exit()
        address = address or status["addresses"][0]["value"]
    elif kind.endswith("Route"):
        if item["spec"].keys() & {"parentRefs", "useDefaultGateways"} and not status.get("parents"):
            sys.exit()
    elif kind == "ListenerSet" and not status.get("conditions") or kind.endswith("Policy") and not status.get("ancestors"):
        sys.exit()
print(address)'
}

serve() {
  local backend tries others
  others=$(found_before | sort -u)
  [ -z "$others" ] || { printf 'the cluster has objects of these names already, delete or rename them:\n%s\n' "$others" >&2; exit 1; }
  make_namespaces
  apply_folder "$scratch/made"
  apply_folder "$here"
  for backend in "${backend_list[@]}"; do lead_to "$backend"; done
  for ((tries = 0; tries < 300; tries++)); do
    gateway=$(settled_address)
    [ -z "$gateway" ] || break
    sleep 0.2
  done
  [ -n "$gateway" ] || { echo 'the Gateway was not programmed within a minute' >&2; kubectl get --filename "$here" --output wide >&2; exit 1; }
  # No status tells of the endpoints, which came last, nor of the node's rules for the address.
  for ((tries = 0; tries < 50; tries++)); do
    (: <"/dev/tcp/$gateway/80" || : <"/dev/tcp/$gateway/443") 2>/dev/null && break
    sleep 0.2
  done
  sleep 1
  reach=(--connect-to "::$gateway:")
}

apply_changes() { kubectl apply --server-side --filename "$here" >/dev/null; }

# `pintle serve` has a CA of its own; here it is a certificate that signs itself.
own_ca() {
  self_signed "$1" "$3"
  tls_secret "$1" "$2"
  cp "$scratch/$1.crt" "$scratch/own-ca.crt"
}

# By the manifests alone, which say nothing of endpoints (exit code 4: no backend would answer).
explain() { "$pintle" explain "$@" --config "$here" || [ $? -eq 4 ]; }

# kubectl shows them.
statuses() { :; }
